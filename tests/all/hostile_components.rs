//! Applications that misbehave, in the real host: each costs its own connection
//! and nobody else's, which is closed with 1011, and the log tells why.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use tempfile::NamedTempFile;

use crate::harness::app::{self, Shape};
use crate::harness::server::{Server, read_to_end};

/// What the host transmits for a guest that cannot any more.
const INTERNAL_ERROR: [u8; 4] = [0x88, 0x02, 0x03, 0xf3];

/// What `apps/hostile.wat` can be told to do, and the word for it in the log.
const MISDEEDS: [(u8, &str); 9] = [
    (b'l', "CPU deadline"),
    (b'm', "out of memory"),
    (b'u', "unreachable"),
    (b'r', "stack"),
    (b'o', "guest failed"),
    (b'n', "guest failed"),
    (b'p', "guest failed"),
    (b'd', "guest failed"),
    (b'i', "guest failed"),
];

/// A server of the hostile application, and the file it was read from.
struct Hostile {
    server: Server,
    _component: NamedTempFile,
}

fn hostile(isolation: &str, shape: Shape) -> Hostile {
    let component = app::component("hostile.wat", shape);
    let path = component.path().to_str().unwrap();
    let server = Server::start(&[
        "--app",
        path,
        "--isolation",
        isolation,
        "--workers",
        "1",
        "--call-timeout",
        "200ms",
        "--memory-limit",
        "8MiB",
    ]);
    server.wait_for_log(&[match shape {
        Shape::OneModule => "instances are restored behind their connections",
        Shape::TwoModules => "the component is called as such",
    }]);
    Hostile { server, _component: component }
}

fn opened(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    stream.write_all(b"hello").unwrap();
    expect(&mut stream, b"open");
    stream
}

/// Every way that the host runs the application.
fn all() -> impl Iterator<Item = (&'static str, Shape)> {
    let isolations = ["connection", "worker"].into_iter();
    isolations.flat_map(|isolation| Shape::BOTH.map(|shape| (isolation, shape)))
}

/// A connection that the application treats well.
fn assert_well(stream: &mut TcpStream) {
    stream.write_all(b"how").unwrap();
    expect(stream, b"ok");
}

fn expect(stream: &mut TcpStream, bytes: &[u8]) {
    let mut read = vec![0; bytes.len()];
    stream.read_exact(&mut read).unwrap();
    assert_eq!(read, bytes);
}

#[test]
fn a_misdeed_costs_its_own_connection_and_no_other() {
    for shape in Shape::BOTH {
        let Hostile { server, _component } = hostile("connection", shape);
        let mut bystander = opened(&server);
        for (misdeed, cause) in MISDEEDS {
            let mut stream = opened(&server);
            assert_well(&mut stream);
            stream.write_all(&[misdeed]).unwrap();
            assert_eq!(read_to_end(&mut stream), INTERNAL_ERROR, "{}", char::from(misdeed));
            let peer = stream.local_addr().unwrap().to_string();
            server.wait_for_log(&["the guest failed", "cause=", cause, &peer]);
            assert_well(&mut bystander);
            assert_well(&mut opened(&server));
        }
    }
}

#[test]
fn nothing_is_left_of_a_connection_for_the_next_one() {
    for shape in Shape::BOTH {
        let Hostile { server, _component } = hostile("connection", shape);
        for _ in 0..20 {
            // Of two at once, and each begins where the one before ended.
            let mut streams = [opened(&server), opened(&server)];
            for stream in &mut streams {
                stream.write_all(b"k").unwrap();
                expect(stream, b"ok");
            }
            for mut stream in streams {
                stream.shutdown(Shutdown::Write).unwrap();
                assert!(read_to_end(&mut stream).is_empty());
            }
        }
    }
}

#[test]
fn many_misdeeds_are_few_warnings() {
    const MANY: usize = 100;
    let Hostile { server, _component } = hostile("connection", Shape::OneModule);
    for _ in 0..MANY {
        let mut stream = opened(&server);
        stream.write_all(b"u").unwrap();
        assert_eq!(read_to_end(&mut stream), INTERNAL_ERROR);
        let peer = stream.local_addr().unwrap().to_string();
        server.wait_for_log(&["the guest failed", &peer]);
    }
    let log = server.log();
    let count = |level| {
        log.lines().filter(|line| line.contains(level) && line.contains("the guest failed")).count()
    };
    assert_eq!(count("WARN") + count("DEBUG"), MANY);
    assert!((1..MANY / 2).contains(&count("WARN")), "{}", count("WARN"));
}

