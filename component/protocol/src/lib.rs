//! protocol.wasm: the engine behind the interface `connection`. An adapter: it
//! passes calls on and decides nothing.

mod bindings;

use std::cell::RefCell;

use bindings::exports::sandsock::websocket::connection as wit;
use bindings::wasi::random::random;
use sandsock_engine::application::MessageRef;
use sandsock_engine::connection::Connection;
use sandsock_engine::types::{
    CloseFrame, Duration, Instant, Message, OptionError, Options, ReadyState, Start, UsageError,
};
use sandsock_heap as _;

struct Protocol;

impl wit::Guest for Protocol {
    type Connection = Resource;

    fn default_options() -> Options {
        Options::default()
    }
}

/// A connection behind a handle. The host makes one call at a time.
struct Resource(RefCell<Connection>);

impl wit::GuestConnection for Resource {
    fn start(now: Instant, start: Start) -> Result<wit::Connection, OptionError> {
        let entropy = |bytes: &mut [u8]| {
            bytes.copy_from_slice(&random::get_random_bytes(bytes.len() as u64));
        };
        let connection = Connection::start(now, start, Box::new(entropy))?;
        Ok(wit::Connection::new(Self(RefCell::new(connection))))
    }

    fn receive(&self, now: Instant, bytes: Vec<u8>) {
        self.0.borrow_mut().receive(now, bytes);
    }

    fn receive_end(&self, now: Instant) {
        self.0.borrow_mut().receive_end(now);
    }

    fn reach_deadline(&self, now: Instant) {
        self.0.borrow_mut().reach_deadline(now);
    }

    fn send_message(&self, now: Instant, message: Message) -> Result<(), UsageError> {
        self.0.borrow_mut().send_message(now, MessageRef::from(&message))
    }

    fn send_ping(&self, now: Instant, application_data: Vec<u8>) -> Result<(), UsageError> {
        self.0.borrow_mut().send_ping(now, &application_data)
    }

    fn close(&self, now: Instant, frame: Option<CloseFrame>) -> Result<(), UsageError> {
        self.0.borrow_mut().close(now, frame.as_ref())
    }

    fn drain(&self, now: Instant) -> wit::Drained {
        let mut events = Vec::new();
        let output = self.0.borrow_mut().drain(now, &mut events);
        wit::Drained { events, output }
    }

    fn ready_state(&self) -> ReadyState {
        self.0.borrow().ready_state()
    }

    fn round_trip(&self) -> Option<Duration> {
        self.0.borrow().round_trip()
    }
}
