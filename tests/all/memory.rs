//! Memory that connections leave behind.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use tungstenite::Message;

use crate::harness::frames::{BINARY, FIN, frame};
use crate::harness::server::{Server, assert_echo};
use crate::harness::start::Role;

/// What waits for a peer is more than the C library would keep once it is freed.
const MESSAGE: usize = 40 << 20;

/// Of the frame that it comes back in.
const HEADER: usize = 10;

/// After so long something is wrong.
const LONG: Duration = Duration::from_mins(1);

#[test]
fn what_a_few_connections_used_much_of_is_given_back_when_they_leave() {
    let server = Server::start(&["--compression", "off", "--max-message-bytes", "48MiB"]);
    let mut other = server.client();
    assert_echo(&mut other, Message::text("Hi"));
    let before = server.memory_bytes();
    let message = frame(Role::Client, FIN | BINARY, &vec![7; MESSAGE]);
    let mut peers = [(); 2].map(|()| server.opened());
    for peer in &mut peers {
        peer.write_all(&message).unwrap();
        peer.read_exact(&mut vec![0; HEADER + MESSAGE]).unwrap();
    }
    let open = server.memory_bytes() - before;
    assert!(open >= (peers.len() * MESSAGE) as u64, "{open} bytes for all");
    drop(peers);
    let since = Instant::now();
    while server.memory_bytes() > before + MESSAGE as u64 / 4 {
        assert_echo(&mut other, Message::text("Hi"));
        assert!(since.elapsed() < LONG, "{} bytes stay", server.memory_bytes() - before);
    }
}
