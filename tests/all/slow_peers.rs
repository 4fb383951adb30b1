//! Peers that read slowly, or not at all.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;

use rustix::process::Signal;
use tungstenite::Message;

use crate::harness::frames::{BINARY, FIN, Frame, PING, frame};
use crate::harness::server::{ISOLATION, Server, assert_echo, read_to_end};
use crate::harness::start::Role;

#[test]
fn a_peer_that_never_reads_is_not_read_from_and_dropped_in_the_end() {
    for isolation in ISOLATION {
        let timeouts = ["--ping-interval", "300ms", "--ping-timeout", "300ms"];
        let closing = ["--closing-timeout", "300ms", "--workers", "1"];
        let server = Server::start(&[isolation, &timeouts[..], &closing[..]].concat());
        let before = server.memory_bytes();
        let mut stream = server.opened();
        let mut other = server.client();
        let writing = thread::spawn(move || {
            let message = frame(Role::Client, FIN | BINARY, &vec![7; 64 << 10]);
            let mut sent = 0;
            // Waits while the server takes no more, until it is dropped.
            let end = loop {
                match stream.write(&message[sent % message.len()..]) {
                    Ok(count) => sent += count,
                    Err(error) => break error.kind(),
                }
                assert!(sent < 1 << 28, "the server reads from a peer that does not");
            };
            assert!(matches!(end, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{end}");
            sent
        });
        // Others do not notice.
        while !writing.is_finished() {
            assert_echo(&mut other, Message::text("Hi"));
        }
        let sent = writing.join().unwrap();
        let grown = server.peak_memory_bytes().saturating_sub(before);
        assert!(grown < 64 << 20, "{grown} bytes more for {sent} bytes sent");
    }
}

/// Far more than the operating system keeps on the way.
const MESSAGE: usize = 48 << 20;
const ALLOWED: [&str; 2] = ["--max-message-bytes", "48MiB"];
/// Of the frame that it comes back in.
const HEADER: [u8; 10] = [0x82, 0x7f, 0, 0, 0, 0, 3, 0, 0, 0];

/// Sends a long message, and reads its echo at a pace: a part each time that
/// somebody else is pinged. Something happens when the first part is here.
fn echo_slowly(server: &Server, happening: impl FnOnce()) -> TcpStream {
    let pacemaker = Server::start(&["--ping-interval", "100ms"]);
    let mut pinged = pacemaker.client();
    let message = frame(Role::Client, FIN | BINARY, &vec![7; MESSAGE]);
    let mut stream = server.opened();
    stream.write_all(&message).unwrap();
    let mut header = [0; HEADER.len()];
    stream.read_exact(&mut header).unwrap();
    assert_eq!(header, HEADER);
    happening();
    let mut part = vec![0; 1 << 20];
    for _ in 0..MESSAGE / part.len() {
        assert!(pinged.read().unwrap().is_ping());
        stream.read_exact(&mut part).unwrap();
        assert!(part.iter().all(|byte| *byte == 7));
    }
    stream
}

#[test]
fn a_peer_that_reads_slowly_is_not_silent() {
    let flags = ["--ping-interval", "100ms", "--ping-timeout", "100ms"];
    let server = Server::start(&[&ALLOWED[..], &flags, &["--closing-timeout", "1s"]].concat());
    let mut stream = echo_slowly(&server, || {});
    // Only now it is asked, and could answer.
    let mut ping = [0; 6];
    stream.read_exact(&mut ping).unwrap();
    assert_eq!(Frame::decode(&mut &ping[..]).first, FIN | PING);
}

#[test]
fn a_peer_that_reads_slowly_gets_all_before_the_transport_is_closed() {
    let server = Server::start(&[&ALLOWED[..], &["--closing-timeout", "500ms"]].concat());
    let mut stream = echo_slowly(&server, || server.signal(Signal::TERM));
    assert_eq!(read_to_end(&mut stream), [0x88, 2, 0x03, 0xe9]);
}
