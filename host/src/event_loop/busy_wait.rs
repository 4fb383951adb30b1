//! Waiting awake for what comes next, where connections are few.
//!
//! A thread that sleeps for a message has to be woken by the kernel, which takes longer than
//! all else that is done for a short one; and the peer's, if it is answered late, as well.
//! With many connections there is something to gain meanwhile: what comes until the thread
//! is awake is served together, for less. And a worker of a busy server would never sleep.

use std::time::{Duration, Instant};

use super::backoff::Backoff;

/// The most connections that are few. Awake, messages of 1 KiB were answered sooner with
/// eight of them, and as soon with twelve.
pub(super) const FEW: usize = 8;

/// The longest that a thread may be awake for nothing, whatever it is told.
pub(super) const LONGEST: Duration = Duration::from_millis(1);

/// Waits awake, as long as something comes mostly.
pub(super) struct BusyWait {
    /// How long one wait may be awake. Zero: not at all.
    longest: Duration,
    backoff: Backoff,
}

impl BusyWait {
    pub(super) fn new(longest: Duration) -> Self {
        Self { longest, backoff: Backoff::default() }
    }

    /// Asks again and again whether something has come, unless this wait is one to sleep
    /// through. Returns whether something did.
    pub(super) fn run<E>(
        &mut self,
        mut has_come: impl FnMut() -> Result<bool, E>,
    ) -> Result<bool, E> {
        if self.longest.is_zero() || !self.backoff.is_due() {
            return Ok(false);
        }
        let since = Instant::now();
        let mut has_come_in_time = has_come()?;
        while !has_come_in_time && since.elapsed() < self.longest {
            has_come_in_time = has_come()?;
        }
        self.backoff.note(has_come_in_time);
        Ok(has_come_in_time)
    }

    /// Whether it was awake for nothing.
    #[cfg(test)]
    pub(super) fn has_failed(&self) -> bool {
        self.backoff.has_failed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_nanos(1);
    const LONG: Duration = Duration::from_mins(1);

    /// How many waits are slept through before one that is awake for nothing.
    fn asleep(wait: &mut BusyWait) -> usize {
        let mut looks = 0;
        let waits = (0..1000).take_while(|_| {
            let has_come = || {
                looks += 1;
                Ok::<_, ()>(false)
            };
            wait.run(has_come) == Ok(false) && looks == 0
        });
        waits.count()
    }

    #[test]
    fn it_is_awake_until_something_came() {
        let mut left = 5;
        let has_come = || {
            left -= 1;
            Ok::<_, ()>(left == 0)
        };
        assert_eq!(BusyWait::new(LONG).run(has_come), Ok(true));
        assert_eq!(left, 0);
    }

    #[test]
    fn it_gives_up_and_sleeps_longer_each_time_but_not_for_ever() {
        let mut wait = BusyWait::new(SHORT);
        let slept: Vec<_> = (0..10).map(|_| asleep(&mut wait)).collect();
        assert_eq!(slept, [0, 2, 4, 8, 16, 32, 64, 128, 256, 256]);
    }

    #[test]
    fn it_begins_anew_once_something_came() {
        let mut wait = BusyWait::new(SHORT);
        let slept = [(); 3].map(|()| asleep(&mut wait));
        assert_eq!(slept, [0, 2, 4]);
        let waits = (0..1000).take_while(|_| wait.run(|| Ok::<_, ()>(true)) == Ok(false));
        assert_eq!(waits.count(), 8);
        assert_eq!([asleep(&mut wait), asleep(&mut wait)], [0, 2]);
    }

    #[test]
    fn it_is_never_awake_if_it_may_not() {
        let has_come = || -> Result<bool, ()> { panic!("it is awake") };
        assert_eq!(BusyWait::new(Duration::ZERO).run(has_come), Ok(false));
    }

    #[test]
    fn what_fails_is_told() {
        assert_eq!(BusyWait::new(LONG).run(|| Err("broken")), Err("broken"));
    }
}
