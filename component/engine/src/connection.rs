//! A connection in either role: bytes in, events and bytes out.
//!
//! The methods come in the families that `wit/connection.wit` describes:
//! what the host hands in (`receive`, `receive_end`, `reach_deadline`), what the
//! caller sends (`send_message`, `send_ping`, `close`), and `drain`, which is due
//! after each of them and does the work.

mod ending;
mod process;
mod whole_messages;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use crate::application::{MessageKind, MessageRef};
use crate::close::{self, CloseFrame};
use crate::entropy::{Entropy, Keys};
use crate::error::{HandshakeError, OptionError, TimeoutError, UsageError};
use crate::event::{Agreed, Closure, Event, Message, Next, Output, ReadyState};
use crate::handshake::{ClientHandshake, ServerHandshake};
use crate::message::Receiver;
use crate::options::{HandedOver, Options, Start};
use crate::outbox::Outbox;
use crate::payload::Payload;
use crate::receive_buffer::ReceiveBuffer;
use crate::role::Role;
use crate::time::{Duration, Instant};
use crate::timers::Due;
use ending::PutOff;
use process::Waiting;

/// Takes what a connection reports, in order. Answers go into the outbox.
pub trait Handler {
    /// Bytes that a report takes besides its payload, until the drain is over.
    const REPORT: usize;

    /// A whole message; a text is UTF-8.
    fn message(&mut self, kind: MessageKind, payload: &mut Payload<'_>, outbox: &mut Outbox);

    /// Any event but [`Event::Message`].
    fn event(&mut self, event: Event, outbox: &mut Outbox);
}

/// Keeps all events, with payloads of their own.
impl Handler for Vec<Event> {
    const REPORT: usize = size_of::<Event>();

    fn message(&mut self, kind: MessageKind, payload: &mut Payload<'_>, _: &mut Outbox) {
        let mut payload = payload.take();
        // Many may be short, each in room for a long one.
        payload.shrink_to_fit();
        self.push(Event::Message(match kind {
            // A text is UTF-8, so nothing is replaced.
            MessageKind::Text => Message::Text(match String::from_utf8(payload) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            }),
            MessageKind::Binary => Message::Binary(payload),
        }));
    }

    fn event(&mut self, event: Event, _: &mut Outbox) {
        self.push(event);
    }
}

/// One WebSocket connection. See `wit/connection.wit`, method by method.
pub struct Connection {
    role: Role,
    options: Options,
    reader: Reader,
    outbox: Outbox,
    /// Bytes received and not yet processed.
    input: ReceiveBuffer,
    /// The peer ended its sending direction behind those bytes.
    has_ended: bool,
    /// What is processed first in the next drain.
    put_off: Option<PutOff>,
    /// Events that have happened and are not reported yet.
    events: Vec<Event>,
    /// How the connection ends, as far as known.
    closure: Closure,
    keepalive_pings: u32,
}

/// What the received bytes are parsed as.
enum Reader {
    Request(Box<ServerHandshake>),
    Response(Box<ClientHandshake>),
    Frames(Box<Receiver>),
}

impl Reader {
    fn frames(role: Role, options: &Options, agreed: &Agreed) -> Self {
        let compression = agreed.compression.as_ref();
        Self::Frames(Box::new(Receiver::new(role.peer(), &options.limits, compression)))
    }
}

