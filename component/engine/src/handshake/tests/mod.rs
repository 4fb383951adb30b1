//! The opening handshake of both roles, rule by rule, and under any chunking.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::{ClientHandshake, ServerHandshake};
use crate::entropy::Keys;
use crate::error::HandshakeError;
use crate::event::Agreed;
use crate::options::{ClientOptions, ServerOptions};

mod chunking;
mod client;
mod options;
mod refusal;
mod server;

/// §1.3's sample key, and the nonce it encodes.
const NONCE: [u8; 16] = *b"the sample nonce";

/// A request that every server accepts.
const REQUEST: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The response that a client with [`NONCE`] accepts.
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// `head` with one part of it replaced.
fn edit(head: &str, old: &str, new: &str) -> String {
    assert_eq!(head.matches(old).count(), 1, "{old:?} in {head:?}");
    head.replace(old, new)
}

/// `head` with lines added to its end.
fn add(head: &str, lines: &str) -> String {
    edit(head, "\r\n\r\n", &["\r\n", lines, "\r\n\r\n"].concat())
}

fn server_options() -> ServerOptions {
    ServerOptions {
        subprotocols: ["chat.v2", "chat"].map(Into::into).into(),
        origins: Some(["https://example.com", "null"].map(Into::into).into()),
        ..ServerOptions::default()
    }
}

fn client_options() -> ClientOptions {
    ClientOptions {
        host: "example.com".into(),
        resource_name: "/chat?room=1".into(),
        subprotocols: ["chat.v2", "chat"].map(Into::into).into(),
        ..ClientOptions::default()
    }
}

fn client(options: ClientOptions) -> (ClientHandshake, Vec<u8>) {
    let source = |bytes: &mut [u8]| {
        for chunk in bytes.chunks_exact_mut(NONCE.len()) {
            chunk.copy_from_slice(&NONCE);
        }
    };
    ClientHandshake::new(options, &mut Keys::new(Box::new(source))).unwrap()
}

/// What a server makes of a request: what is agreed, and its response.
fn serve(
    options: ServerOptions,
    request: impl AsRef<[u8]>,
) -> Result<(Agreed, String), HandshakeError> {
    let accepted = ServerHandshake::new(options).unwrap().receive(&mut request.as_ref());
    let accepted = accepted.expect("a whole head")?;
    Ok((accepted.agreed, String::from_utf8(accepted.response).unwrap()))
}

/// What a client makes of a response.
fn connect(options: ClientOptions, response: impl AsRef<[u8]>) -> Result<Agreed, HandshakeError> {
    client(options).0.receive(&mut response.as_ref()).expect("a whole head")
}
