//! A connection under way, between one transport and one instance: what a caller
//! may do with it. The loop of `wit/connection.wit` is in `progress`.

mod progress;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::task::Poll;

use crate::alarm::Alarm;
use crate::bindings::types::{Agreed, CloseFrame, Closure, Event, Failure, Message, Next};
use crate::client::dial::Stream;
use crate::client::error::{EngineFailure, SendError};
use crate::client::guest::Guest;
use crate::clock::Clock;
use crate::read_buffer::ReadBuffer;
use crate::transport::Transport;

/// An open connection to a server.
///
/// Nothing happens on it but in its methods: Pings are answered, and a peer
/// that is gone is found, while [`next_event`](Self::next_event) is awaited. So
/// await that whenever there is nothing else to do.
///
/// All methods are cancel-safe: a future that is dropped loses no event, and
/// what it had to transmit is transmitted by whatever is called next. Dropping
/// the connection ends it without a closing handshake.
pub struct Connection {
    transport: Transport<Box<dyn Stream>>,
    guest: Guest,
    clock: Clock,
    alarm: Alarm,
    next: Next,
    /// The instance was called since it was drained.
    is_undrained: bool,
    /// Not yet taken, in order, and their bytes.
    events: VecDeque<Event>,
    kept: usize,
    /// Bytes of messages that were queued here and may not have come out of the instance.
    sending: usize,
    /// Bytes that wait to be transmitted and that nobody here sent.
    answers: usize,
    buffer: ReadBuffer,
    /// What the server's response began with: up to two bytes.
    response_start: Vec<u8>,
    agreed: Agreed,
    transport_error: Option<io::Error>,
}

/// Why the opening handshake did not come to its end.
pub(super) enum NotOpened {
    /// It failed; the response began with these bytes.
    Failed {
        failure: Failure,
        response_start: Vec<u8>,
        error: Option<io::Error>,
    },
    Engine(EngineFailure),
}

impl Connection {
    /// Does the opening handshake on a transport (§4.1).
    pub(super) async fn open(
        stream: Box<dyn Stream>,
        guest: Guest,
        clock: Clock,
    ) -> Result<Self, NotOpened> {
        let mut connection = Self {
            transport: Transport::new(stream),
            guest,
            alarm: Alarm::new(clock.clone()),
            clock,
            next: Next::Drain,
            is_undrained: true,
            events: VecDeque::new(),
            kept: 0,
            sending: 0,
            answers: 0,
            buffer: ReadBuffer::new(),
            response_start: Vec::new(),
            agreed: Agreed {
                resource_name: String::new(),
                host: String::new(),
                origin: None,
                subprotocol: None,
                compression: None,
                headers: Vec::new(),
            },
            transport_error: None,
        };
        loop {
            match connection.next_event().await.map_err(NotOpened::Engine)? {
                Some(Event::Opened(agreed)) => {
                    connection.agreed = agreed;
                    return Ok(connection);
                }
                Some(Event::Failed(failure)) => {
                    let Self { response_start, transport_error: error, .. } = connection;
                    return Err(NotOpened::Failed { failure, response_start, error });
                }
                Some(_) => {}
                // Without `opened`, `failed` comes before the end.
                None => {
                    let failure = EngineFailure("no connection, and no failure".to_owned());
                    return Err(NotOpened::Engine(failure));
                }
            }
        }
    }

    /// What the opening handshake agreed: subprotocol, compression, and all
    /// fields of the response's head.
    pub fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// Sends a message (§6.1), and waits until it is on its way.
    ///
    /// Receives meanwhile, as a peer may want to be read from before it reads
    /// on; what comes is kept for [`next_event`](Self::next_event). Above some
    /// 16 MiB of it, the peer waits, and so does this.
    pub async fn send(&mut self, message: &Message) -> Result<(), SendError> {
        self.queue(message)?;
        Ok(self.flush().await?)
    }

    /// Queues a message without waiting. Several that are queued in a row are
    /// transmitted together, with the next call of any `async` method.
    ///
    /// They wait in the instance, whose memory is bounded: a message more than it
    /// has room for, 16 MiB and six times the message limit with all else in it, costs
    /// the connection. So [`flush`](Self::flush) now and then.
    pub fn queue(&mut self, message: &Message) -> Result<(), SendError> {
        self.guest.send_message(self.clock.now(), message)??;
        self.is_undrained = true;
        self.sending += match message {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        };
        Ok(())
    }

    /// Waits until everything that was queued is on its way, or cannot be.
    pub async fn flush(&mut self) -> Result<(), EngineFailure> {
        poll_fn(|cx| {
            loop {
                self.drain_if_undrained()?;
                // A long message is compressed from drain to drain.
                let is_drained = self.next != Next::Drain || !self.has_room();
                if self.transport.is_transmitted() && is_drained || self.next == Next::Close {
                    return Poll::Ready(Ok(()));
                }
                match self.poll_progress(cx) {
                    Poll::Ready(result) => result?,
                    Poll::Pending if self.transport.is_transmitted() => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }

    /// Sends a Ping with 0 to 125 bytes of application data (§5.5.2). The
    /// answer comes as an event, with the round-trip time.
    pub async fn ping(&mut self, application_data: &[u8]) -> Result<(), SendError> {
        self.guest.send_ping(self.clock.now(), application_data)??;
        self.is_undrained = true;
        Ok(self.flush().await?)
    }

    /// Starts the closing handshake (§7.1.2), in most cases with code 1000 or
    /// 1001 and a reason of at most 123 bytes, which may be empty.
    ///
    /// Messages that were sent before still arrive: go on with
    /// [`next_event`](Self::next_event) until there is none, or with
    /// [`closed`](Self::closed).
    pub async fn close(&mut self, code: u16, reason: &str) -> Result<(), SendError> {
        let frame = CloseFrame { code, reason: reason.to_owned() };
        self.guest.close(self.clock.now(), Some(&frame))??;
        self.is_undrained = true;
        Ok(self.flush().await?)
    }

    /// Waits for the end of the connection, and discards what else comes before.
    /// `None` when the end was taken as an event already.
    pub async fn closed(&mut self) -> Result<Option<Closure>, EngineFailure> {
        while let Some(event) = self.next_event().await? {
            if let Event::Closed(closure) = event {
                return Ok(Some(closure));
            }
        }
        Ok(None)
    }

    /// What comes next. The last event is [`Event::Closed`], once the transport
    /// is closed; `None` from then on.
    pub async fn next_event(&mut self) -> Result<Option<Event>, EngineFailure> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// What the operating system, or TLS, said when the transport broke, if it
    /// did. To be told beside a closure with code 1006.
    pub fn transport_error(&self) -> Option<&io::Error> {
        self.transport_error.as_ref()
    }
}
