//! The time that endpoints are told, and the timers that wait for it.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, Timeout, sleep, sleep_until, timeout};

/// Tells the `instant` of `wit/types.wit`: milliseconds since it was made. Clones
/// tell the same.
#[derive(Clone)]
pub(crate) struct Clock {
    origin: Instant,
    /// Whose event loop waits for the timers.
    runtime: Handle,
    /// Ends that event loop with the last clone, if it is the clock's own.
    _running: Option<Arc<watch::Sender<()>>>,
}

impl Clock {
    /// A clock that begins at 0 now, for whatever runs in this runtime.
    pub(crate) fn here() -> Self {
        Self { origin: Instant::now(), runtime: Handle::current(), _running: None }
    }

    /// A clock that begins at 0 now, whose timers a thread of its own waits for.
    ///
    /// An event loop that has timers sleeps until the next of them. So it has the kernel
    /// arm one each time, and disarm it as soon as bytes come: for each short message,
    /// where a single connection is served.
    pub(crate) fn with_thread() -> io::Result<Self> {
        let timers = Builder::new_current_thread().enable_time().build()?;
        let runtime = timers.handle().clone();
        let (running, mut ended) = watch::channel(());
        let wait = move || {
            // An error tells that the last clone is gone.
            timers.block_on(async { while ended.changed().await.is_ok() {} });
        };
        thread::Builder::new().name("timers".to_owned()).spawn(wait)?;
        Ok(Self { origin: Instant::now(), runtime, _running: Some(Arc::new(running)) })
    }

    /// The time, rounded down: a deadline is never found reached too early.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// When the clock tells `instant`.
    pub(crate) fn at(&self, instant: u64) -> Instant {
        self.origin + Duration::from_millis(instant)
    }

    /// Ready after so long.
    pub(crate) fn sleep(&self, wait: Duration) -> Sleep {
        let _within = self.runtime.enter();
        sleep(wait)
    }

    /// Ready at a time.
    pub(crate) fn sleep_until(&self, at: Instant) -> Sleep {
        let _within = self.runtime.enter();
        sleep_until(at)
    }

    /// The output of a future, unless it takes longer than so long from now.
    pub(crate) fn timeout<F: Future>(&self, wait: Duration, future: F) -> Timeout<F> {
        let _within = self.runtime.enter();
        timeout(wait, future)
    }
}

/// While it lasts, the same time is told: a group of tasks, between two ticks of the CPU
/// clock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) group: u64,
    pub(crate) tick: u64,
}

/// The time that was told last, and at which moment.
#[derive(Default)]
pub(crate) struct Told(Cell<Option<(Moment, u64)>>);

impl Told {
    /// The time within a moment: as it was told before, or as `ask` has it.
    pub(crate) fn within(&self, moment: Moment, ask: impl FnOnce() -> u64) -> u64 {
        if let Some((asked_at, now)) = self.0.get()
            && asked_at == moment
        {
            return now;
        }
        let now = ask();
        self.0.set(Some((moment, now)));
        now
    }

    /// Has the time asked for again.
    pub(crate) fn forget(&self) {
        self.0.set(None);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn the_time_is_asked_for_once_in_a_group_but_again_with_each_tick() {
        let told = Told::default();
        let within = |group, tick, time| told.within(Moment { group, tick }, || time);
        assert_eq!([within(1, 1, 5), within(1, 1, 6)], [5, 5]);
        assert_eq!([within(1, 2, 7), within(1, 2, 8)], [7, 7]);
        assert_eq!(within(2, 2, 9), 9);
        told.forget();
        assert_eq!(within(2, 2, 10), 10);
    }

    #[test]
    fn a_thread_waits_for_timers_until_the_last_clone_of_its_clock_is_gone() {
        let [clock, other] = [(); 2].map(|()| Clock::with_thread().unwrap());
        let untimed = Builder::new_current_thread().build().unwrap();
        let waiting = clock.runtime.spawn(pending::<()>());
        let clone = clock.clone();
        drop(clock);
        untimed.block_on(async {
            clone.sleep(Duration::from_millis(5)).await;
            assert!(clone.timeout(Duration::from_millis(5), pending::<()>()).await.is_err());
            assert!(!waiting.is_finished());
            drop(clone);
            let ended = other.timeout(LONG, waiting).await.expect("the thread goes on");
            assert!(ended.is_err_and(|error| error.is_cancelled()));
        });
    }
}
