//! The wait for the deadlines that endpoints name.

use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::task::coop::unconstrained;
use tokio::time::Sleep;

use crate::clock::Clock;

/// Waits for the deadline of the newest output.
///
/// Deadlines mostly move away, with every message that arrives. So the timer
/// stays armed for an older one and looks again when it fires; to arm it anew
/// each time would cost more than all else that a message needs of a clock.
pub(crate) struct Alarm {
    clock: Clock,
    deadline: Option<u64>,
    /// It rang, and no deadline was set since.
    has_rung: bool,
    /// When it may ring next.
    earliest: u64,
    timer: Option<Pin<Box<Sleep>>>,
    /// Whom the timer wakes when it fires; `None` while it has yet to be told.
    waker: Option<Waker>,
}

impl Alarm {
    /// The farthest deadline that is believed, a day: farther ones are looked
    /// at early, which the contract makes harmless, and no guest's number can
    /// overflow the clock.
    const FARTHEST: u64 = 24 * 60 * 60 * 1000;

    /// An alarm without a deadline.
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, deadline: None, has_rung: false, earliest: 0, timer: None, waker: None }
    }

    /// Waits for `deadline` in place of any earlier one, from about `now` on.
    ///
    /// Behind a ring, the next one is a millisecond away at least: a guest that always
    /// names the past is called a thousand times a second at most, and there is time to
    /// read from its peer. Deadlines that are set meanwhile change nothing about that:
    /// otherwise one that has passed could be put off for ever.
    pub(crate) fn set(&mut self, deadline: Option<u64>, now: u64) {
        if mem::take(&mut self.has_rung) {
            self.earliest = self.clock.now() + 1;
        }
        let farthest = now.saturating_add(Self::FARTHEST).max(self.earliest);
        self.deadline = deadline.map(|at| at.clamp(self.earliest, farthest));
    }

    /// Whether the deadline has come by `now`: then it rings.
    pub(crate) fn is_due(&mut self, now: u64) -> bool {
        let is_due = self.deadline.is_some_and(|deadline| deadline <= now);
        self.has_rung |= is_due;
        is_due
    }

    /// Ready once the deadline is reached; never without one.
    ///
    /// Costs little where it was asked by the same task before: the timer is looked
    /// at, and not told once more whom to wake.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else { return Poll::Pending };
        let wanted = self.clock.at(deadline);
        let timer = self.timer.get_or_insert_with(|| Box::pin(self.clock.sleep_until(wanted)));
        if timer.deadline() > wanted {
            timer.as_mut().reset(wanted);
            self.waker = None;
        }
        let wakes = |waker: &Waker| waker.will_wake(cx.waker());
        if !timer.is_elapsed() && self.waker.as_ref().is_some_and(wakes) {
            return Poll::Pending;
        }
        loop {
            // A timer that tokio's cooperative budget put off would not know the waker.
            if pin!(unconstrained(timer.as_mut())).poll(cx).is_pending() {
                self.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            if timer.deadline() >= wanted {
                self.has_rung = true;
                return Poll::Ready(());
            }
            timer.as_mut().reset(wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::runtime::Builder;
    use tokio::time::{Instant, timeout};

    use super::*;

    /// Sets an alarm anew for each of these deadlines, in milliseconds from now, once it
    /// waits for the one before; and waits for the last.
    fn wait_for(deadlines: &[u64]) -> Duration {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let started = Instant::now();
        runtime.block_on(async {
            let mut alarm = Alarm::new(Clock::here());
            for deadline in deadlines {
                alarm.set(Some(*deadline), 0);
                poll_fn(|cx| Poll::Ready(alarm.poll(cx).is_ready())).await;
            }
            let rings = poll_fn(|cx| alarm.poll(cx));
            timeout(Duration::from_mins(1), rings).await.expect("it never rings");
        });
        started.elapsed()
    }

    #[test]
    fn an_alarm_rings_at_the_newest_deadline() {
        for deadlines in [&[20][..], &[5, 20], &[5, 10, 20], &[40_000, 20], &[40_000, 5, 20]] {
            let waited = wait_for(deadlines);
            assert!((20..30_000).contains(&waited.as_millis()), "{deadlines:?}: {waited:?}");
        }
    }

    #[test]
    fn a_deadline_that_has_passed_is_due_whatever_else_is_set() {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let _within = runtime.enter();
        let mut alarm = Alarm::new(Clock::here());
        let clock = alarm.clock.clone();
        alarm.set(Some(0), 0);
        assert!(alarm.is_due(0));
        for _ in 0..2 {
            // A ring, behind which a guest names the past again and again.
            let rung = clock.now();
            alarm.set(Some(0), 0);
            assert!(!alarm.is_due(rung), "too soon");
            while !alarm.is_due(clock.now()) {
                alarm.set(Some(0), 0);
                assert!(clock.now() < rung + 10_000, "never");
            }
            assert!(clock.now() > rung, "too soon");
        }
    }

    #[test]
    fn an_alarm_rings_for_whoever_asked_last() {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut alarm = Alarm::new(Clock::here());
            alarm.set(Some(10), 0);
            let nobody = &mut Context::from_waker(Waker::noop());
            assert!(alarm.poll(nobody).is_pending());
            let rings = poll_fn(|cx| alarm.poll(cx));
            timeout(Duration::from_mins(1), rings).await.expect("it wakes nobody");
        });
    }
}
