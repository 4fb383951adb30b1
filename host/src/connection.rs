//! The loop between one transport and one endpoint, as `wit/endpoint.wit` has it.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tracing::{Level, debug, enabled, warn};

use crate::alarm::Alarm;
use crate::bindings::types::{Next, ReadyState};
use crate::guest::Output;
use crate::guest_failure::GuestFailure;
use crate::isolation::Endpoint;
use crate::long_reads::{self, LongReads};
use crate::passage::{Direct, Excess, Passage, Passed, Taken};
use crate::read_buffer;
use crate::roster::Seat;
use crate::transport::Transport;
use crate::worker::Worker;

/// A Close frame with code 1011 (§7.4.1), for a guest that cannot send its own.
const INTERNAL_ERROR: [u8; 4] = [0x88, 0x02, 0x03, 0xf3];

/// The same before the opening handshake is done, in HTTP.
const INTERNAL_SERVER_ERROR: &[u8] =
    b"HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// The close code of an endpoint that is going away (§7.4.1).
const GOING_AWAY: u16 = 1001;

/// Serves one connection, accepted at the time `accepted`, until its transport
/// is closed.
///
/// The guest is let go of before the transport: what follows `close` needs
/// none, and takes as long as the peer likes, up to a deadline.
pub(crate) async fn serve<S>(stream: S, peer: SocketAddr, accepted: u64, worker: &Worker)
where
    S: AsyncRead + AsyncWrite + Direct + Unpin,
{
    let mut connection = Connection {
        transport: Transport::new(stream),
        alarm: Alarm::new(worker.clock.clone()),
        seat: worker.roster.seat(),
        next: Next::Drain,
        long_reads: LongReads::new(worker.most_direct),
        ready_state: ReadyState::Connecting,
        worker,
        peer,
    };
    let lingering = match connection.exchange(accepted).await {
        Ok(lingering) => lingering,
        Err(failure) => {
            connection.log_failure(&failure);
            connection.transport.queue(match connection.ready_state {
                ReadyState::Connecting => INTERNAL_SERVER_ERROR.to_vec(),
                ReadyState::Open => INTERNAL_ERROR.to_vec(),
                ReadyState::Closing | ReadyState::Closed => Vec::new(),
            });
            worker.closing_timeout
        }
    };
    let clean = connection.transport.close(&worker.buffer, &worker.clock, lingering).await;
    debug!(%peer, clean, "the transport is closed");
}

/// A connection under way.
struct Connection<'w, S> {
    transport: Transport<S>,
    alarm: Alarm,
    seat: Seat<'w>,
    next: Next,
    long_reads: LongReads,
    ready_state: ReadyState,
    worker: &'w Worker,
    peer: SocketAddr,
}

/// Why the endpoint is called next.
enum Wake {
    /// So many of the peer's bytes came, and were handed over.
    Received(usize),
    /// The peer ended its sending direction, or the transport broke.
    Ended,
    /// Its deadline is reached.
    Deadline,
    /// It said `drain`, and all it had to transmit is on its way.
    Drain,
    /// The server is about to end.
    GoingAway,
}

