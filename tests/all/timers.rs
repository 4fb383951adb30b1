//! Timeouts, under a virtual clock: a test takes no longer for a minute's wait.

use sandsock_engine::types::{CloseFrame, Keepalive, Message, Options, ReadyState};

use crate::harness::frames::{self, FIN, PING, PONG, TEXT, frame};
use crate::harness::start::{Role, quiet_options, request};
use crate::harness::{Driver, Place, bytes, notation};

/// Runs a test in both places.
fn everywhere(test: impl Fn(Place)) {
    Place::BOTH.into_iter().for_each(test);
}

fn events(driver: &mut Driver) -> (Vec<String>, Vec<u8>) {
    let out = driver.take();
    (notation::show_all(&out.events), out.transmit)
}

fn with_keepalive(interval: u32, timeout: u32) -> Options {
    let mut options = quiet_options();
    options.timeouts.keepalive = Some(Keepalive { interval, timeout });
    options
}

#[test]
fn a_request_that_trickles_in_is_refused_with_408_at_the_opening_timeout() {
    everywhere(|place| {
        let mut driver = Driver::start(place, Role::Server.connecting(quiet_options()));
        assert_eq!(driver.deadline(), Some(10_000));
        // A byte each 100 ms: 100 of them fit, and none extends the deadline.
        for byte in request().as_bytes().chunks(1).take(99) {
            driver.receive(byte);
            driver.pass(100);
            assert_eq!(driver.deadline(), Some(10_000));
        }
        assert_eq!(events(&mut driver), (vec![], vec![]));
        driver.pass(100);
        let (events, transmit) = events(&mut driver);
        assert_eq!(events, ["failed opening-timeout", "closed 1006"]);
        assert!(transmit.starts_with(b"HTTP/1.1 408 "), "{place:?}");
        assert_eq!(driver.ready_state(), ReadyState::Closed);
    });
}

#[test]
fn a_client_gives_up_at_the_opening_timeout_and_says_nothing() {
    everywhere(|place| {
        let mut driver = Driver::start(place, Role::Client.connecting(quiet_options()));
        driver.take();
        driver.receive(b"HTTP/1.1 101 Switching Protocols\r\n");
        driver.pass(10_000);
        let expected = ["failed opening-timeout", "closed 1006"].map(String::from).to_vec();
        assert_eq!(events(&mut driver), (expected, vec![]));
    });
}

#[test]
fn the_opening_timeout_ends_with_the_opening_handshake() {
    everywhere(|place| {
        let mut driver = Driver::start(place, Role::Server.connecting(quiet_options()));
        driver.pass(9_999);
        driver.receive(request().as_bytes());
        assert_eq!(driver.deadline(), None);
        driver.pass(86_400_000);
        assert_eq!(driver.ready_state(), ReadyState::Open);
    });
}

#[test]
fn a_peer_that_does_not_answer_a_close_is_left_at_the_closing_timeout() {
    for role in Role::BOTH {
        everywhere(|place| {
            let mut driver = Driver::start(place, role.open(quiet_options()));
            driver.pass(1_000);
            driver.close(Some(CloseFrame::new(1000))).unwrap();
            driver.take();
            assert_eq!(driver.deadline(), Some(6_000));
            // Data that still comes is delivered, and does not extend the deadline.
            driver.pass(4_000);
            driver.receive(&frame(role.peer(), FIN | TEXT, b"Hi"));
            assert_eq!(driver.deadline(), Some(6_000));
            driver.pass(1_000);
            let expected = ["text \"Hi\"", "failed closing-timeout", "closed 1006"];
            assert_eq!(events(&mut driver).0, expected, "{role:?}, {place:?}");
        });
    }
}

#[test]
fn a_client_whose_server_does_not_end_the_transport_ends_it_cleanly() {
    // §7.1.1: the client waits for the server, but not forever.
    everywhere(|place| {
        let mut driver = Driver::start(place, Role::Client.open(quiet_options()));
        driver.pass(1_000);
        driver.receive(&frames::close(Role::Server, 1000));
        assert_eq!(driver.deadline(), Some(6_000));
        driver.take();
        driver.pass(5_000);
        assert_eq!(events(&mut driver).0, ["closed cleanly 1000"], "{place:?}");
    });
}

#[test]
fn a_failed_client_ends_the_transport_at_the_closing_timeout() {
    everywhere(|place| {
        let mut driver = Driver::start(place, Role::Client.open(quiet_options()));
        driver.receive(&frame(Role::Server, FIN | 0x3, b""));
        assert_eq!(driver.ready_state(), ReadyState::Closing);
        driver.pass(2_500);
        // What it sends meanwhile is nobody's business any more (§7.1.7).
        driver.receive(&frame(Role::Server, FIN | TEXT, b"Hi"));
        driver.pass(2_500);
        assert_eq!(events(&mut driver).0, ["opened", "failed reserved-opcode(3)", "closed 1006"]);
    });
}

