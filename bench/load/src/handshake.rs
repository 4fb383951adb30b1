//! The client's part of the opening handshake (RFC 6455 §4.1).

use std::io::{Read, Write};
use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};

use crate::arguments::Target;
use crate::transport::Transport;

/// The example of RFC 6455 §1.3, as is the answer to it. A key that is not
/// random is no danger here: nothing on the way could cache.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Each message by itself: so that all servers do the same work, and so that
/// what is sent can be compressed beforehand (RFC 7692 §7.1.1).
const OFFER: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// A response that does not end within so many bytes is none.
const MAX_HEAD_BYTES: usize = 4096;

/// The request.
pub(crate) fn request(address: SocketAddr, compressed: bool) -> Vec<u8> {
    let extensions =
        if compressed { format!("Sec-WebSocket-Extensions: {OFFER}\r\n") } else { String::new() };
    format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{extensions}\r\n"
    )
    .into_bytes()
}

/// The length of the response's head at the start of `bytes`, once it is there.
pub(crate) fn response_length(bytes: &[u8], compressed: bool) -> Result<Option<usize>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        ensure!(bytes.len() <= MAX_HEAD_BYTES, "the response to the opening handshake never ends");
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let status = head.lines().next().unwrap_or_default();
    ensure!(status.starts_with("HTTP/1.1 101"), "the server answered `{status}`");
    ensure!(head.contains(ACCEPT), "the response lacks the right Sec-WebSocket-Accept");
    ensure!(
        head.contains("permessage-deflate") == compressed,
        "the server {} permessage-deflate",
        if compressed { "declined" } else { "was not offered" }
    );
    Ok(Some(end + 4))
}

/// Connects, and unless the server echoes bytes, waits for its response.
pub(crate) fn open(target: &Target, compressed: bool) -> Result<Transport> {
    let mut transport = Transport::connect(target)?;
    if target.raw {
        return Ok(transport);
    }
    transport.write_all(&request(target.address, compressed))?;
    transport.flush()?;
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let length = transport.read(&mut chunk)?;
        if length == 0 {
            bail!("the server ended the connection during the opening handshake");
        }
        head.extend_from_slice(&chunk[..length]);
        if let Some(length) = response_length(&head, compressed)? {
            ensure!(length == head.len(), "the server sent more than its response");
            return Ok(transport);
        }
    }
}
