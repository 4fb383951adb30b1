//! One connection driven by the drain rule of `wit/connection.wit`, under a
//! virtual clock.

use std::mem;

use sandsock_engine::types::{
    CloseFrame, Duration, Event, Instant, Message, Next, ReadyState, Start, UsageError,
};

use super::{Engine, Place};

/// Seeds of tests that do not care about randomness.
const SEED: u64 = 0;

/// What came out of a connection since the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Drained {
    pub(crate) events: Vec<Event>,
    pub(crate) transmit: Vec<u8>,
}

/// A connection and its host: whatever is handed in, the drain rule is obeyed.
pub(crate) struct Driver<E: Engine + ?Sized = dyn Engine> {
    engine: Box<E>,
    now: Instant,
    deadline: Option<Instant>,
    next: Next,
    out: Drained,
}

impl Driver {
    pub(crate) fn start(place: Place, start: Start) -> Self {
        Self::start_seeded(place, start, SEED)
    }

    pub(crate) fn start_seeded(place: Place, start: Start, seed: u64) -> Self {
        Self::of(place.start(start, seed))
    }
}

impl<E: Engine + ?Sized> Driver<E> {
    /// Drives `engine`, which has just begun.
    pub(crate) fn of(engine: Box<E>) -> Self {
        let out = Drained::default();
        let mut driver = Self { engine, now: 0, deadline: None, next: Next::Receive, out };
        driver.drain();
        driver
    }

    /// Hands over bytes as one read.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.engine.receive(self.now, bytes);
        self.drain();
    }

    /// Hands over bytes in reads of `size` bytes.
    pub(crate) fn receive_in_chunks(&mut self, bytes: &[u8], size: usize) {
        bytes.chunks(size).for_each(|chunk| self.receive(chunk));
    }

    pub(crate) fn receive_end(&mut self) {
        self.engine.receive_end(self.now);
        self.drain();
    }

    pub(crate) fn send_message(&mut self, message: &Message) -> Result<(), UsageError> {
        let result = self.engine.send_message(self.now, message);
        self.drain();
        result
    }

    pub(crate) fn send_ping(&mut self, application_data: &[u8]) -> Result<(), UsageError> {
        let result = self.engine.send_ping(self.now, application_data);
        self.drain();
        result
    }

    pub(crate) fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), UsageError> {
        let result = self.engine.close(self.now, frame);
        self.drain();
        result
    }

    pub(crate) fn reach_deadline(&mut self) {
        self.engine.reach_deadline(self.now);
        self.drain();
    }

    /// Moves the clock on without telling the connection.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.now += Instant::from(by);
    }

    /// Moves the clock on by `by`, reaching each deadline on the way.
    pub(crate) fn pass(&mut self, by: Duration) {
        let until = self.now + Instant::from(by);
        while let Some(deadline) = self.deadline.filter(|deadline| *deadline <= until) {
            self.now = self.now.max(deadline);
            self.reach_deadline();
        }
        self.now = until;
    }

    pub(crate) fn engine(&self) -> &E {
        &self.engine
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What the last output asked for.
    pub(crate) fn next(&self) -> Next {
        self.next
    }

    pub(crate) fn ready_state(&mut self) -> ReadyState {
        self.engine.ready_state()
    }

    pub(crate) fn round_trip(&mut self) -> Option<Duration> {
        self.engine.round_trip()
    }

    /// What came out since the last look.
    pub(crate) fn take(&mut self) -> Drained {
        mem::take(&mut self.out)
    }

    fn drain(&mut self) {
        loop {
            let (events, output) = self.engine.drain(self.now);
            self.out.events.extend(events);
            self.out.transmit.extend_from_slice(&output.transmit);
            self.deadline = output.deadline;
            self.next = output.next;
            assert_eq!(output.ready_state, self.engine.ready_state());
            assert_eq!(output.ready_state == ReadyState::Closed, output.next == Next::Close);
            if output.next != Next::Drain {
                break;
            }
        }
    }
}