#[test]
fn a_connection_without_messages_is_closed_with_1001_at_the_idle_timeout() {
    for role in Role::BOTH {
        everywhere(|place| {
            let mut options = quiet_options();
            options.timeouts.idle = Some(60_000);
            let mut driver = Driver::start(place, role.open(options));
            driver.take();
            driver.pass(50_000);
            // Pings are no messages.
            driver.receive(&frame(role.peer(), FIN | PING, b""));
            assert_eq!(driver.deadline(), Some(60_000));
            // A message in either direction is.
            driver.receive(&frame(role.peer(), FIN | TEXT, b"Hi"));
            assert_eq!(driver.deadline(), Some(110_000));
            driver.pass(10_000);
            driver.send_message(&Message::Text("Hi".into())).unwrap();
            assert_eq!(driver.deadline(), Some(120_000));
            driver.take();

            driver.pass(60_000);
            let out = driver.take();
            let transmit = frames::unmasked(role, &out.transmit);
            assert_eq!(bytes::show(&transmit), "880203e9", "{role:?}, {place:?}");
            assert_eq!(driver.ready_state(), ReadyState::Closing);
            // It is a closing handshake like any other.
            assert_eq!(driver.deadline(), Some(125_000));
            driver.receive(&frames::close(role.peer(), 1001));
            driver.receive_end();
            let expected = ["close-received 1001", "closed cleanly 1001"];
            assert_eq!(events(&mut driver).0, expected);
        });
    }
}

#[test]
fn a_ping_is_sent_after_the_keepalive_interval_without_a_byte() {
    for role in Role::BOTH {
        everywhere(|place| {
            let mut driver = Driver::start(place, role.open(with_keepalive(1_000, 500)));
            driver.take();
            driver.pass(900);
            // Any byte counts, not only a frame's last.
            let text = frame(role.peer(), FIN | TEXT, b"Hi");
            driver.receive(&text[..1]);
            assert_eq!(driver.deadline(), Some(1_900));
            driver.pass(999);
            assert_eq!(events(&mut driver), (vec![], vec![]));
            driver.pass(1);
            let sent = frames::decode_all(role, &driver.take().transmit);
            assert_eq!(sent.len(), 1, "{role:?}, {place:?}");
            assert_eq!(sent[0].first, FIN | PING);
            assert_eq!(driver.deadline(), Some(2_400));

            driver.pass(120);
            driver.receive(&text[1..]);
            driver.receive(&frame(role.peer(), FIN | PONG, &sent[0].payload));
            assert_eq!(driver.round_trip(), Some(120));
            assert_eq!(driver.deadline(), Some(3_020));
        });
    }
}

#[test]
fn every_keepalive_ping_can_be_told_from_the_others() {
    let mut driver = Driver::start(Place::Native, Role::Server.open(with_keepalive(1_000, 500)));
    let mut seen = Vec::new();
    for _ in 0..5 {
        driver.pass(1_000);
        let pings = frames::decode_all(Role::Server, &driver.take().transmit);
        assert_eq!(pings.len(), 1);
        assert!(!seen.contains(&pings[0].payload), "{pings:?}");
        driver.receive(&frame(Role::Client, FIN | PONG, &pings[0].payload));
        seen.push(pings[0].payload.clone());
    }
}

#[test]
fn a_peer_that_sends_nothing_behind_a_keepalive_ping_is_failed_with_1011() {
    for role in Role::BOTH {
        everywhere(|place| {
            let mut driver = Driver::start(place, role.open(with_keepalive(1_000, 500)));
            driver.take();
            driver.pass(1_499);
            assert_eq!(driver.ready_state(), ReadyState::Open);
            driver.take();
            driver.pass(1);
            let out = driver.take();
            let transmit = frames::unmasked(role, &out.transmit);
            assert_eq!(bytes::show(&transmit), "880203f3", "{role:?}, {place:?}");
            let events = notation::show_all(&out.events);
            match role {
                Role::Server => assert_eq!(events, ["failed keepalive-timeout", "closed 1006"]),
                Role::Client => assert_eq!(events, ["failed keepalive-timeout"]),
            }
        });
    }
}

#[test]
fn any_byte_behind_a_keepalive_ping_shows_that_the_peer_is_there() {
    everywhere(|place| {
        let mut driver = Driver::start(place, Role::Server.open(with_keepalive(1_000, 500)));
        driver.pass(1_400);
        driver.receive(&[0x81]);
        assert_eq!(driver.deadline(), Some(2_400), "{place:?}");
        driver.pass(500);
        assert_eq!(driver.ready_state(), ReadyState::Open);
    });
}

#[test]
fn a_clock_that_goes_backwards_stands_still() {
    let mut engine = Place::Native.start(Role::Server.open(with_keepalive(1_000, 500)), 0);
    engine.drain(5_000);
    engine.receive(4_000, &frame(Role::Client, FIN | TEXT, b"Hi"));
    assert_eq!(engine.drain(3_000).1.deadline, Some(6_000));
}

#[test]
fn a_clock_near_its_end_does_not_overflow() {
    let mut engine = Place::Native.start(Role::Server.open(with_keepalive(1_000, 500)), 0);
    engine.receive(u64::MAX - 1, &[0x81]);
    assert_eq!(engine.drain(u64::MAX - 1).1.deadline, Some(u64::MAX));
    engine.reach_deadline(u64::MAX);
    engine.drain(u64::MAX);
}
