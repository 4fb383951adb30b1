//! A connection together with its application: bytes in, bytes out.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::application::{Application, MessageKind, MessageRef};
use crate::close::CloseFrame;
use crate::connection::{Connection, Handler};
use crate::entropy::Entropy;
use crate::error::{OptionError, UsageError};
use crate::event::{Closure, Event, Output};
use crate::options::Start;
use crate::outbox::Outbox;
use crate::payload::Payload;
use crate::time::{Duration, Instant};

/// One WebSocket connection and the application that serves it. See
/// `wit/endpoint.wit`, method by method.
pub struct Endpoint<A> {
    connection: Connection,
    served: Served<A>,
}

impl<A: Application> Endpoint<A> {
    /// Begins a connection at the time `now`. The entropy serves the client
    /// role only.
    pub fn start(
        now: Instant,
        start: Start,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, OptionError> {
        let connection = Connection::start(now, start, entropy)?;
        Ok(Self { connection, served: Served(A::default()) })
    }

    /// Takes the bytes of one read from the transport.
    pub fn receive(&mut self, now: Instant, bytes: Vec<u8>) -> Output {
        self.connection.receive(now, bytes);
        self.drain(now)
    }

    /// Continues with bytes already received.
    pub fn drain(&mut self, now: Instant) -> Output {
        self.connection.drain(now, &mut self.served)
    }

    /// The peer ended its sending direction.
    pub fn receive_end(&mut self, now: Instant) -> Output {
        self.connection.receive_end(now);
        self.drain(now)
    }

    /// The clock reached the deadline.
    pub fn reach_deadline(&mut self, now: Instant) -> Output {
        self.connection.reach_deadline(now);
        self.drain(now)
    }

    /// Starts the closing handshake on behalf of the host.
    pub fn close(&mut self, now: Instant, frame: &CloseFrame) -> Result<Output, UsageError> {
        self.connection.close(now, Some(frame))?;
        Ok(self.drain(now))
    }

    /// How the connection ended; `None` until it has.
    pub fn closure(&self) -> Option<&Closure> {
        self.connection.closure()
    }

    /// The newest round-trip time of a Ping, `None` before the first.
    pub fn round_trip(&self) -> Option<Duration> {
        self.connection.round_trip()
    }
}

/// Hands to an application the events that concern it.
struct Served<A>(A);

impl<A: Application> Handler for Served<A> {
    const REPORT: usize = 0;

    fn message(&mut self, kind: MessageKind, payload: &mut Payload<'_>, outbox: &mut Outbox) {
        self.0.message(MessageRef::delivered(kind, payload), outbox);
    }

    fn event(&mut self, event: Event, outbox: &mut Outbox) {
        match event {
            Event::Opened(agreed) => self.0.opened(&agreed, outbox),
            Event::Closed(closure) => self.0.closed(&closure),
            // Answered by the connection, or followed by `Closed`.
            Event::Message(_)
            | Event::Ping(_)
            | Event::Pong(_)
            | Event::CloseReceived(_)
            | Event::Failed(_) => {}
        }
    }
}
