//! What one call costs: `endpoint.receive` of echo.wasm in wasmtime, against the
//! same engine compiled for this machine, in one process.
//!
//! `cargo xtask build && cargo bench --workspace --bench call`
//!
//! The instructions of one call are counted by callgrind, in `in_wasm` or `in_native`:
//! `valgrind --tool=callgrind --collect-atstart=no --toggle-collect='*in_wasm*' PROGRAM
//! once BYTES FRAMES`, where cargo tells the program's path.

#![expect(clippy::unwrap_used, reason = "nothing here is a peer's")]

use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, hint};

use sandsock_engine::application::{Application, MessageRef};
use sandsock_engine::endpoint::Endpoint;
use sandsock_engine::options::{ServerOptions, Start};
use sandsock_engine::outbox::Outbox;
use wasmtime::Store;
use wasmtime::component::{Component, Func, HasSelf, Linker, ResourceAny, TypedFunc};

/// As the host has it: guests are compiled and called the same way, and what they
/// return is lifted the same way.
#[path = "../../host/src/output.rs"]
mod output;
#[path = "../../host/src/tuning.rs"]
mod tuning;

/// What `output` knows of the host.
mod bindings {
    pub(crate) use super::plugin::exports::sandsock::websocket::types;
}

/// Looks at output where the host's writes it to a socket.
mod outlet {
    use std::cell::Cell;
    use std::hint;

    thread_local! {
        pub(crate) static BYTES: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn put(bytes: &[u8], ready_state: super::wit::ReadyState) {
        BYTES.set(hint::black_box((bytes, ready_state)).0.len());
    }
}

mod plugin {
    #![allow(missing_docs, clippy::pedantic, reason = "generated; `wit/` documents every item")]

    wasmtime::component::bindgen!({ path: "../wit", world: "plugin" });
}

use output::Output;
use plugin::exports::sandsock::websocket::types as wit;
use plugin::{Plugin, PluginPre};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// Bytes of a message, and how many of them come in one read.
const WORKLOADS: [(usize, usize); 6] =
    [(16, 1), (125, 1), (125, 16), (1 << 10, 1), (16 << 10, 4), (1 << 16, 1)];

/// For one figure.
const ROUND: Duration = Duration::from_millis(100);
const ROUNDS: usize = 9;

/// Connections that are called in turn: a lone one would have the processor's
/// cache for itself.
const CONNECTIONS: usize = 64;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, once, len, frames, ..] = &arguments[..]
        && once == "once"
    {
        return count(&frame(len.parse().unwrap()).repeat(frames.parse().unwrap()));
    }
    // `-- 125` for the workloads of that size only.
    let chosen: Vec<usize> =
        arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    println!(
        "{:>7} {:>6}  {:>12} {:>12}  {:>6}   ({ROUNDS} rounds of {ROUND:?} each, median, {CONNECTIONS} connections)",
        "bytes", "frames", "wasm ns", "native ns", "ratio"
    );
    let mut components = components(CONNECTIONS);
    let mut natives: Vec<_> = (0..CONNECTIONS).map(|_| native()).collect();
    for (len, frames) in WORKLOADS {
        if !chosen.is_empty() && !chosen.contains(&len) {
            continue;
        }
        let read = frame(len).repeat(frames);
        let echoed = read.len() - 4 * frames;
        let mut wasm = Vec::new();
        let mut own = Vec::new();
        for _ in 0..ROUNDS {
            wasm.push(per_call(&mut components, |instance| {
                assert_eq!(instance.receive(&read), echoed);
            }));
            own.push(per_call(&mut natives, |endpoint| {
                let output = endpoint.receive(0, read.clone());
                assert_eq!(hint::black_box(output.transmit).len(), echoed);
            }));
        }
        let (wasm, own) = (median(wasm), median(own));
        println!("{len:>7} {frames:>6}  {wasm:>12.0} {own:>12.0}  {:>6.2}", wasm / own);
    }
}

/// Makes one call either way, for a tool that counts what it takes.
fn count(read: &[u8]) {
    let mut instance = components(1).remove(0);
    let mut endpoint = native();
    for _ in 0..3 {
        instance.receive(read);
        endpoint.receive(0, read.to_vec());
    }
    in_wasm(&mut instance, read);
    in_native(&mut endpoint, read);
}

#[inline(never)]
fn in_wasm(instance: &mut Instance, read: &[u8]) {
    hint::black_box(instance.receive(read));
}

