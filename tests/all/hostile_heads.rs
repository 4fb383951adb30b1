//! Heads of opening handshakes that broke other implementations, with numbers: what
//! each may cost in memory and in work. The component counts both, so nothing here is
//! a matter of timing.

use sandsock_engine::types::{Event, Options, ReadyState, ServerOptions, Start};

use crate::harness::start::{Role, quiet_options, request, request_with};
use crate::harness::work::{assert_linear, work};
use crate::harness::{Driver, Place, notation};

const KIB: usize = 1 << 10;

/// Room for heads of any length and count.
fn roomy() -> Options {
    let mut options = quiet_options();
    options.limits.head_bytes = 1 << 20;
    options.limits.header_count = 1000;
    options
}

#[test]
fn a_head_of_64_kib_one_byte_at_a_time_is_refused_with_431_at_the_limit() {
    for place in Place::BOTH {
        let mut driver = Driver::start(place, Role::Server.connecting(quiet_options()));
        let endless = request_with(&format!("X: {}", "y".repeat(64 * KIB)));
        let taken = endless.as_bytes().chunks(1).take_while(|byte| {
            driver.receive(byte);
            driver.ready_state() == ReadyState::Connecting
        });
        assert_eq!(taken.count(), 16 * KIB - 1, "the limit is inclusive");
        let out = driver.take();
        assert_eq!(notation::show_all(&out.events), ["failed head-bytes", "closed 1006"]);
        assert!(out.transmit.starts_with(b"HTTP/1.1 431 "));
    }
}

#[test]
fn a_head_that_trickles_in_costs_linear_work() {
    assert_linear(4 * KIB, |n| {
        let head = request_with(&format!("X: {}\r\n", "y".repeat(n)));
        work(Role::Server.connecting(roomy()), |driver| {
            driver.receive_in_chunks(head.as_bytes(), 1);
            assert_eq!(driver.ready_state(), ReadyState::Open);
        })
    });
}

#[test]
fn more_fields_than_the_limit_are_refused_with_431() {
    for place in Place::BOTH {
        // Five stand in the request already.
        for (more, accepted) in [(95, true), (96, false)] {
            let mut driver = Driver::start(place, Role::Server.connecting(quiet_options()));
            driver.receive(request_with(&"x: y\r\n".repeat(more)).as_bytes());
            let out = driver.take();
            let status: &[u8] = if accepted { b"HTTP/1.1 101 " } else { b"HTTP/1.1 431 " };
            assert!(out.transmit.starts_with(status), "{place:?}, {more}");
        }
    }
}

#[test]
fn many_fields_cost_linear_work() {
    assert_linear(245, |n| {
        let fields: Vec<String> = (0..n).map(|i| format!("x-{i:04}: y\r\n")).collect();
        work(Role::Server.connecting(roomy()), |driver| {
            driver.receive(request_with(&fields.concat()).as_bytes());
            assert_eq!(driver.ready_state(), ReadyState::Open);
        })
    });
}

#[test]
fn bytes_above_0x7f_in_a_fields_value_are_reported_as_they_came() {
    for place in Place::BOTH {
        let mut driver = Driver::start(place, Role::Server.connecting(quiet_options()));
        let all: Vec<u8> = (0x80..=0xff).collect();
        driver.receive(request().strip_suffix("\r\n").unwrap().as_bytes());
        driver.receive(&[b"x: ", &all[..], b"\r\n\r\n"].concat());
        let out = driver.take();
        let [Event::Opened(agreed)] = &out.events[..] else { panic!("{:?}", out.events) };
        assert_eq!(agreed.headers.last().unwrap().value, all, "{place:?}");
    }
}

#[test]
fn bytes_above_0x7f_anywhere_else_in_a_head_are_refused() {
    let request = request();
    for line in ["GET", "/chat", "HTTP", "Upgrade:", "websocket", "dGhl", "13"] {
        for byte in [0x80, 0xbf, 0xc3, 0xff] {
            let mut head = request.clone().into_bytes();
            head[request.find(line).unwrap()] = byte;
            let mut driver = Driver::start(Place::Native, Role::Server.connecting(quiet_options()));
            driver.receive(&head);
            assert_eq!(driver.ready_state(), ReadyState::Closed, "{line}, {byte:#x}");
            let status = driver.take().transmit[9..12].to_vec();
            assert!(
                [b"400", b"426"].contains(&status[..].try_into().unwrap()),
                "{line}: {status:?}"
            );
        }
    }
}

#[test]
fn hostile_lists_in_fields_cost_linear_work() {
    type Item = fn(usize) -> String;
    let lists: [(&str, Item); 6] = [
        ("Sec-WebSocket-Protocol", |i| format!("p{i},")),
        ("Sec-WebSocket-Protocol", |_| ",".into()),
        ("Sec-WebSocket-Extensions", |i| format!("x{i}; a; b=\"c\",")),
        ("Sec-WebSocket-Extensions", |_| "permessage-deflate; server_max_window_bits=7,".into()),
        ("Sec-WebSocket-Extensions", |_| "\"".into()),
        ("Connection", |i| format!("t{i} ,")),
    ];
    for (field, element) in lists {
        assert_linear(1_000, |n| {
            let list: String = (0..n).map(element).collect();
            let head = request_with(&format!("{field}: {list}\r\n"));
            work(Role::Server.connecting(roomy()), |driver| driver.receive(head.as_bytes()))
        });
    }
}

#[test]
fn an_origin_is_compared_whole() {
    let start = || {
        Start::Accept(ServerOptions {
            options: quiet_options(),
            origins: Some(vec!["https://example.com".into(), "http://localhost:8080".into()]),
            ..ServerOptions::default()
        })
    };
    for (origin, status) in [
        ("https://example.com", "101"),
        ("HTTPS://Example.Com", "101"),
        ("http://localhost:8080", "101"),
        ("http://example.com", "403"),
        ("https://example.com:444", "403"),
        ("https://example.com.evil.example", "403"),
        ("https://evil-example.com", "403"),
        ("https://example.com@evil.example", "403"),
        ("http://localhost:80801", "403"),
        ("http://localhost", "403"),
        ("null", "403"),
        ("", "403"),
    ] {
        for place in Place::BOTH {
            let mut driver = Driver::start(place, start());
            driver.receive(request_with(&format!("Origin: {origin}\r\n")).as_bytes());
            let transmit = driver.take().transmit;
            assert_eq!(&transmit[9..12], status.as_bytes(), "{origin:?}, {place:?}");
        }
    }
}

#[test]
fn the_origins_answer_stands_whatever_place_the_field_has() {
    let start = Start::Accept(ServerOptions { origins: Some(vec![]), ..ServerOptions::default() });
    let mut driver = Driver::start(Place::Native, start);
    driver.receive(request().replacen("Host", "ORIGIN: https://a.example\r\nHost", 1).as_bytes());
    assert!(driver.take().transmit.starts_with(b"HTTP/1.1 403 "));
}
