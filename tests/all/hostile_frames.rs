//! Frames that broke other implementations, with numbers: what each may cost in
//! memory and in work. The component counts both, so nothing here is a matter
//! of timing.

use std::collections::HashSet;

use sandsock_engine::types::{
    ClientOptions, Event, LimitError, Limits, Message, Options, ReadyState, Start, Timeouts,
};

use crate::harness::component::Instance;
use crate::harness::frames::{self, BINARY, CONTINUATION, FIN, PING, PONG, TEXT, frame};
use crate::harness::start::{Role, quiet_options};
use crate::harness::work::{assert_linear, driver_of, work};
use crate::harness::{Drained, Driver, Place, notation};

const KIB: usize = 1 << 10;

fn open(options: Options) -> Driver<Instance> {
    driver_of(Role::Server.open(options))
}

fn events<E: crate::harness::Engine + ?Sized>(driver: &mut Driver<E>) -> Vec<String> {
    notation::show_all(&driver.take().events)
}

// ----- Lengths ------------------------------------------------------------------

#[test]
fn a_declared_length_allocates_nothing() {
    let mut options = quiet_options();
    options.limits.frame_bytes = u64::MAX;
    options.limits.message_bytes = 1 << 30;
    for header in [
        // 1 GiB, which is permitted here, and 2^63-1.
        &[0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4][..],
        &[0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4],
        &[0x02, 0xff, 0, 0, 0, 0, 0x3f, 0xff, 0xff, 0xff, 1, 2, 3, 4],
    ] {
        let mut driver = open(options.clone());
        let before = driver.engine().memory_bytes();
        driver.receive(header);
        driver.receive(&[0; 1000]);
        let grown = driver.engine().memory_bytes() - before;
        assert!(grown <= 64 * KIB, "{header:02x?}: {grown} bytes");
    }
}

#[test]
fn a_message_takes_room_as_it_comes() {
    let mut driver = open(quiet_options());
    let before = driver.engine().memory_bytes();
    let len = 4 << 20;
    let bytes = frame(Role::Client, FIN | BINARY, &vec![7; len]);
    driver.receive_in_chunks(&bytes[..len / 4], 16 * KIB);
    // A quarter has come: twice that is held at most, and once more while the
    // buffer moves.
    let grown = driver.engine().memory_bytes() - before;
    assert!(grown <= 3 * len / 4 + 128 * KIB, "{grown} bytes for a quarter of {len}");
    driver.receive_in_chunks(&bytes[len / 4..], 16 * KIB);
    let out = driver.take();
    assert!(matches!(&out.events[..], [_, Event::Message(Message::Binary(b))] if b.len() == len));
}

#[test]
fn a_message_that_trickles_in_costs_linear_work() {
    for (first, n) in [(FIN | TEXT, 16 * KIB), (FIN | BINARY, 16 * KIB)] {
        assert_linear(n, |n| {
            let bytes = frame(Role::Client, first, &vec![b'a'; n]);
            work(Role::Server.open(quiet_options()), |driver| driver.receive_in_chunks(&bytes, 1))
        });
    }
}

// ----- Fragments ----------------------------------------------------------------

#[test]
fn endless_empty_fragments_end_at_the_limit_and_take_no_memory() {
    let mut driver = open(quiet_options());
    let before = driver.engine().memory_bytes();
    driver.receive(&frame(Role::Client, BINARY, b""));
    let fragments = frame(Role::Client, CONTINUATION, b"").repeat(10_000);
    let mut batches = 0;
    while driver.ready_state() == ReadyState::Open {
        driver.receive(&fragments);
        batches += 1;
        assert!(batches <= 105, "1,048,576 fragments are permitted");
    }
    let count = LimitError::FragmentCount((1 << 20) + 1);
    let failed = notation::show_failure(&count.into());
    assert_eq!(events(&mut driver), ["opened", &format!("failed {failed}"), "closed 1006"]);
    let grown = driver.engine().memory_bytes() - before;
    assert!(grown <= 256 * KIB, "{grown} bytes for fragments without a byte in them");
}

#[test]
fn tiny_fragments_up_to_the_limit_of_a_message_take_the_memory_of_the_message() {
    let mut options = quiet_options();
    let most = 256 * KIB;
    options.limits.message_bytes = most as u64;
    let mut driver = open(options);
    let before = driver.engine().memory_bytes();
    driver.receive(&frame(Role::Client, BINARY, b""));
    let fragment = frame(Role::Client, CONTINUATION, b"x");
    driver.receive_in_chunks(&fragment.repeat(most), 7 * KIB);
    assert_eq!(driver.ready_state(), ReadyState::Open);
    let grown = driver.engine().memory_bytes() - before;
    assert!(grown <= 3 * most + 64 * KIB, "{grown} bytes for a message of {most}");
    driver.receive(&fragment);
    let expected = format!("failed message-bytes({})", most + 1);
    assert_eq!(events(&mut driver), ["opened", &expected, "closed 1006"]);
}