impl<S: AsyncRead + AsyncWrite + Direct + Unpin> Connection<'_, S> {
    /// Moves bytes and time until the endpoint says `close`; returns how long
    /// the transport may take for it.
    async fn exchange(&mut self, accepted: u64) -> Result<Duration, GuestFailure> {
        let worker = self.worker;
        let endpoint = worker.sandboxes.start_endpoint(accepted)?;
        if let Some(reader) = endpoint.to_prepare() {
            self.transport.set_reader(reader);
        }
        self.call(worker.now(), |now, passage| endpoint.drain(now, passage))?;
        let mut has_ended = false;
        while self.next != Next::Close {
            if has_ended && self.next == Next::Receive {
                // Nothing would wake it any more, and the connection would stay.
                return Err(GuestFailure::Waits);
            }
            match poll_fn(|cx| self.poll_wake(cx, &endpoint)).await? {
                Wake::Received(count) => {
                    if count > read_buffer::BYTES {
                        // For as long as it took, nobody else had a turn.
                        worker.events.yield_now().await;
                    }
                }
                Wake::Ended => {
                    has_ended = true;
                    self.call(worker.now(), |now, passage| endpoint.receive_end(now, passage))?;
                }
                Wake::Deadline => {
                    self.call(worker.now(), |now, passage| endpoint.reach_deadline(now, passage))?;
                }
                Wake::Drain => {
                    // A peer that sent much waits its turn like all others.
                    worker.events.yield_now().await;
                    self.call(worker.now(), |now, passage| endpoint.drain(now, passage))?;
                }
                Wake::GoingAway => {
                    self.call(worker.now(), |now, passage| {
                        endpoint.close(now, GOING_AWAY, passage)
                    })?;
                }
            }
        }
        self.log_closure(&endpoint);
        Ok(worker.closing_timeout)
    }

    /// Makes a call of the endpoint at the time `now`, and does what its output says. Tells how many
    /// bytes passed.
    fn call(
        &mut self,
        now: u64,
        call: impl FnOnce(u64, &mut Passage<'_>) -> Result<Output, GuestFailure>,
    ) -> Result<Passed, GuestFailure> {
        // What is reached at a deadline adds to what waits for a peer that does
        // not read. The guest bounds that; the host need not believe it.
        let queued = self.transport.queued();
        let most = self.worker.most_queued.saturating_sub(queued);
        let mut passage = Passage::new(self.transport.way(), most);
        let output = call(now, &mut passage);
        let passed = passage.passed();
        let taken = passage.taken().map_err(|Excess(more)| GuestFailure::Output(queued + more))?;
        if let Some(Taken { rest, ready_state }) = taken {
            self.transport.queue(rest);
            self.ready_state = ready_state;
        }
        let Output { deadline, next } = output?;
        self.alarm.set(deadline, now);
        self.next = next;
        Ok(passed)
    }

    fn poll_wake(
        &mut self,
        cx: &mut Context<'_>,
        endpoint: &Endpoint,
    ) -> Poll<Result<Wake, GuestFailure>> {
        if self.seat.is_told_to_leave() {
            return Poll::Ready(Ok(Wake::GoingAway));
        }
        if endpoint.has_failed() {
            // Any call tells what failed.
            return Poll::Ready(Ok(Wake::Drain));
        }
        let mut now = self.worker.now();
        // Looked at before the transport: a peer that always has bytes to read cannot put
        // it off, but from one group of tasks to the next.
        if self.alarm.is_due(now) && !self.put_off(now) {
            return Poll::Ready(Ok(Wake::Deadline));
        }
        loop {
            let wake = self.poll_transport(cx, now, endpoint);
            if wake.is_ready() {
                return wake;
            }
            ready!(self.alarm.poll(cx));
            // It rings by the clock itself.
            self.worker.forget_now();
            now = self.worker.now();
            if !self.put_off(now) {
                return Poll::Ready(Ok(Wake::Deadline));
            }
        }
    }

    /// Puts a deadline off that has come, for a peer that takes what it is sent, however
    /// slowly: meanwhile it is not read from, and could not answer. Returns whether it did.
    fn put_off(&mut self, now: u64) -> bool {
        let is_put_off = self.transport.is_taken_from();
        if is_put_off {
            self.alarm.set(Some(now.saturating_add(self.worker.patience())), now);
        }
        is_put_off
    }

    fn poll_transport(
        &mut self,
        cx: &mut Context<'_>,
        now: u64,
        endpoint: &Endpoint,
    ) -> Poll<Result<Wake, GuestFailure>> {
        // A peer that does not read is not read from.
        ready!(self.transport.poll_transmit(cx));
        if self.next == Next::Drain {
            return Poll::Ready(Ok(Wake::Drain));
        }
        if let Some(most) = self.long_reads.due() {
            ready!(self.transport.poll_readable());
            let waiting = self.transport.waiting();
            let len = waiting.min(most);
            if len >= long_reads::LEAST {
                let passed =
                    self.call(now, |now, passage| endpoint.receive_directly(now, len, passage))?;
                // Amid a message, more of it may have come meanwhile.
                if passed.received == waiting && passed.output > 0 {
                    self.transport.note_read_up();
                }
                return Poll::Ready(Ok(self.received(passed)));
            }
        }
        // Without a copy to the worker's buffer.
        if let Some(bytes) = self.transport.take_bytes_ahead() {
            let passed = self.call(now, |now, passage| endpoint.receive(now, &bytes, passage))?;
            let received = bytes.len();
            self.worker.events.put_back(bytes);
            return Poll::Ready(Ok(self.received(Passed { received, ..passed })));
        }
        let mut buffer = self.worker.buffer.borrow_mut();
        match ready!(self.transport.poll_receive(cx, &mut buffer)) {
            Ok(0) => Poll::Ready(Ok(Wake::Ended)),
            Ok(count) => {
                let bytes = &buffer[..count];
                let passed =
                    self.call(now, |now, passage| endpoint.receive(now, bytes, passage))?;
                Poll::Ready(Ok(self.received(Passed { received: count, ..passed })))
            }
            Err(error) => {
                debug!(peer = %self.peer, %error, "the transport broke");
                Poll::Ready(Ok(Wake::Ended))
            }
        }
    }

    fn received(&mut self, Passed { received, output }: Passed) -> Wake {
        self.long_reads.note(received, output, self.next);
        Wake::Received(received)
    }

    fn log_failure(&self, failure: &GuestFailure) {
        let peer = self.peer;
        let text = "the guest failed; its connection is closed";
        // A shared instance is told of where it failed, not for each sharer.
        if !matches!(failure, GuestFailure::Shared)
            && let Some(times) = self.worker.guest_failures.borrow_mut().permit()
        {
            warn!(%peer, times, cause = %failure, "{text}");
        } else {
            debug!(%peer, cause = %failure, "{text}");
        }
    }

    fn log_closure(&self, endpoint: &Endpoint) {
        if !enabled!(Level::DEBUG) {
            return;
        }
        match endpoint.closure() {
            Ok(Some(closure)) => debug!(peer = %self.peer, ?closure, "the connection is closed"),
            Ok(None) => {}
            // The connection is over: what is logged is not to change how.
            Err(failure) => debug!(peer = %self.peer, cause = %failure, "no closure is known"),
        }
    }
}
