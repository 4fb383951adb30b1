//! What is waited for, and until when. Holds points of time that the host handed
//! in; which of them count follows from the ready state.

use crate::event::ReadyState;
use crate::options::Timeouts;
use crate::time::{Duration, Instant};

/// What is to be done at a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The opening handshake took too long.
    OpeningTimeout,
    /// The closing handshake, or the end of the transport, took too long.
    ClosingTimeout,
    /// No message for too long.
    IdleTimeout,
    /// No byte for long enough to ask for one.
    KeepalivePing,
    /// No byte behind a keepalive Ping.
    KeepaliveTimeout,
}

/// When things happened last.
pub(crate) struct Timers {
    timeouts: Timeouts,
    /// The newest time handed in: an earlier one counts as this.
    now: Instant,
    /// When the opening handshake, the closing handshake, or the wait for the
    /// end of the transport began.
    phase_began: Instant,
    last_byte: Instant,
    last_message: Instant,
    /// A keepalive Ping that no byte has followed.
    pinged: Option<Instant>,
}

impl Timers {
    pub(crate) fn new(now: Instant, timeouts: Timeouts) -> Self {
        Self { timeouts, now, phase_began: now, last_byte: now, last_message: now, pinged: None }
    }

    /// Moves the time on, and tells the newest.
    pub(crate) fn advance(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// Bytes came.
    pub(crate) fn byte(&mut self) {
        self.last_byte = self.now;
        self.pinged = None;
    }

    /// A message came or was sent.
    pub(crate) fn message(&mut self) {
        self.last_message = self.now;
    }

    /// A keepalive Ping was sent.
    pub(crate) fn keepalive_ping(&mut self) {
        self.pinged = Some(self.now);
    }

    /// A wait of its own begins: see `phase_began`.
    pub(crate) fn phase(&mut self) {
        self.phase_began = self.now;
    }

    /// Whatever is waited for did not have its time yet.
    pub(crate) fn hold(&mut self) {
        self.phase();
        self.byte();
    }

    /// The connection opened: waiting for bytes and messages begins.
    pub(crate) fn opened(&mut self) {
        self.byte();
        self.message();
    }

    /// The next deadline and what it is for.
    pub(crate) fn next(&self, ready_state: ReadyState) -> Option<(Instant, Due)> {
        let after = |since: Instant, wait: Duration| since.saturating_add(Instant::from(wait));
        let Timeouts { opening, closing, idle, keepalive } = &self.timeouts;
        match ready_state {
            ReadyState::Connecting => {
                Some((after(self.phase_began, *opening), Due::OpeningTimeout))
            }
            ReadyState::Closing => Some((after(self.phase_began, *closing), Due::ClosingTimeout)),
            ReadyState::Closed => None,
            ReadyState::Open => {
                let idle = idle.map(|idle| (after(self.last_message, idle), Due::IdleTimeout));
                let keepalive = keepalive.as_ref().map(|keepalive| match self.pinged {
                    None => (after(self.last_byte, keepalive.interval), Due::KeepalivePing),
                    Some(pinged) => (after(pinged, keepalive.timeout), Due::KeepaliveTimeout),
                });
                [idle, keepalive].into_iter().flatten().min_by_key(|(at, _)| *at)
            }
        }
    }

    /// What is due by now.
    pub(crate) fn due(&self, ready_state: ReadyState) -> Option<Due> {
        self.next(ready_state).filter(|(at, _)| *at <= self.now).map(|(_, due)| due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Keepalive;

    fn timers(idle: Option<Duration>, keepalive: Option<Keepalive>) -> Timers {
        Timers::new(1000, Timeouts { opening: 10, closing: 20, idle, keepalive })
    }

    #[test]
    fn bytes_do_not_extend_the_opening_handshake() {
        let mut timers = timers(None, None);
        timers.advance(1009);
        timers.byte();
        assert_eq!(timers.next(ReadyState::Connecting), Some((1010, Due::OpeningTimeout)));
    }

    #[test]
    fn the_earlier_of_idle_and_keepalive_comes_first() {
        let keepalive = Some(Keepalive { interval: 50, timeout: 5 });
        let mut timers = timers(Some(100), keepalive);
        assert_eq!(timers.next(ReadyState::Open), Some((1050, Due::KeepalivePing)));
        timers.advance(1060);
        timers.byte();
        assert_eq!(timers.next(ReadyState::Open), Some((1100, Due::IdleTimeout)));
    }

    #[test]
    fn a_byte_answers_a_keepalive_ping() {
        let mut timers = timers(None, Some(Keepalive { interval: 50, timeout: 5 }));
        timers.advance(1050);
        assert_eq!(timers.due(ReadyState::Open), Some(Due::KeepalivePing));
        timers.keepalive_ping();
        assert_eq!(timers.next(ReadyState::Open), Some((1055, Due::KeepaliveTimeout)));
        timers.byte();
        assert_eq!(timers.next(ReadyState::Open), Some((1100, Due::KeepalivePing)));
    }

    #[test]
    fn time_never_goes_backwards() {
        let mut timers = timers(None, None);
        assert_eq!(timers.advance(5), 1000);
        assert_eq!(timers.advance(u64::MAX), u64::MAX);
        assert_eq!(timers.next(ReadyState::Closing), Some((1020, Due::ClosingTimeout)));
        timers.phase();
        assert_eq!(timers.next(ReadyState::Closing), Some((u64::MAX, Due::ClosingTimeout)));
    }

    #[test]
    fn nothing_is_awaited_after_the_end() {
        assert_eq!(timers(Some(1), None).next(ReadyState::Closed), None);
    }
}
