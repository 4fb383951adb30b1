//! When to do again what is not always worth it.

/// The most times in a row that are left out are 2 to the power of this.
const MOST_FAILURES: u32 = 8;

/// Whether to do it this time. It has to have been worth it: each time that it was not,
/// twice as many times are left out as before, up to 256.
#[derive(Default)]
pub(super) struct Backoff {
    /// How often in a row it was not.
    failures: u32,
    /// Times that are still left out.
    left_out: u32,
}

impl Backoff {
    /// Whether this time is not to be left out.
    pub(super) fn is_due(&mut self) -> bool {
        let is_due = self.left_out == 0;
        self.left_out = self.left_out.saturating_sub(1);
        is_due
    }

    pub(super) fn note(&mut self, was_worth_it: bool) {
        if was_worth_it {
            self.failures = 0;
        } else {
            self.failures = MOST_FAILURES.min(self.failures + 1);
            self.left_out = 1 << self.failures;
        }
    }

    /// Whether it was not worth it when it was done last.
    #[cfg(test)]
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }
}