#[inline(never)]
fn in_native(endpoint: &mut Endpoint<Echo>, read: &[u8]) {
    hint::black_box(endpoint.receive(0, read.to_vec()).transmit);
}

/// A masked binary message of one frame.
fn frame(len: usize) -> Vec<u8> {
    let mut frame = vec![0x82];
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len @ 0..=125), _) => frame.push(0x80 | len),
        (_, Ok(len)) => {
            frame.push(0xfe);
            frame.extend(len.to_be_bytes());
        }
        (_, Err(_)) => {
            frame.push(0xff);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend([1, 2, 3, 4]);
    frame.resize(frame.len() + len, b'x');
    frame
}

/// Nanoseconds for each call, over a round.
fn per_call<T>(connections: &mut [T], mut call: impl FnMut(&mut T)) -> f64 {
    let started = Instant::now();
    let mut calls = 0u32;
    while started.elapsed() < ROUND {
        for connection in &mut *connections {
            call(connection);
            calls += 1;
        }
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[derive(Default)]
struct Echo;

impl Application for Echo {
    fn message(&mut self, message: MessageRef<'_>, outbox: &mut Outbox) {
        outbox.send(message).unwrap();
    }
}

fn native() -> Endpoint<Echo> {
    let start = Start::Accept(ServerOptions::default());
    let mut endpoint = Endpoint::start(0, start, Box::new(|_: &mut [u8]| {})).unwrap();
    endpoint.receive(0, REQUEST.to_vec());
    endpoint
}

struct Host;

impl plugin::wasi::random::random::Host for Host {
    fn get_random_bytes(&mut self, len: u64) -> Vec<u8> {
        vec![0; usize::try_from(len).unwrap()]
    }
}

/// `endpoint.receive` of `wit/endpoint.wit`.
const ENDPOINT: &str = "sandsock:websocket/endpoint@0.1.0";
const RECEIVE: &str = "[method]endpoint.receive";
type Parameters<'a> = (ResourceAny, u64, &'a [u8]);

struct Instance {
    store: Store<Host>,
    receive: Func,
    endpoint: ResourceAny,
}

fn components(count: usize) -> Vec<Instance> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components/echo.wasm");
    let engine = wasmtime::Engine::new(&tuning::config(tuning::WHOLE_REACH)).unwrap();
    let component = Component::new(&engine, fs::read(path).unwrap()).unwrap();
    let mut linker = Linker::new(&engine);
    plugin::wasi::random::random::add_to_linker::<_, HasSelf<Host>>(&mut linker, |host| host)
        .unwrap();
    let plugin = PluginPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
    (0..count).map(|_| Instance::start(&plugin)).collect()
}

impl Instance {
    fn start(plugin: &PluginPre<Host>) -> Self {
        let mut store = Store::new(plugin.engine(), Host);
        store.set_epoch_deadline(1);
        let pre = plugin.instance_pre();
        let instance = pre.instantiate(&mut store).unwrap();
        let endpoint = pre.component().get_export_index(None, ENDPOINT).unwrap();
        let receive = pre.component().get_export_index(Some(&endpoint), RECEIVE).unwrap();
        instance.get_typed_func::<Parameters<'_>, (Output,)>(&mut store, receive).unwrap();
        let receive = instance.get_func(&mut store, receive).unwrap();

        let plugin = Plugin::new(&mut store, &instance).unwrap();
        let guest = plugin.sandsock_websocket_endpoint();
        let options = guest.call_default_options(&mut store).unwrap();
        let server = wit::ServerOptions {
            options,
            subprotocols: Vec::new(),
            origins: None,
            headers: Vec::new(),
        };
        let start = wit::Start::Accept(server);
        let endpoint = guest.endpoint().call_start(&mut store, 0, &start).unwrap().unwrap();
        let mut instance = Self { store, receive, endpoint };
        instance.receive(REQUEST);
        instance
    }

    fn receive(&mut self, bytes: &[u8]) -> usize {
        // As before each call of the host's.
        self.store.set_epoch_deadline(51);
        // SAFETY: `start` compared the type.
        #[expect(unsafe_code, reason = "as the host has it")]
        let receive =
            unsafe { TypedFunc::<Parameters<'_>, (Output,)>::new_unchecked(self.receive) };
        let parameters = (self.endpoint, 0, bytes);
        let (Output { deadline, next },) = receive.call(&mut self.store, parameters).unwrap();
        hint::black_box((deadline, next));
        outlet::BYTES.get()
    }
}