#[test]
fn in_a_shared_instance_a_misdeed_costs_those_who_share_it_and_nobody_after() {
    for shape in Shape::BOTH {
        let Hostile { server, _component } = hostile("worker", shape);
        for (misdeed, cause) in MISDEEDS {
            let mut bystander = opened(&server);
            let mut stream = opened(&server);
            assert_well(&mut stream);
            stream.write_all(&[misdeed]).unwrap();
            assert_eq!(read_to_end(&mut stream), INTERNAL_ERROR, "{}", char::from(misdeed));
            let peer = stream.local_addr().unwrap().to_string();
            server.wait_for_log(&["the guest failed", "cause=", cause, &peer]);
            assert_eq!(read_to_end(&mut bystander), INTERNAL_ERROR, "{}", char::from(misdeed));
            assert_well(&mut opened(&server));
        }
    }
}

#[test]
fn a_misdeed_in_the_opening_handshake_is_answered_with_500() {
    for (isolation, shape) in all() {
        let Hostile { server, _component } = hostile(isolation, shape);
        for (misdeed, cause) in MISDEEDS {
            let mut stream = server.connect();
            stream.write_all(&[misdeed.to_ascii_uppercase()]).unwrap();
            let answer = read_to_end(&mut stream);
            assert!(answer.starts_with(b"HTTP/1.1 500 "), "{}", char::from(misdeed));
            let peer = stream.local_addr().unwrap().to_string();
            server.wait_for_log(&["the guest failed", "cause=", cause, &peer]);
        }
    }
}

#[test]
fn an_output_counts_where_the_call_fails_behind_it() {
    // Of a component that is called as such, wasmtime tells only that it failed.
    for isolation in ["connection", "worker"] {
        let Hostile { server, _component } = hostile(isolation, Shape::OneModule);
        let mut stream = opened(&server);
        stream.write_all(b"t").unwrap();
        assert_eq!(read_to_end(&mut stream), [b"ok", &INTERNAL_ERROR[..]].concat());
        // The opening handshake was done, so that HTTP would be out of place.
        let mut stream = server.connect();
        stream.write_all(b"T").unwrap();
        assert_eq!(read_to_end(&mut stream), [b"ok", &INTERNAL_ERROR[..]].concat());
        // And behind the last Close frame there is none.
        let mut stream = opened(&server);
        stream.write_all(b"c").unwrap();
        assert_eq!(read_to_end(&mut stream), b"ok");
    }
}

#[test]
fn an_allocator_is_not_believed() {
    for (isolation, shape) in all() {
        let Hostile { server, _component } = hostile(isolation, shape);
        let mut stream = opened(&server);
        stream.write_all(b"a").unwrap();
        expect(&mut stream, b"ok");
        stream.write_all(b"how").unwrap();
        assert_eq!(read_to_end(&mut stream), INTERNAL_ERROR);
        assert_well(&mut opened(&server));
    }
}

#[test]
fn an_application_that_always_wants_to_be_called_again_keeps_nobody_waiting() {
    for (isolation, misdeed) in [("connection", b"s"), ("worker", b"s"), ("connection", b"w")] {
        let Hostile { server, _component } = hostile(isolation, Shape::OneModule);
        let mut busy = opened(&server);
        busy.write_all(misdeed).unwrap();
        let mut other = opened(&server);
        for _ in 0..100 {
            assert_well(&mut other);
        }
    }
}

#[test]
fn a_peer_that_leaves_an_application_that_is_always_late_is_let_go() {
    for (isolation, shape) in all() {
        let Hostile { server, _component } = hostile(isolation, shape);
        let mut stream = opened(&server);
        stream.write_all(b"w").unwrap();
        let peer = stream.local_addr().unwrap().to_string();
        drop(stream);
        server.wait_for_log(&["the transport is closed", &peer]);
    }
}

#[test]
fn an_application_that_waits_behind_the_end_is_not_waited_for() {
    for (isolation, shape) in all() {
        let Hostile { server, _component } = hostile(isolation, shape);
        let mut stream = opened(&server);
        stream.write_all(b"e").unwrap();
        expect(&mut stream, b"ok");
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_to_end(&mut stream), INTERNAL_ERROR);
        let peer = stream.local_addr().unwrap().to_string();
        server.wait_for_log(&["WARN", "no more will come", &peer]);
    }
}

#[test]
fn an_application_that_refuses_to_close_does_not_hold_up_the_end() {
    let component = app::component("hostile.wat", Shape::OneModule);
    let path = component.path().to_str().unwrap();
    let mut server = Server::start(&["--app", path, "--drain-timeout", "200ms"]);
    let stream = opened(&server);
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    drop(stream);
}
