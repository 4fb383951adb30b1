//! Memory that connections leave behind.

use std::time::{Duration, Instant};

use tungstenite::Message;

use crate::harness::server::{Server, assert_echo};

const MESSAGE: usize = 8 << 20;

/// After so long something is wrong.
const LONG: Duration = Duration::from_mins(1);

#[test]
fn what_a_few_connections_used_much_of_is_given_back_when_they_leave() {
    let server = Server::start(&["--compression", "off"]);
    let mut other = server.client();
    assert_echo(&mut other, Message::text("Hi"));
    let before = server.memory_bytes();
    let mut clients = [(); 4].map(|()| server.client());
    for client in &mut clients {
        assert_echo(client, Message::binary(vec![7; MESSAGE]));
    }
    let open = server.memory_bytes() - before;
    assert!(open >= (clients.len() * MESSAGE) as u64, "{open} bytes for all");
    drop(clients);
    let since = Instant::now();
    while server.memory_bytes() > before + MESSAGE as u64 {
        assert_echo(&mut other, Message::text("Hi"));
        assert!(since.elapsed() < LONG, "{} bytes stay", server.memory_bytes() - before);
    }
}