#[test]
fn fragments_cost_linear_work() {
    assert_linear(10_000, |n| {
        let fragments = frame(Role::Client, CONTINUATION, b"x").repeat(n);
        work(Role::Server.open(quiet_options()), |driver| {
            driver.receive(&frame(Role::Client, TEXT, b""));
            driver.receive_in_chunks(&fragments, 4 * KIB);
        })
    });
}

// ----- Pings --------------------------------------------------------------------

#[test]
fn of_more_pings_than_can_wait_the_newest_is_answered() {
    for place in Place::BOTH {
        let mut options = quiet_options();
        options.limits.queued_pongs = 10;
        let mut driver = Driver::start(place, Role::Server.open(options));
        driver.take();
        let pings = (0..1000u16).map(|n| frame(Role::Client, FIN | PING, &n.to_be_bytes()));
        driver.receive(&pings.collect::<Vec<_>>().concat());
        let out = driver.take();
        assert_eq!(out.events.len(), 1000, "each is reported");
        let pongs = frames::decode_all(Role::Server, &out.transmit);
        assert!(pongs.iter().all(|pong| pong.first == FIN | PONG));
        let answered: Vec<&[u8]> = pongs.iter().map(|pong| &pong.payload[..]).collect();
        let expected: Vec<[u8; 2]> = (0..10).chain([999u16]).map(u16::to_be_bytes).collect();
        assert_eq!(answered, expected, "{place:?}");
    }
}

#[test]
fn a_flood_of_pings_is_answered_in_bounded_outputs() {
    let limits = Limits::default();
    let mut engine = Place::Native.start(Role::Server.open(quiet_options()), 0);
    engine.drain(0);
    engine.receive(0, &frame(Role::Client, FIN | PING, &[7; 125]).repeat(100_000));
    let mut drains = 0;
    loop {
        let (_, output) = engine.drain(0);
        let most = limits.output_bytes as usize + 127;
        assert!(output.transmit.len() <= most, "{} bytes", output.transmit.len());
        drains += 1;
        if output.next == sandsock_engine::types::Next::Receive {
            break;
        }
    }
    assert!(drains > 10, "{drains} drains");
}

// ----- Limits -------------------------------------------------------------------

#[test]
fn every_default_is_finite() {
    let Limits {
        head_bytes,
        header_count,
        frame_bytes,
        message_bytes,
        fragment_count,
        queued_pongs,
        output_bytes,
    } = Limits::default();
    assert!(head_bytes <= 64 << 10 && header_count <= 1000 && output_bytes <= 1 << 20);
    assert!(frame_bytes <= 64 << 20 && message_bytes <= 64 << 20);
    assert!(fragment_count <= 1 << 20 && queued_pongs <= 1 << 12);
    let Timeouts { opening, closing, idle: _, keepalive } = Timeouts::default();
    assert!(opening <= 60_000 && closing <= 60_000);
    let keepalive = keepalive.expect("a peer that is gone is found without asking for it");
    assert!(keepalive.interval + keepalive.timeout <= 120_000);
}

#[test]
fn a_connection_fails_once_and_what_follows_costs_nothing() {
    // A client, as it waits for the server to end the transport.
    let mut options = quiet_options();
    options.limits.message_bytes = 10;
    let mut driver = driver_of(Role::Client.open(options));
    let before = driver.engine().memory_bytes();
    driver.receive(&frame(Role::Server, FIN | BINARY, &[0; 11]));
    let out = driver.take();
    assert_eq!(notation::show_all(&out.events), ["opened", "failed message-bytes(11)"]);
    assert_eq!(frames::unmasked(Role::Client, &out.transmit), [0x88, 2, 0x03, 0xf1]);
    for _ in 0..256 {
        driver.receive(&vec![0xff; 64 * KIB]);
    }
    assert_eq!(driver.take(), Drained::default());
    let grown = driver.engine().memory_bytes() - before;
    assert!(grown <= 256 * KIB, "{grown} bytes for 16 MiB that nobody reads");
}

// ----- Masking keys ---------------------------------------------------------------

#[test]
fn every_frame_of_a_client_has_a_masking_key_of_its_own() {
    for place in Place::BOTH {
        let keys = |seed| {
            let start = Role::Client.open(quiet_options());
            let mut driver = Driver::start_seeded(place, start, seed);
            for _ in 0..200 {
                driver.send_message(&Message::Text("the same".into())).unwrap();
                driver.send_ping(b"the same").unwrap();
            }
            let frames = frames::decode_all(Role::Client, &driver.take().transmit);
            let keys = frames.iter().map(|frame| frame.masking_key.unwrap());
            keys.collect::<HashSet<_>>()
        };
        assert_eq!(keys(1).len(), 400, "{place:?}: no key is used twice");
        assert!(keys(1).is_disjoint(&keys(2)), "{place:?}: the entropy decides the keys");
    }
}

#[test]
fn every_connection_of_a_client_has_a_key_of_its_own() {
    let request = |seed| {
        let options = ClientOptions {
            host: "example.com".into(),
            resource_name: "/".into(),
            ..ClientOptions::default()
        };
        Driver::start_seeded(Place::Component, Start::Connect(options), seed).take().transmit
    };
    assert_ne!(request(1), request(2));
    assert_eq!(request(1), request(1), "the same entropy makes the same request");
}
