//! Memory that a crowd left behind, back to the operating system.
//!
//! What the host keeps for an instance is many small pieces, freed when their
//! connection ends. The C library keeps them for later, however many they are.

use std::cell::Cell;

/// Below so many connections there is too little to give back.
const CROWD: usize = 1024;

/// Looks at how many connections a worker has, and gives back when half of them
/// have left.
#[derive(Default)]
pub(crate) struct Reclaim {
    /// The most since memory was given back last.
    most: Cell<usize>,
}

impl Reclaim {
    /// There are so many connections now.
    pub(crate) fn count(&self, connections: usize) {
        if self.is_due(connections) {
            give_back();
        }
    }

    fn is_due(&self, connections: usize) -> bool {
        let most = self.most.get();
        let is_due = most >= CROWD && connections <= most / 2;
        self.most.set(if is_due { connections } else { most.max(connections) });
        is_due
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "no library wraps this call of the C library")]
fn give_back() {
    // SAFETY: it takes no pointer, and the C library guards its own state.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other C libraries have no such call, and mostly less to give back.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_each_time_that_half_of_a_crowd_has_left() {
        let reclaim = Reclaim::default();
        let counts = [1, 2000, 1500, 1001, 1000, 999, 501, 500, 0, 1024, 513, 512, 0];
        let due: Vec<_> = counts.into_iter().filter(|&count| reclaim.is_due(count)).collect();
        assert_eq!(due, [1000, 512]);
    }
}
