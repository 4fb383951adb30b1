//! `protocol.wasm` in wasmtime: an instance of its own for each connection, and
//! its work and memory measured.

mod bindings;
mod lift;
mod lower;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use sandsock_engine::types::{
    CloseFrame, Duration, Event, Instant, Message, Output, ReadyState, Start, UsageError,
};
use wasmtime::component::{Component, HasSelf, Linker, ResourceAny};
use wasmtime::{Config, ResourceLimiter, Store};

use super::{Engine, SeededEntropy};
use bindings::{Guest, Protocol, ProtocolPre, random};

/// Compiled once for all tests.
static PROTOCOL: LazyLock<ProtocolPre<Host>> = LazyLock::new(|| compile().expect("protocol.wasm"));

/// More than any test uses: fuel is counted here, not rationed.
const FUEL: u64 = u64::MAX;

/// A component that `cargo xtask build` leaves.
pub(crate) fn path(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components").join(name);
    assert!(path.exists(), "{} is missing: run `cargo xtask build` first", path.display());
    path
}

fn compile() -> wasmtime::Result<ProtocolPre<Host>> {
    let mut config = Config::new();
    config.consume_fuel(true);
    let engine = wasmtime::Engine::new(&config)?;
    let component = Component::new(&engine, fs::read(path("protocol.wasm"))?)?;
    let mut linker = Linker::new(&engine);
    random::add_to_linker::<Host, HasSelf<Host>>(&mut linker, |host| host)?;
    ProtocolPre::new(linker.instantiate_pre(&component)?)
}

/// What the component is offered, and how large its memory has become.
struct Host {
    entropy: SeededEntropy,
    memory_bytes: usize,
}

impl random::Host for Host {
    fn get_random_bytes(&mut self, len: u64) -> Vec<u8> {
        assert!(len <= 4096, "`wit/deps` promises at most 4,096 bytes at a time");
        let mut bytes = vec![0; usize::try_from(len).unwrap()];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.memory_bytes = desired;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

/// A connection in an instance of its own.
pub(crate) struct Instance {
    store: Store<Host>,
    protocol: Protocol,
    connection: ResourceAny,
}

pub(crate) fn start(start: Start, seed: u64) -> Instance {
    let host = Host { entropy: SeededEntropy(seed), memory_bytes: 0 };
    let mut store = Store::new(PROTOCOL.engine(), host);
    store.limiter(|host| host);
    store.set_fuel(FUEL).unwrap();
    let protocol = PROTOCOL.instantiate(&mut store).expect("an instance");
    let guest = protocol.sandsock_websocket_connection();
    let started = guest.connection().call_start(&mut store, 0, &lower::start(start));
    let connection = started.expect("no trap").expect("options within their bounds");
    Instance { store, protocol, connection }
}

impl Instance {
    /// Wasm instructions executed so far, about.
    pub(crate) fn work(&self) -> u64 {
        FUEL - self.store.get_fuel().unwrap()
    }

    /// The size of its linear memory. It never shrinks.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.store.data().memory_bytes
    }

    fn parts(&mut self) -> (&Guest, &mut Store<Host>, ResourceAny) {
        let guest = self.protocol.sandsock_websocket_connection();
        (guest, &mut self.store, self.connection)
    }
}

/// A trap would be a bug of the engine's, so it fails the test.
impl Engine for Instance {
    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        let (guest, store, connection) = self.parts();
        guest.connection().call_receive(store, connection, now, bytes).expect("no trap");
    }

    fn receive_end(&mut self, now: Instant) {
        let (guest, store, connection) = self.parts();
        guest.connection().call_receive_end(store, connection, now).expect("no trap");
    }

    fn reach_deadline(&mut self, now: Instant) {
        let (guest, store, connection) = self.parts();
        guest.connection().call_reach_deadline(store, connection, now).expect("no trap");
    }

    fn send_message(&mut self, now: Instant, message: &Message) -> Result<(), UsageError> {
        let message = lower::message(message);
        let (guest, store, connection) = self.parts();
        let sent = guest.connection().call_send_message(store, connection, now, &message);
        sent.expect("no trap").map_err(lift::usage_error)
    }

    fn send_ping(&mut self, now: Instant, application_data: &[u8]) -> Result<(), UsageError> {
        let (guest, store, connection) = self.parts();
        let sent = guest.connection().call_send_ping(store, connection, now, application_data);
        sent.expect("no trap").map_err(lift::usage_error)
    }

    fn close(&mut self, now: Instant, frame: Option<CloseFrame>) -> Result<(), UsageError> {
        let frame = frame.map(lower::close_frame);
        let (guest, store, connection) = self.parts();
        let closed = guest.connection().call_close(store, connection, now, frame.as_ref());
        closed.expect("no trap").map_err(lift::usage_error)
    }

    fn drain(&mut self, now: Instant) -> (Vec<Event>, Output) {
        let (guest, store, connection) = self.parts();
        let drained = guest.connection().call_drain(store, connection, now).expect("no trap");
        (drained.events.into_iter().map(lift::event).collect(), lift::output(drained.output))
    }

    fn ready_state(&mut self) -> ReadyState {
        let (guest, store, connection) = self.parts();
        lift::ready_state(guest.connection().call_ready_state(store, connection).expect("no trap"))
    }

    fn round_trip(&mut self) -> Option<Duration> {
        let (guest, store, connection) = self.parts();
        guest.connection().call_round_trip(store, connection).expect("no trap")
    }
}
