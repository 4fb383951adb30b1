//! Keeps what happens a thousand times a second from being logged as often.

use std::time::{Duration, Instant};

/// Lets one of many equal log lines through each second.
#[derive(Default)]
pub(crate) struct Throttle {
    last: Option<Instant>,
    held_back: u64,
}

impl Throttle {
    const INTERVAL: Duration = Duration::from_secs(1);

    /// Counts one more; `Some` when it is to be logged, with how many it
    /// stands for.
    pub(crate) fn permit(&mut self) -> Option<u64> {
        self.held_back += 1;
        if self.last.is_some_and(|last| last.elapsed() < Self::INTERVAL) {
            return None;
        }
        self.last = Some(Instant::now());
        Some(std::mem::take(&mut self.held_back))
    }
}
