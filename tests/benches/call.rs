//! What one call costs: `endpoint.receive` of echo.wasm in wasmtime, against the
//! same engine compiled for this machine, in one process.
//!
//! `cargo xtask build && cargo bench --workspace --bench call`
//!
//! The instructions of one call are counted by callgrind, in `in_wasm` or `in_native`:
//! `valgrind --tool=callgrind --collect-atstart=no --toggle-collect='*in_wasm*' PROGRAM
//! once BYTES FRAMES`, where cargo tells the program's path.

#![allow(dead_code, unused_imports, reason = "not all of the host's files is used")]
#![allow(clippy::unwrap_used, reason = "nothing here is a peer's")]

use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, hint};

use sandsock_engine::application::{Application, MessageRef};
use sandsock_engine::endpoint::Endpoint;
use sandsock_engine::options::{Options, ServerOptions, Start};
use sandsock_engine::outbox::Outbox;
use wasmtime::{Engine, Module};

/// As the host has them: guests are compiled, instantiated and called the same way.
#[path = "../../host/src/bindings.rs"]
mod bindings;
#[path = "../../host/src/canonical/mod.rs"]
mod canonical;
#[path = "../../host/src/core_module.rs"]
mod core_module;
#[path = "../../host/src/guest_failure.rs"]
mod guest_failure;
#[path = "../../host/src/page_map.rs"]
mod page_map;
#[path = "../../host/src/store.rs"]
mod store;
#[path = "../../host/src/tuning.rs"]
mod tuning;

#[path = "../../host/src/guest"]
mod guest {
    mod calls;
    pub(crate) mod core;

    pub(crate) use calls::{Guest, Handle, Output, StartArguments};
}

/// What the above know of the rest of the host.
mod engine {
    pub(crate) const CALL_TICKS: u64 = 50;
}

/// Looks at output where the host's writes it to a socket.
mod passage {
    use std::hint;
    use std::marker::PhantomData;

    use crate::bindings::types::ReadyState;

    #[derive(Default)]
    pub(crate) struct Passage<'s> {
        pub(crate) bytes: usize,
        socket: PhantomData<&'s ()>,
    }

    impl Passage<'_> {
        /// Nothing is read here.
        pub(crate) fn read(&mut self, _: &mut [u8]) -> usize {
            self.bytes = 0;
            self.bytes
        }

        pub(crate) fn put(&mut self, bytes: &[u8], ready_state: ReadyState) {
            self.bytes = hint::black_box((bytes, ready_state)).0.len();
        }
    }
}

use bindings::types as wit;
use guest::{Guest, Handle, StartArguments};
use passage::Passage;

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
    let mut components = instances(CONNECTIONS);
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
    let mut instance = instances(1).remove(0);
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

struct Instance {
    guest: guest::core::CoreGuest,
    endpoint: Handle,
}

fn instances(count: usize) -> Vec<Instance> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components/echo.wasm");
    let component = fs::read(path).unwrap();
    let engine = Engine::new(&tuning::config(tuning::WHOLE_REACH)).unwrap();
    let module = Module::new(&engine, core_module::find(&component).unwrap()).unwrap();
    let module = guest::core::Instantiable::new(&module, false, usize::MAX).unwrap();
    let start = StartArguments::accept(wit::ServerOptions {
        options: default_options(),
        subprotocols: Vec::new(),
        origins: None,
        headers: Vec::new(),
    });
    (0..count).map(|_| Instance::start(&module, &start)).collect()
}

fn default_options() -> wit::Options {
    let Options { limits, timeouts, .. } = Options::default();
    wit::Options {
        limits: wit::Limits {
            head_bytes: limits.head_bytes,
            header_count: limits.header_count,
            frame_bytes: limits.frame_bytes,
            message_bytes: limits.message_bytes,
            fragment_count: limits.fragment_count,
            queued_pongs: limits.queued_pongs,
            output_bytes: limits.output_bytes,
        },
        timeouts: wit::Timeouts {
            opening: timeouts.opening,
            closing: timeouts.closing,
            idle: timeouts.idle,
            keepalive: None,
        },
        compression: None,
    }
}

impl Instance {
    fn start(module: &guest::core::Instantiable, start: &StartArguments) -> Self {
        let mut guest = module.instantiate(usize::MAX).unwrap();
        let endpoint = guest.start(0, start).unwrap().unwrap();
        let mut instance = Self { guest, endpoint };
        instance.receive(REQUEST);
        instance
    }

    fn receive(&mut self, bytes: &[u8]) -> usize {
        let mut passage = Passage::default();
        hint::black_box(self.guest.receive(self.endpoint, 0, bytes, &mut passage).unwrap());
        passage.bytes
    }
}
