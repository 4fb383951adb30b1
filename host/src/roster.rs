//! Who is connected to a worker: to wake them all, and to know when all are gone.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use slab::Slab;
use tokio::sync::Notify;

use crate::event_loop::{EventLoop, TaskId};

/// The connections of one worker.
pub(crate) struct Roster {
    events: Rc<EventLoop>,
    seats: RefCell<Slab<TaskId>>,
    draining: Cell<bool>,
    emptied: Notify,
}

impl Roster {
    /// Nobody yet.
    pub(crate) fn new(events: Rc<EventLoop>) -> Self {
        Self {
            events,
            seats: RefCell::default(),
            draining: Cell::new(false),
            emptied: Notify::new(),
        }
    }

    /// Takes a seat for a new connection, which the running task serves.
    pub(crate) fn seat(&self) -> Seat<'_> {
        let key = self.seats.borrow_mut().insert(self.events.running());
        Seat { roster: self, key, has_taken_leave: false }
    }

    /// Asks every connection to take its leave, also those to come.
    pub(crate) fn drain(&self) {
        self.draining.set(true);
        self.wake_all();
    }

    /// Makes every connection look around.
    pub(crate) fn wake_all(&self) {
        for (_, &task) in self.seats.borrow().iter() {
            self.events.wake(task);
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
