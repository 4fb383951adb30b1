//! What a client sends, and what it demands of the response (§4.1).

use alloc::string::String;
use alloc::vec::Vec;

use super::{RESPONSE, add, client, client_options, connect, edit, serve, server_options};
use crate::error::HandshakeError as Error;
use crate::event::Header;
use crate::options::{ClientOptions, Options};

const UPGRADE: &str = "Upgrade: websocket";
const CONNECTION: &str = "Connection: Upgrade";
const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn refused(response: impl AsRef<[u8]>) -> Error {
    connect(client_options(), response).expect_err("a refusal")
}

/// The client's request, as text.
fn request(options: ClientOptions) -> String {
    String::from_utf8(client(options).1).unwrap()
}

fn without_compression() -> Options {
    Options { compression: None, ..Options::default() }
}

#[test]
fn a_request_holds_what_was_asked_for_and_no_more() {
    let bare = ClientOptions {
        options: without_compression(),
        subprotocols: Vec::new(),
        ..client_options()
    };
    assert_eq!(
        request(bare.clone()),
        "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n"
    );
    let full = ClientOptions {
        origin: Some("https://example.com".into()),
        headers: Vec::from([Header { name: "Authorization".into(), value: b"Basic \xe9".into() }]),
        subprotocols: ["chat.v2", "chat"].map(Into::into).into(),
        ..bare
    };
    let (_, request) = client(full);
    let end = b"Origin: https://example.com\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: chat.v2, chat\r\nAuthorization: Basic \xe9\r\n\r\n";
    assert!(request.ends_with(end), "{request:?}");
}

#[test]
fn the_two_roles_agree_with_each_other() {
    let (mut client, request) = client(client_options());
    let (at_server, response) = serve(server_options(), request).unwrap();
    let at_client = client.receive(&mut response.as_bytes()).unwrap().unwrap();
    assert_eq!(at_client.subprotocol.as_deref(), Some("chat.v2"));
    assert!(at_client.compression.is_some());
    for agreed in [&at_client, &at_server] {
        assert_eq!((&agreed.host[..], &agreed.resource_name[..]), ("example.com", "/chat?room=1"));
        assert_eq!(agreed.subprotocol, at_client.subprotocol);
        assert_eq!(agreed.compression, at_client.compression);
    }
    assert_eq!(at_client.headers[0], Header { name: "Upgrade".into(), value: b"websocket".into() });
}

#[test]
fn a_response_that_breaks_a_rule_is_refused_by_that_rule() {
    let rows = [
        ("HTTP/1.1 101", "HTTP/1.1 x01", Error::MalformedHead),
        ("HTTP/1.1", "HTTP/2", Error::MalformedHead),
        ("HTTP/1.1", "\r\nHTTP/1.1", Error::MalformedHead),
        ("\r\nUpgrade", "\nUpgrade", Error::MalformedHead),
        ("Upgrade: w", "Upgrade : w", Error::MalformedHead),
        ("websocket", "web\r\n socket", Error::MalformedHead),
        ("HTTP/1.1 101", "HTTP/1.0 101", Error::HttpVersion),
        ("101", "200", Error::Status(200)),
        ("101", "301", Error::Status(301)),
        ("101", "401", Error::Status(401)),
        ("HTTP/1.1 101", "HTTP/1.0 404", Error::Status(404)),
        (UPGRADE, "X: y", Error::Upgrade),
        (UPGRADE, "Upgrade: websocket, h2c", Error::Upgrade),
        (UPGRADE, "Upgrade: websocket\r\nUpgrade: websocket", Error::Upgrade),
        (CONNECTION, "X: y", Error::Connection),
        (CONNECTION, "Connection: keep-alive", Error::Connection),
        (ACCEPT, "X: y", Error::Accept),
        ("xOo=", "xOp=", Error::Accept),
        ("s3p", "S3p", Error::Accept),
        (
            ACCEPT,
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            Error::Accept,
        ),
    ];
    for (old, new, error) in rows {
        assert_eq!(refused(edit(RESPONSE, old, new)), error, "{new:?}");
    }
    let rows = [
        ("Sec-WebSocket-Protocol: soap", Error::Subprotocol),
        ("Sec-WebSocket-Protocol: CHAT", Error::Subprotocol),
        ("Sec-WebSocket-Protocol:", Error::Subprotocol),
        ("Sec-WebSocket-Protocol: chat, chat.v2", Error::Subprotocol),
        ("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat", Error::Subprotocol),
        ("Sec-WebSocket-Extensions: x-unknown", Error::Extensions),
        ("Sec-WebSocket-Extensions: permessage-deflate;;", Error::Extensions),
        ("Sec-WebSocket-Extensions: caf\u{e9}", Error::Extensions),
    ];
    for (line, error) in rows {
        assert_eq!(refused(add(RESPONSE, line)), error, "{line:?}");
    }
}

#[test]
fn what_was_not_offered_cannot_be_agreed() {
    let nothing = || ClientOptions {
        options: without_compression(),
        subprotocols: Vec::new(),
        ..client_options()
    };
    for (line, error) in [
        ("Sec-WebSocket-Protocol: chat", Error::Subprotocol),
        ("Sec-WebSocket-Extensions: permessage-deflate", Error::Extensions),
    ] {
        assert_eq!(connect(nothing(), add(RESPONSE, line)), Err(error));
    }
    assert!(connect(nothing(), RESPONSE).is_ok());
}

#[test]
fn the_first_broken_rule_names_the_failure() {
    let breaks = [
        ("101", "403", Error::Status(403)),
        ("HTTP/1.1", "HTTP/1.0", Error::HttpVersion),
        (UPGRADE, "Upgrade: h2c", Error::Upgrade),
        (CONNECTION, "Connection: close", Error::Connection),
        ("xOo=", "xOp=", Error::Accept),
        ("Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: ,", Error::Subprotocol),
        ("permessage-deflate", "permessage-deflate;;", Error::Extensions),
    ];
    let lines = "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate";
    let good = add(RESPONSE, lines);
    connect(client_options(), &good).unwrap();
    for first in 0..breaks.len() {
        let rest = breaks[first..].iter();
        let response = rest.fold(good.clone(), |head, (old, new, _)| edit(&head, old, new));
        assert_eq!(refused(response), breaks[first].2);
    }
}

#[test]
fn what_http_leaves_free_is_accepted() {
    let rows = [
        (UPGRADE, "upgrade: WebSocket"),
        (CONNECTION, "Connection: keep-alive, UPGRADE"),
        (" Switching Protocols", ""),
        ("Switching Protocols", "Na sowas \u{e9}"),
        // Interim responses (RFC 9110 §15.2).
        (
            "HTTP/1.1",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1",
        ),
    ];
    for (old, new) in rows {
        assert!(connect(client_options(), edit(RESPONSE, old, new)).is_ok(), "{new:?}");
    }
}

#[test]
fn another_protocol_is_recognised_by_its_first_bytes() {
    // A TLS alert, HTTP/2 SETTINGS, an empty line, HTML.
    for first in [&b"\x15"[..], b"\0", b"\r", b"<"] {
        let outcome = client(client_options()).0.receive(&mut &first[..]);
        assert_eq!(outcome, Some(Err(Error::MalformedHead)), "{first:?}");
    }
}
