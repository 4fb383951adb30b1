//! The time that endpoints are told, and the wait for their deadlines.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Tells the `instant` of `wit/types.wit`: milliseconds since the server began.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock that begins at 0 now.
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// The time, rounded down: a deadline is never found reached too early.
    pub(crate) fn now(self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn at(self, instant: u64) -> Instant {
        self.origin + Duration::from_millis(instant)
    }
}

/// Waits for the deadline of the newest output.
///
/// Deadlines mostly move away, with every message that arrives. So the timer
/// stays armed for an older one and looks again when it fires; to arm it anew
/// each time would cost more than all else that a message needs of a clock.
pub(crate) struct Alarm {
    clock: Clock,
    deadline: Option<u64>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// The farthest deadline that is believed, a day: farther ones are looked
    /// at early, which the contract makes harmless, and no guest's number can
    /// overflow the clock.
    const FARTHEST: u64 = 24 * 60 * 60 * 1000;

    /// An alarm without a deadline.
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, deadline: None, timer: None }
    }

    /// Waits for `deadline` in place of any earlier one.
    ///
    /// A deadline that has passed counts as one a millisecond away: a guest
    /// that always names the past is called a thousand times a second at most.
    pub(crate) fn set(&mut self, deadline: Option<u64>) {
        let now = self.clock.now();
        self.deadline = deadline.map(|at| at.clamp(now + 1, now + Self::FARTHEST));
    }

    /// Whether the deadline has come by `now`.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// Ready once the deadline is reached; never without one.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else { return Poll::Pending };
        let wanted = self.clock.at(deadline);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(wanted)));
        if timer.deadline() > wanted {
            timer.as_mut().reset(wanted);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= wanted {
                return Poll::Ready(());
            }
            timer.as_mut().reset(wanted);
        }
    }
}
