//! When workers take a core from who has it.

use std::time::Instant;

use tungstenite::Message;

use crate::harness::server::{PATIENCE, Server, assert_echo};

/// sched(7): a thread that is woken takes the core, mostly.
const SCHED_OTHER: u32 = 0;

/// It waits for the core.
const SCHED_BATCH: u32 = 3;

#[test]
fn workers_that_are_several_wait_for_a_core_in_use() {
    for (workers, policies) in
        [("1", &[SCHED_OTHER][..]), ("3", &[SCHED_BATCH, SCHED_BATCH, SCHED_BATCH])]
    {
        let server = Server::start(&["--workers", workers]);
        let since = Instant::now();
        // They begin one by one.
        loop {
            assert_echo(&mut server.client(), Message::text("Hi"));
            let found = server.worker_policies();
            if found == policies {
                break;
            }
            assert!(since.elapsed() < PATIENCE, "{found:?} of {workers} workers");
        }
    }
}