impl Connection {
    /// Begins a connection at the time `now`. The entropy serves the client
    /// role only.
    pub fn start(
        now: Instant,
        start: Start,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, OptionError> {
        let keys = || Box::new(Keys::new(entropy));
        match start {
            Start::Accept(server) => {
                let options = server.options.clone();
                let reader = Reader::Request(Box::new(ServerHandshake::new(server)?));
                Ok(Self::new(now, Role::Server, &options, reader, None))
            }
            Start::Connect(client) => {
                let options = client.options.clone();
                let mut keys = keys();
                let (handshake, request) = ClientHandshake::new(client, &mut keys)?;
                let reader = Reader::Response(Box::new(handshake));
                let mut connection = Self::new(now, Role::Client, &options, reader, Some(keys));
                connection.outbox.transmitter.head(&request);
                Ok(connection)
            }
            Start::Accepted(handed_over) => Self::hand_over(now, Role::Server, handed_over, None),
            Start::Connected(handed_over) => {
                Self::hand_over(now, Role::Client, handed_over, Some(keys()))
            }
        }
    }

    fn hand_over(
        now: Instant,
        role: Role,
        handed_over: HandedOver,
        keys: Option<Box<Keys>>,
    ) -> Result<Self, OptionError> {
        handed_over.validate()?;
        let HandedOver { options, agreed } = handed_over;
        let reader = Reader::frames(role, &options, &agreed);
        let mut connection = Self::new(now, role, &options, reader, keys);
        connection.open(agreed);
        Ok(connection)
    }

    fn new(
        now: Instant,
        role: Role,
        options: &Options,
        reader: Reader,
        keys: Option<Box<Keys>>,
    ) -> Self {
        Self {
            role,
            options: options.clone(),
            reader,
            outbox: Outbox::new(now, options, keys),
            input: ReceiveBuffer::default(),
            has_ended: false,
            put_off: None,
            events: Vec::new(),
            closure: Closure::ABNORMAL,
            keepalive_pings: 0,
        }
    }

    /// Takes the bytes of one read from the transport.
    pub fn receive(&mut self, now: Instant, bytes: Vec<u8>) {
        self.outbox.timers.advance(now);
        if !bytes.is_empty() {
            self.outbox.timers.byte();
        }
        self.input.push(bytes);
    }

    /// The peer ended its sending direction.
    pub fn receive_end(&mut self, now: Instant) {
        self.outbox.timers.advance(now);
        self.has_ended = true;
    }

    /// The clock reached the deadline.
    pub fn reach_deadline(&mut self, now: Instant) {
        self.outbox.timers.advance(now);
        match self.outbox.timers.due(self.ready_state()) {
            None => {}
            Some(Due::OpeningTimeout) => self.fail(TimeoutError::Opening.into()),
            Some(Due::ClosingTimeout) => {
                // §7.1.1: a client that has waited long enough for the server to
                // end the transport ends it itself; that is still clean.
                if !self.outbox.state.is_over() {
                    self.fail(TimeoutError::Closing.into());
                }
                self.end();
            }
            Some(Due::IdleTimeout) => {
                self.outbox.send_close(Some(&CloseFrame::new(close::GOING_AWAY)));
            }
            Some(Due::KeepalivePing) => {
                self.keepalive_pings = self.keepalive_pings.wrapping_add(1);
                self.outbox.timers.keepalive_ping();
                // A peer this silent has no message for which to keep it.
                self.outbox.transmitter.release();
                if let Reader::Frames(receiver) = &mut self.reader {
                    receiver.release();
                }
                // Cannot fail: the connection is open and the payload short.
                let _ = self.outbox.ping(&self.keepalive_pings.to_be_bytes());
            }
            Some(Due::KeepaliveTimeout) => self.fail(TimeoutError::Keepalive.into()),
        }
    }

    /// Queues a message (§6.1).
    pub fn send_message(
        &mut self,
        now: Instant,
        message: MessageRef<'_>,
    ) -> Result<(), UsageError> {
        self.outbox.timers.advance(now);
        self.outbox.send(message)
    }

    /// Queues a Ping (§5.5.2) with at most 125 bytes of application data.
    pub fn send_ping(&mut self, now: Instant, application_data: &[u8]) -> Result<(), UsageError> {
        self.outbox.timers.advance(now);
        self.outbox.ping(application_data)
    }

    /// Starts the closing handshake (§7.1.2); while connecting, gives up.
    pub fn close(&mut self, now: Instant, frame: Option<&CloseFrame>) -> Result<(), UsageError> {
        self.outbox.timers.advance(now);
        if self.ready_state() == ReadyState::Connecting {
            frame.map_or(Ok(()), CloseFrame::validate)?;
            self.fail(HandshakeError::Closed.into());
            return Ok(());
        }
        self.outbox.close(frame)
    }

    /// Processes received bytes up to the limit of output, reports what happened
    /// to `handler`, and takes the bytes for the peer.
    pub fn drain(&mut self, now: Instant, handler: &mut impl Handler) -> Output {
        self.outbox.timers.advance(now);
        let mut input = mem::take(&mut self.input);
        let waiting = self.process(&mut input, handler);
        if self.outbox.transmitter.is_compressing() {
            // A peer is not read from, nor sent what is behind, because of this endpoint.
            self.outbox.timers.hold();
        }
        let transmit = input.take_answers(self.outbox.transmitter.take());
        self.input = input;
        let ready_state = self.ready_state();
        Output {
            transmit,
            deadline: self.outbox.timers.next(ready_state).map(|(at, _)| at),
            next: match (ready_state, waiting) {
                (ReadyState::Closed, _) => Next::Close,
                (_, Waiting::ForBytes) => Next::Receive,
                (_, Waiting::ForTransmission) => Next::Drain,
            },
            ready_state,
        }
    }

    /// The ready state.
    pub fn ready_state(&self) -> ReadyState {
        self.outbox.ready_state()
    }

    /// How the connection ended; `None` until it has.
    pub fn closure(&self) -> Option<&Closure> {
        (self.ready_state() == ReadyState::Closed).then_some(&self.closure)
    }

    /// The newest round-trip time of a Ping, `None` before the first.
    pub fn round_trip(&self) -> Option<Duration> {
        self.outbox.pings.newest_round_trip()
    }
}
