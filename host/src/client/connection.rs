//! A connection under way: the loop between one transport and one instance, as
//! `wit/connection.wit` has it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::task::{Context, Poll, ready};

use crate::bindings::types::{Agreed, CloseFrame, Closure, Event, Failure, Message, Next};
use crate::client::dial::Stream;
use crate::client::error::{EngineFailure, SendError};
use crate::client::guest::Guest;
use crate::clock::{Alarm, Clock};
use crate::read_buffer::ReadBuffer;
use crate::transport::Transport;

/// Bytes of events that are kept for later, and of answers that wait for the
/// peer. Above, nothing is read until there are fewer.
const MOST_KEPT: usize = 16 << 20;

/// How long, in milliseconds, a peer that takes what it is sent is given for more.
const PATIENCE: u64 = 5_000;

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
    /// Bytes that wait to be transmitted and that nobody here sent.
    answers: usize,
    buffer: ReadBuffer,
    agreed: Agreed,
    transport_error: Option<io::Error>,
}

/// Why the opening handshake did not come to its end.
pub(super) enum NotOpened {
    /// It failed; `answer` is what the newest read began with.
    Failed {
        failure: Failure,
        answer: [u8; 2],
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
            clock,
            alarm: Alarm::new(clock),
            next: Next::Drain,
            is_undrained: true,
            events: VecDeque::new(),
            kept: 0,
            answers: 0,
            buffer: ReadBuffer::new(),
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
                    let answer = [connection.buffer[0], connection.buffer[1]];
                    let error = connection.transport_error;
                    return Err(NotOpened::Failed { failure, answer, error });
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
    /// Nothing bounds what is queued: who lets a peer decide how much that is
    /// should [`flush`](Self::flush) now and then.
    pub fn queue(&mut self, message: &Message) -> Result<(), SendError> {
        self.guest.send_message(self.clock.now(), message)??;
        self.is_undrained = true;
        Ok(())
    }

    /// Waits until everything that was queued is on its way, or cannot be.
    pub async fn flush(&mut self) -> Result<(), EngineFailure> {
        poll_fn(|cx| {
            loop {
                self.drain_if_undrained()?;
                // A long message is compressed from drain to drain.
                let is_drained = self.next != Next::Drain || !self.has_room();
                if self.transport.queued() == 0 && is_drained || self.next == Next::Close {
                    return Poll::Ready(Ok(()));
                }
                match self.poll_progress(cx) {
                    Poll::Ready(result) => result?,
                    Poll::Pending if self.transport.queued() == 0 => {}
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

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event>, EngineFailure>> {
        loop {
            if let Some(Event::Closed(_)) = self.events.front() {
                // §7.1.1. The peer has ended it, or was waited for: as far as it
                // goes at once.
                let _ = self.transport.poll_close(cx, &mut self.buffer);
            }
            if let Some(event) = self.events.pop_front() {
                self.kept -= weight(&event);
                return Poll::Ready(Ok(Some(event)));
            }
            if self.next == Next::Close {
                return Poll::Ready(Ok(None));
            }
            ready!(self.poll_progress(cx))?;
        }
    }

    /// Does one thing that is due. Pending while nothing is.
    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), EngineFailure>> {
        if self.is_undrained {
            return Poll::Ready(self.drain_if_undrained());
        }
        let now = self.clock.now();
        if self.alarm.is_due(now) {
            // Looked at before the transport: a peer that always has bytes to
            // read cannot put it off. One that takes what it is sent, slowly, can:
            // a Ping would wait behind that.
            if self.transport.queued() == 0 || !self.transport.has_progressed() {
                let reached = self.guest.reach_deadline(now);
                return Poll::Ready(self.answer(reached));
            }
            self.alarm.set(Some(now.saturating_add(PATIENCE)));
        }
        // What follows does not wait for it: the peer may want to be read from
        // before it reads on. The bounds hold all the same.
        if self.transport.poll_transmit(cx).is_ready() {
            self.answers = 0;
        }
        match self.next {
            Next::Drain if self.has_room() => return Poll::Ready(self.answer(Ok(()))),
            Next::Receive if self.has_room() => {
                match self.transport.poll_receive(cx, &mut self.buffer) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(self.end(None)),
                    Poll::Ready(Ok(count)) => {
                        let received = self.guest.receive(now, &self.buffer[..count]);
                        return Poll::Ready(self.answer(received));
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(self.end(Some(error))),
                    Poll::Pending => {}
                }
            }
            Next::Receive | Next::Drain | Next::Close => {}
        }
        self.alarm.poll(cx).map(Ok)
    }

    /// Whether more of the peer's bytes may be processed.
    fn has_room(&self) -> bool {
        self.kept < MOST_KEPT && self.answers < MOST_KEPT
    }

    /// The peer ended its sending direction, or the transport broke.
    fn end(&mut self, error: Option<io::Error>) -> Result<(), EngineFailure> {
        self.transport_error = error;
        let ended = self.guest.receive_end(self.clock.now());
        self.answer(ended)
    }

    /// Drains after a call that nobody here made for the sake of sending.
    fn answer(&mut self, called: Result<(), EngineFailure>) -> Result<(), EngineFailure> {
        let queued = self.transport.queued();
        self.is_undrained = true;
        called.and_then(|()| self.drain_if_undrained())?;
        self.answers += self.transport.queued() - queued;
        Ok(())
    }

    fn drain_if_undrained(&mut self) -> Result<(), EngineFailure> {
        if mem::take(&mut self.is_undrained) {
            let drained = self.guest.drain(self.clock.now())?;
            self.kept += drained.events.iter().map(weight).sum::<usize>();
            self.events.extend(drained.events);
            self.transport.queue(drained.output.transmit);
            self.alarm.set(drained.output.deadline);
            self.next = drained.output.next;
        }
        Ok(())
    }
}

/// What it takes to keep an event, in bytes.
fn weight(event: &Event) -> usize {
    mem::size_of::<Event>()
        + match event {
            Event::Message(Message::Text(text)) => text.len(),
            Event::Message(Message::Binary(bytes)) | Event::Ping(bytes) => bytes.len(),
            Event::Pong(pong) => pong.application_data.len(),
            Event::Opened(_) | Event::CloseReceived(_) | Event::Failed(_) | Event::Closed(_) => 0,
        }
}
