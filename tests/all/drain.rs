//! How the host ends: SIGTERM and SIGINT drain it, a second one ends it.

use std::io::Write;
use std::net::TcpStream;

use rustix::process::Signal;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message};

use crate::harness::frames::{FIN, TEXT, frame};
use crate::harness::server::{Server, read_head, read_to_end};
use crate::harness::start::{Role, request};

#[test]
fn a_signal_closes_every_connection_with_1001_and_ends_the_process_with_success() {
    for signal in [Signal::TERM, Signal::INT] {
        for isolation in ["connection", "worker"] {
            let mut server = Server::start(&["--isolation", isolation]);
            let mut clients: Vec<_> = (0..5).map(|_| server.client()).collect();
            server.signal(signal);
            for client in &mut clients {
                let Message::Close(Some(frame)) = client.read().unwrap() else {
                    panic!("no Close frame with a code")
                };
                assert_eq!(frame.code, CloseCode::Away);
                // Reading on answers the Close, and meets the end.
                assert!(matches!(client.read(), Err(Error::ConnectionClosed)));
            }
            drop(clients);
            assert_eq!(server.wait().code(), Some(0), "{signal:?}, {isolation}");
        }
    }
}

#[test]
fn an_idle_server_ends_at_once() {
    let mut server = Server::start(&[]);
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn while_it_drains_no_connection_is_accepted() {
    // One worker: others would see the signal a moment earlier or later.
    let mut server = Server::start(&["--workers", "1"]);
    let mut client = server.client();
    server.signal(Signal::TERM);
    // Once the Close is here, the server no longer listens.
    assert!(client.read().unwrap().is_close());
    assert!(TcpStream::connect(server.address()).is_err());
    assert!(client.read().is_err());
    drop(client);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_connection_in_its_opening_handshake_is_refused_with_503() {
    // One worker: others would see the signal a moment earlier or later.
    let mut server = Server::start(&["--workers", "1"]);
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    // A later connection is served, so the earlier one is known to be here.
    drop(server.client());
    server.signal(Signal::TERM);
    assert!(read_to_end(&mut stream).starts_with(b"HTTP/1.1 503 "));
    drop(stream);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn messages_that_are_on_their_way_are_still_delivered() {
    // §5.5.1: what a peer sent before it answered the Close is no less valid;
    // the echo application cannot answer any more, and the closure is clean.
    let mut server = Server::start(&["--closing-timeout", "10s"]);
    let mut stream = server.connect();
    stream.write_all(request().as_bytes()).unwrap();
    read_head(&mut stream);
    server.signal(Signal::TERM);
    server.wait_for_log(&["ending"]);
    stream.write_all(&frame(Role::Client, FIN | TEXT, b"late")).unwrap();
    stream.write_all(&crate::harness::frames::close(Role::Client, 1001)).unwrap();
    let answer = read_to_end(&mut stream);
    assert!(answer.ends_with(&[0x88, 2, 0x03, 0xe9]), "{answer:02x?}");
    server.wait_for_log(&["clean: true"]);
    drop(stream);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_peer_that_does_not_close_is_dropped_at_the_drain_timeout() {
    let mut server = Server::start(&["--drain-timeout", "200ms", "--closing-timeout", "1h"]);
    let client = server.client();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    drop(client);
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let flags = ["--drain-timeout", "1h", "--closing-timeout", "1h"];
    let mut server = Server::start(&flags);
    let mut client = server.client();
    server.signal(Signal::TERM);
    assert!(client.read().unwrap().is_close());
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(130));
}
