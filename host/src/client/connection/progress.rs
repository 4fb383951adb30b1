//! What moves a connection on: its deadline, its transport, and drains.

use std::io;
use std::mem;
use std::task::{Context, Poll, ready};

use super::Connection;
use crate::bindings::types::{Event, Message, Next};
use crate::client::error::EngineFailure;

/// Bytes of events that are kept for later, and of answers that wait for the
/// peer. Above, nothing is read until there are fewer.
const MOST_KEPT: usize = 16 << 20;

/// How long, in milliseconds, a peer that takes what it is sent is given for more.
const PATIENCE: u64 = 5_000;

impl Connection {
    /// The next event; `None` behind the last one.
    pub(super) fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Event>, EngineFailure>> {
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
    pub(super) fn poll_progress(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), EngineFailure>> {
        if self.is_undrained {
            return Poll::Ready(self.drain_if_undrained());
        }
        let now = self.clock.now();
        if self.alarm.is_due(now) {
            // Looked at before the transport: a peer that always has bytes to
            // read cannot put it off. One that takes what it is sent, slowly, can:
            // a Ping would wait behind that.
            if !self.transport.is_taken_from() {
                return Poll::Ready(self.reach_deadline(cx));
            }
            self.alarm.set(Some(now.saturating_add(PATIENCE)), now);
        }
        // What follows does not wait for it: the peer may want to be read from
        // before it reads on. The bounds hold all the same.
        if self.transport.poll_transmit(cx).is_ready() {
            self.answers = 0;
        }
        match self.next {
            Next::Drain if self.has_room() => return Poll::Ready(self.drain_behind(Ok(()))),
            Next::Receive if self.has_room() => {
                match self.transport.poll_receive(cx, &mut self.buffer) {
                    Poll::Ready(received) => return Poll::Ready(self.received(received)),
                    Poll::Pending => {}
                }
            }
            Next::Receive | Next::Drain | Next::Close => {}
        }
        self.alarm.poll(cx).map(Ok)
    }

    /// The deadline has come. What lies there to be received came before it, though nobody
    /// may have looked for a long time: a Pong, say. Then there is nothing to be done.
    fn reach_deadline(&mut self, cx: &mut Context<'_>) -> Result<(), EngineFailure> {
        if self.next == Next::Receive
            && self.has_room()
            && let Poll::Ready(received) = self.transport.poll_receive(cx, &mut self.buffer)
        {
            self.received(received)?;
        }
        let reached = self.guest.reach_deadline(self.clock.now());
        self.drain_behind(reached)
    }

    /// The transport was read from: 0 bytes are its end.
    fn received(&mut self, received: io::Result<usize>) -> Result<(), EngineFailure> {
        match received {
            Ok(0) => self.end(None),
            Ok(count) => {
                let beginning = count.min(2 - self.response_start.len());
                self.response_start.extend_from_slice(&self.buffer[..beginning]);
                let received = self.guest.receive(self.clock.now(), &self.buffer[..count]);
                self.drain_behind(received)
            }
            Err(error) => self.end(Some(error)),
        }
    }

    /// Whether more of the peer's bytes may be processed.
    pub(super) fn has_room(&self) -> bool {
        self.kept < MOST_KEPT && self.answers < MOST_KEPT
    }

    /// The peer ended its sending direction, or the transport broke.
    fn end(&mut self, error: Option<io::Error>) -> Result<(), EngineFailure> {
        self.transport_error = error;
        let ended = self.guest.receive_end(self.clock.now());
        self.drain_behind(ended)
    }

    /// Drains behind a call, if that went well.
    fn drain_behind(&mut self, called: Result<(), EngineFailure>) -> Result<(), EngineFailure> {
        self.is_undrained = true;
        called.and_then(|()| self.drain_if_undrained())
    }

    /// Drains behind a call that may have led to something.
    pub(super) fn drain_if_undrained(&mut self) -> Result<(), EngineFailure> {
        if mem::take(&mut self.is_undrained) {
            let drained = self.guest.drain(self.clock.now())?;
            self.kept += drained.events.iter().map(weight).sum::<usize>();
            self.events.extend(drained.events);
            // As far as it may be what was sent here, it is not counted: otherwise a long
            // message, of which a part waits, would keep the rest and all answers waiting.
            let queued = self.transport.queued();
            self.transport.queue(drained.output.transmit);
            let added = self.transport.queued() - queued;
            let sent = added.min(self.sending);
            self.answers += added - sent;
            self.next = drained.output.next;
            self.sending = if self.next == Next::Drain { self.sending - sent } else { 0 };
            self.alarm.set(drained.output.deadline, self.clock.now());
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
