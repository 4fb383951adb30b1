//! What `sandsock serve` agrees to with permessage-deflate (RFC 7692), by flag.

use std::io::Write;

use crate::harness::server::{Server, read_head};
use crate::harness::start::request_with;

/// The extension that a server with these flags agrees to, when a client offers
/// all there is.
fn agreed(flags: &[&str]) -> Option<String> {
    let server = Server::start(flags);
    let mut stream = server.connect();
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    stream.write_all(request_with(offer).as_bytes()).unwrap();
    let head = read_head(&mut stream).to_ascii_lowercase();
    let (_, line) = head.split_once("sec-websocket-extensions:")?;
    let (value, _) = line.split_once("\r\n").unwrap();
    Some(value.trim().to_owned())
}

#[test]
fn compression_is_on_unless_it_is_switched_off() {
    assert_eq!(agreed(&[]).as_deref(), Some("permessage-deflate"));
    assert_eq!(agreed(&["--compression", "on"]).as_deref(), Some("permessage-deflate"));
    assert_eq!(agreed(&["--compression", "off", "--compression-level", "9"]), None);
}

#[test]
fn window_bits_and_context_takeover_are_agreed_as_the_flags_have_them() {
    let flags = ["--server-window-bits", "10", "--client-window-bits", "11"];
    let bits = agreed(&flags).unwrap();
    assert!(bits.contains("server_max_window_bits=10"), "{bits}");
    assert!(bits.contains("client_max_window_bits=11"), "{bits}");
    assert!(!bits.contains("takeover"), "{bits}");

    let flags = ["--server-context-takeover", "off", "--client-context-takeover", "off"];
    let takeover = agreed(&flags).unwrap();
    assert!(takeover.contains("server_no_context_takeover"), "{takeover}");
    assert!(takeover.contains("client_no_context_takeover"), "{takeover}");
}
