//! Who is connected to a worker: to wake them all, and to know when all are gone.

use std::cell::{Cell, RefCell};
use std::task::Waker;

use slab::Slab;
use tokio::sync::Notify;

/// The connections of one worker.
#[derive(Default)]
pub(crate) struct Roster {
    seats: RefCell<Slab<Waker>>,
    draining: Cell<bool>,
    emptied: Notify,
}

impl Roster {
    /// Takes a seat for a new connection.
    pub(crate) fn seat(&self) -> Seat<'_> {
        let key = self.seats.borrow_mut().insert(Waker::noop().clone());
        Seat { roster: self, key, has_taken_leave: false }
    }

    /// Asks every connection to take its leave, also those to come.
    pub(crate) fn drain(&self) {
        self.draining.set(true);
        self.wake_all();
    }

    /// Makes every connection look around.
    pub(crate) fn wake_all(&self) {
        for (_, waker) in self.seats.borrow().iter() {
            waker.wake_by_ref();
        }
    }

    /// How many are connected.
    pub(crate) fn len(&self) -> usize {
        self.seats.borrow().len()
    }

    /// Waits until none is connected.
    pub(crate) async fn emptied(&self) {
        while self.len() > 0 {
            self.emptied.notified().await;
        }
    }
}

/// One connection's place in its worker's roster, left when dropped.
pub(crate) struct Seat<'r> {
    roster: &'r Roster,
    key: usize,
    has_taken_leave: bool,
}

impl Seat<'_> {
    /// Keeps the waker by which this connection is reached.
    pub(crate) fn keep(&self, waker: &Waker) {
        if let Some(kept) = self.roster.seats.borrow_mut().get_mut(self.key) {
            kept.clone_from(waker);
        }
    }

    /// Whether this connection is to take its leave; true once.
    pub(crate) fn is_told_to_leave(&mut self) -> bool {
        let told = self.roster.draining.get() && !self.has_taken_leave;
        self.has_taken_leave |= told;
        told
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut seats = self.roster.seats.borrow_mut();
        seats.try_remove(self.key);
        if seats.is_empty() {
            self.roster.emptied.notify_one();
        }
    }
}
