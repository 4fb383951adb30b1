//! All ways to run a guest lead to the same.

#[cfg(target_os = "linux")]
mod restoring;

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use super::core::CoreGuest;
use super::{Guest, Output, Plugin, StartArguments};
use crate::bindings::types::{
    CloseFrame, Closure, Failure, Header, ReadyState, ServerOptions, Timeouts,
};
use crate::passage::tests::pair;
use crate::passage::{Passage, Taken, Way};
use crate::precompiled::ECHO;
use crate::settings::Settings;

/// What a host does with an endpoint.
#[derive(Clone, Copy)]
enum Call<'c> {
    Receive(&'c [u8]),
    ReceiveEnd,
    ReachDeadline(u64),
    Close(&'c str),
}

/// What came of it: bytes for the peer with the ready state, and the rest.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    taken: Taken,
    output: Option<Output>,
}

const REQUEST: &str = "GET /path HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: other, chat\r\nOrigin: https://example.com\r\n\r\n";

fn plugin() -> Plugin {
    let settings = Settings { max_connections: 8, ..Settings::default() };
    Plugin::load(ECHO, &settings).unwrap()
}

/// Makes the calls in turn, then asks how the connection ended.
fn run(
    guest: &mut dyn Guest,
    start: &ServerOptions,
    calls: &[Call<'_>],
) -> (Vec<Outcome>, Option<Closure>) {
    guest.prepare();
    let endpoint = guest.start(0, &StartArguments::accept(start.clone())).unwrap().unwrap();
    let mut outcomes = Vec::new();
    let mut record =
        |call: &mut dyn FnMut(&mut Passage<'_>) -> wasmtime::Result<Option<Output>>| {
            let mut passage = Passage::new(Way::None, usize::MAX);
            let output = call(&mut passage).unwrap();
            outcomes.push(Outcome { taken: passage.taken().unwrap().unwrap(), output });
        };
    record(&mut |passage| guest.drain(endpoint, 0, passage).map(Some));
    for call in calls {
        record(&mut |passage| match *call {
            Call::Receive(bytes) => {
                guest.prepare();
                guest.receive(endpoint, 1, bytes, passage).map(Some)
            }
            Call::ReceiveEnd => guest.receive_end(endpoint, 2, passage).map(Some),
            Call::ReachDeadline(now) => guest.reach_deadline(endpoint, now, passage).map(Some),
            Call::Close(reason) => {
                let frame = CloseFrame { code: 1001, reason: reason.to_owned() };
                guest.close(endpoint, 3, &frame, passage)
            }
        });
    }
    let closure = guest.closure(endpoint).unwrap();
    guest.drop_endpoint(endpoint).unwrap();
    (outcomes, closure)
}

/// An instance of each kind, with so many bytes of memory at most.
fn guests(plugin: &Plugin, memory_limit: usize) -> [Box<dyn Guest>; 3] {
    let module = plugin.module.as_ref().expect("the echo component is made of one core module");
    [
        Box::new(module.instantiate(memory_limit).unwrap()),
        Box::new(module.without_standing().instantiate(memory_limit).unwrap()),
        Box::new(plugin.component.instantiate(memory_limit).unwrap()),
    ]
}

/// [`run`] each way. They have to agree.
#[track_caller]
fn agreed(
    plugin: &Plugin,
    start: &ServerOptions,
    calls: &[Call<'_>],
) -> (Vec<Outcome>, Option<Closure>) {
    let ways = guests(plugin, 1 << 30).map(|mut guest| run(&mut *guest, start, calls));
    let [first, others @ ..] = ways;
    for other in others {
        assert_eq!(first, other);
    }
    first
}

fn accept(plugin: &Plugin) -> ServerOptions {
    ServerOptions {
        options: plugin.default_options().unwrap(),
        subprotocols: vec!["chat".to_owned(), "superchat".to_owned()],
        origins: Some(vec!["https://example.com".to_owned()]),
        headers: vec![Header { name: "server".to_owned(), value: b"sand\xc3\xa9".to_vec() }],
    }
}

/// A client's frame, masked with zeros.
fn masked(frame: &[u8]) -> Vec<u8> {
    let [first, second, rest @ ..] = frame else { panic!("no frame: {frame:x?}") };
    let (extended, payload) = rest.split_at(match second {
        126 => 2,
        127 => 8,
        _ => 0,
    });
    [&[*first, second | 0x80], extended, &[0; 4], payload].concat()
}

fn why((outcomes, closure): (Vec<Outcome>, Option<Closure>)) -> Failure {
    let failure = closure.and_then(|closure| closure.failure);
    failure.unwrap_or_else(|| panic!("not closed, or without a failure: {outcomes:x?}"))
}

#[test]
fn every_field_of_the_arguments_arrives() {
    let plugin = plugin();
    let start = accept(&plugin);
    let message = [&[0x82, 0xfe, 0x01, 0x00, 0, 0, 0, 0][..], &[7; 256]].concat();
    let calls = [Call::Receive(REQUEST.as_bytes()), Call::Receive(&message), Call::Close("bye")];
    let (outcomes, closure) = agreed(&plugin, &start, &calls);
    let head = String::from_utf8_lossy(&outcomes[1].taken.rest).to_lowercase();
    assert!(head.contains("sec-websocket-protocol: chat\r\n"), "{head}");
    assert!(head.contains("server: sandé\r\n"), "{head}");
    assert_eq!(outcomes[2].taken.rest, [&[0x82, 0x7e, 0x01, 0x00][..], &[7; 256]].concat());
    assert_eq!(outcomes[3].taken.rest, b"\x88\x05\x03\xe9bye");
    assert_eq!(outcomes[3].taken.ready_state, ReadyState::Closing);
    assert_eq!(closure, None);

    let (closing, opening) = (4_321, 1_234);
    let mut options = accept(&plugin).options;
    options.timeouts = Timeouts { opening, closing, idle: Some(77), keepalive: None };
    options.compression = None;
    let (outcomes, _) = agreed(&plugin, &ServerOptions { options, ..accept(&plugin) }, &[]);
    assert_eq!(outcomes[0].output.as_ref().unwrap().deadline, Some(1_234));
}

#[test]
fn every_end_of_a_connection_is_told() {
    let plugin = plugin();
    let start = accept(&plugin);
    let extension = "Sec-WebSocket-Extensions: permessage-deflate\r\nOrigin";
    let request = REQUEST.replacen("Origin", extension, 1);
    let open = |bytes: &[u8]| {
        let calls = [Call::Receive(request.as_bytes()), Call::Receive(bytes), Call::ReceiveEnd];
        agreed(&plugin, &start, &calls)
    };
    // A Close frame, which is echoed and tells code and reason.
    let closure = open(&masked(b"\x88\x06\x0f\xa0text")).1.unwrap();
    assert!(closure.clean && closure.code == 4000 && closure.reason == "text", "{closure:?}");
    let closure = open(&masked(b"\x8a\x00")).1.unwrap();
    assert!(closure.failure.is_none() && closure.code == 1006, "{closure:?}");

    let frames: [&[u8]; 14] = [
        b"\xb1\x00",
        b"\x83\x00",
        b"\x82\x7e\x00\x7d",
        b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00",
        b"\x09\x00",
        b"\x89\x7e\x00\x7e",
        b"\x80\x00",
        b"\x81\x01\xff",
        b"\x88\x01\x00",
        b"\x88\x02\x03\xed",
        b"\x88\x03\x03\xe8\xff",
        b"\xc2\x02\x07\x07",
        b"\x82\x7f\x00\x00\x00\x00\x40\x00\x00\x00",
        b"\x82\x7f\x00\x00\x00\x00\x01\x00\x00\x01",
    ];
    let mut failures = Vec::new();
    for frame in frames {
        failures.push(why(open(&masked(frame))));
    }
    failures.push(why(open(b"\x81\x00")));
    failures.push(why(open(&[masked(b"\x01\x00"), masked(b"\x81\x00")].concat())));

    let changes = [
        ("GET", "PUT"),
        ("HTTP/1.1", "HTTP/1.0"),
        ("/path", "path"),
        ("Host: h\r\n", ""),
        ("upgrade\r\n", "close\r\n"),
        ("websocket\r\n", "h2c\r\n"),
        ("Key: d", "Key: "),
        (": 13", ": 12"),
        ("//example", "//evil"),
        ("other,", "other;"),
        ("Host", "H st"),
        ("Host", "Content-Length: 1\r\nHost"),
        ("Origin", "Sec-WebSocket-Extensions: ;\r\nOrigin"),
    ];
    for (from, to) in changes {
        let request = REQUEST.replacen(from, to, 1);
        assert_ne!(request, REQUEST);
        let calls = [Call::Receive(request.as_bytes()), Call::ReceiveEnd];
        failures.push(why(agreed(&plugin, &start, &calls)));
    }
    failures.push(why(agreed(&plugin, &start, &[Call::Receive(b"GET"), Call::ReceiveEnd])));
    failures.push(why(agreed(&plugin, &start, &[Call::Close(""), Call::ReceiveEnd])));
    let timeout = agreed(&plugin, &start, &[Call::ReachDeadline(60_000), Call::ReceiveEnd]);
    failures.push(why(timeout));
    let told: HashSet<_> = failures.iter().map(|failure| format!("{failure:?}")).collect();
    assert_eq!(told.len(), failures.len(), "each is told from the others: {told:?}");
}

#[test]
fn bytes_are_received_straight_from_a_socket() -> io::Result<()> {
    let plugin = plugin();
    let arguments = StartArguments::accept(accept(&plugin));
    let payload: Vec<u8> = (0..5_000_u16).flat_map(u16::to_be_bytes).collect();
    let message = [b"\x82\x7e\x27\x10", &payload[..]].concat();
    let received = masked(&message).repeat(2);
    for guest in &mut guests(&plugin, 1 << 30) {
        let endpoint = guest.start(0, &arguments).unwrap().unwrap();
        let mut passage = Passage::new(Way::None, usize::MAX);
        guest.receive(endpoint, 0, REQUEST.as_bytes(), &mut passage).unwrap();

        let (socket, mut peer) = pair()?;
        let mut receive = |room, count| {
            let mut passage = Passage::new(Way::Socket(&socket), usize::MAX);
            guest.receive_directly(endpoint, 1, room, &mut passage).unwrap();
            assert_eq!(passage.passed().received, count);
            assert!(passage.taken().unwrap().unwrap().rest.is_empty(), "it went to the socket");
        };
        receive(400, 0);
        peer.write_all(&received)?;
        let started = Instant::now();
        while socket.waiting() < received.len() {
            assert!(started.elapsed() < Duration::from_secs(10), "so few bytes do not come");
        }
        // As much as there is room for, which was made and has to grow; less; nothing.
        receive(12_000, 12_000);
        receive(500, 500);
        receive(10_000, 7_516);
        receive(400, 0);
        drop(socket);
        let mut echoes = Vec::new();
        peer.read_to_end(&mut echoes)?;
        assert!(echoes == message.repeat(2), "{} bytes", echoes.len());
    }
    Ok(())
}

#[test]
fn room_for_bytes_that_do_not_come_is_made_once() -> io::Result<()> {
    let plugin = plugin();
    let arguments = StartArguments::accept(accept(&plugin));
    let (socket, _peer) = pair()?;
    for guest in &mut guests(&plugin, 1 << 20) {
        let endpoint = guest.start(0, &arguments).unwrap().unwrap();
        for len in (1000..200_000).step_by(1000).rev() {
            let mut passage = Passage::new(Way::Socket(&socket), usize::MAX);
            guest.receive_directly(endpoint, 0, len, &mut passage).unwrap();
            assert_eq!(passage.passed().received, 0);
        }
    }
    Ok(())
}

#[test]
fn host_and_guest_agree_on_the_standing_block_of_echo_wasm() {
    let plugin = plugin();
    let mut options = accept(&plugin);
    // Their first would be kept in the block until the handshake is done.
    options.subprotocols.clear();
    let arguments = StartArguments::accept(options);
    let module = plugin.module.unwrap();
    assert_eq!(module.without_standing().instantiate(1 << 30).unwrap().take_standing(b"-"), None);
    let mut guest = module.instantiate(1 << 30).unwrap();
    let endpoint = guest.start(0, &arguments).unwrap().unwrap();
    let receive = |guest: &mut CoreGuest, bytes: &[u8]| {
        let mut passage = Passage::new(Way::None, usize::MAX);
        guest.receive(endpoint, 0, bytes, &mut passage).unwrap();
        passage.taken().unwrap().unwrap().rest
    };
    receive(&mut guest, REQUEST.as_bytes());
    // Free behind a call, whether the host took it for that or had taken it before.
    assert_eq!(receive(&mut guest, &masked(b"\x82\x01-")), b"\x82\x01-");
    let block = guest.take_standing(b"-");
    assert!(block.is_some());
    assert_eq!(guest.take_standing(b"-"), None, "it is taken");
    assert_eq!(receive(&mut guest, &masked(b"\x82\x01-")), b"\x82\x01-", "elsewhere");
    assert_eq!(guest.take_standing(b"-"), None, "it is taken still");
}

#[test]
fn options_out_of_their_bounds_are_refused() {
    let plugin = plugin();
    let mut options = accept(&plugin);
    options.options.timeouts.opening = 0;
    let arguments = StartArguments::accept(options);
    for guest in &mut guests(&plugin, 1 << 30) {
        assert!(guest.start(0, &arguments).unwrap().is_none());
    }
}

#[test]
fn an_endpoint_that_is_dropped_leaves_nothing() {
    let plugin = plugin();
    let arguments = StartArguments::accept(accept(&plugin));
    for guest in &mut guests(&plugin, 1 << 20) {
        for _ in 0..10_000 {
            let endpoint = guest.start(0, &arguments).unwrap().unwrap();
            guest.drop_endpoint(endpoint).unwrap();
        }
    }
}
