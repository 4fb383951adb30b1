//! When the operating system has a worker run.
//!
//! A thread that is woken mostly takes the core from the one that runs there. Where that
//! is who sends, and each core has a worker, it does so for a message or two, sleeps
//! again, and so on. Workers that wait until the core is free find more to do when they
//! run: 1 KiB on 64 connections with the load generator on one of the two cores took 0.83
//! of the CPU time and had 1.3 times the throughput, on both cores wherever it liked 0.8
//! and 1.4. Where nobody shares a worker's core, nothing changes. Where somebody does who
//! is busy without end, a worker waits for the end of his slice, some milliseconds.

#[cfg(target_os = "linux")]
pub(crate) use self::linux::wait_for_the_core;

/// Other systems have no such policy.
#[cfg(not(target_os = "linux"))]
pub(crate) fn wait_for_the_core() {}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no library wraps these calls alone, without the niceness")]
mod linux {
    use std::io;

    use libc::{
        SCHED_BATCH, SCHED_OTHER, c_int, sched_getscheduler, sched_param, sched_setscheduler,
    };
    use tracing::debug;

    /// The calling thread.
    const THIS: libc::pid_t = 0;

    /// Has this thread wait for a core that is in use (sched(7), `SCHED_BATCH`), unless
    /// it has another policy than the default. Where the C library has no such calls, as
    /// musl, nothing changes.
    pub(crate) fn wait_for_the_core() {
        if policy() == SCHED_OTHER
            && let Err(error) = set_policy(SCHED_BATCH)
        {
            debug!(%error, "a worker takes the core when it is woken");
        }
    }

    fn policy() -> c_int {
        // SAFETY: it takes no pointer.
        unsafe { sched_getscheduler(THIS) }
    }

    fn set_policy(policy: c_int) -> io::Result<()> {
        let parameters = sched_param { sched_priority: 0 };
        // SAFETY: it reads what the pointer is to, which lives until it returns.
        match unsafe { sched_setscheduler(THIS, policy, &raw const parameters) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    #[cfg(test)]
    mod tests {
        use std::thread;

        use libc::SCHED_IDLE;

        use super::*;

        /// The policy of a thread that was `given` one and then told to wait.
        fn after(given: c_int) -> c_int {
            let thread = thread::spawn(move || {
                set_policy(given).unwrap();
                wait_for_the_core();
                policy()
            });
            thread.join().unwrap()
        }

        #[test]
        fn a_policy_that_was_chosen_stays() {
            assert_eq!(after(SCHED_OTHER), SCHED_BATCH);
            assert_eq!(after(SCHED_IDLE), SCHED_IDLE);
        }
    }
}
