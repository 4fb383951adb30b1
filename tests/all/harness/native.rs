//! The engine, linked into this binary.

use sandsock_engine::application::MessageRef;
use sandsock_engine::connection::Connection;
use sandsock_engine::types::{
    CloseFrame, Duration, Event, Instant, Message, Output, ReadyState, Start, UsageError,
};

use super::{Engine, SeededEntropy};

pub(super) fn start(start: Start, seed: u64) -> Connection {
    let mut entropy = SeededEntropy(seed);
    let fill = move |bytes: &mut [u8]| entropy.fill(bytes);
    Connection::start(0, start, Box::new(fill)).expect("options within their bounds")
}

impl Engine for Connection {
    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        Self::receive(self, now, bytes.to_vec());
    }

    fn receive_end(&mut self, now: Instant) {
        Self::receive_end(self, now);
    }

    fn reach_deadline(&mut self, now: Instant) {
        Self::reach_deadline(self, now);
    }

    fn send_message(&mut self, now: Instant, message: &Message) -> Result<(), UsageError> {
        Self::send_message(self, now, MessageRef::from(message))
    }

    fn send_ping(&mut self, now: Instant, application_data: &[u8]) -> Result<(), UsageError> {
        Self::send_ping(self, now, application_data)
    }

    fn close(&mut self, now: Instant, frame: Option<CloseFrame>) -> Result<(), UsageError> {
        Self::close(self, now, frame.as_ref())
    }

    fn drain(&mut self, now: Instant) -> (Vec<Event>, Output) {
        let mut events = Vec::new();
        let output = Self::drain(self, now, &mut events);
        (events, output)
    }

    fn ready_state(&mut self) -> ReadyState {
        Self::ready_state(self)
    }

    fn round_trip(&mut self) -> Option<Duration> {
        Self::round_trip(self)
    }
}
