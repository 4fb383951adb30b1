//! What a server demands (§4.2.1) and answers (§4.2.2).

use alloc::borrow::ToOwned;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::{REQUEST, add, edit, serve, server_options};
use crate::error::HandshakeError as Error;
use crate::event::{Agreed, Header};
use crate::options::{Options, ServerOptions};

const HOST: &str = "Host: example.com";
const UPGRADE: &str = "Upgrade: websocket";
const CONNECTION: &str = "Connection: Upgrade";
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const VERSION: &str = "Sec-WebSocket-Version: 13";
const TARGET: &str = "/chat?room=1";

fn refused(request: impl AsRef<[u8]>) -> Error {
    serve(server_options(), request).expect_err("a refusal")
}

fn accepted(request: impl AsRef<[u8]>) -> Agreed {
    serve(server_options(), request).expect("an agreement").0
}

#[test]
fn a_request_is_answered_and_what_it_says_is_reported() {
    let (agreed, response) = serve(server_options(), REQUEST).unwrap();
    assert_eq!(
        response,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    );
    assert_eq!(agreed.resource_name, TARGET);
    assert_eq!(agreed.host, "example.com");
    assert_eq!((agreed.origin, agreed.subprotocol, agreed.compression), (None, None, None));
    let names: Vec<&str> = agreed.headers.iter().map(|header| &header.name[..]).collect();
    let order = ["Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"];
    assert_eq!(names, order);
    assert_eq!(agreed.headers[0].value, b"example.com");
}

#[test]
fn what_was_agreed_stands_in_the_response() {
    let request = add(
        REQUEST,
        "Origin: https://EXAMPLE.com\r\nSec-WebSocket-Protocol: chat, soap\r\n\
         Sec-WebSocket-Protocol: chat.v2\r\nSec-WebSocket-Extensions: permessage-deflate",
    );
    let headers = Vec::from([Header { name: "server".into(), value: b"sandsock".into() }]);
    let options = ServerOptions { headers, ..server_options() };
    let (agreed, response) = serve(options, request).unwrap();
    assert_eq!(agreed.origin.as_deref(), Some("https://EXAMPLE.com"));
    assert_eq!(agreed.subprotocol.as_deref(), Some("chat.v2"), "the server's preference");
    assert!(agreed.compression.is_some());
    let end = "Sec-WebSocket-Protocol: chat.v2\r\n\
         Sec-WebSocket-Extensions: permessage-deflate\r\nserver: sandsock\r\n\r\n";
    assert!(response.ends_with(end), "{response}");
}

#[test]
fn a_request_that_breaks_a_rule_is_refused_by_that_rule() {
    let version = |text: &str| Error::Version(text.to_owned());
    let origin = |text: &str| Error::Origin(text.to_owned());
    let rows = [
        ("GET", "POST", Error::Method("POST".into())),
        ("GET", "get", Error::Method("get".into())),
        ("HTTP/1.1", "HTTP/1.0", Error::HttpVersion),
        ("HTTP/1.1", "HTTP/0.9", Error::HttpVersion),
        ("HTTP/1.1", "HTTP/2.0", Error::HttpVersion),
        ("HTTP/1.1", "HTTP/1", Error::MalformedHead),
        ("HTTP/1.1", "http/1.1", Error::MalformedHead),
        (" HTTP/1.1", "", Error::MalformedHead),
        ("HTTP/1.1", "x HTTP/1.1", Error::MalformedHead),
        ("HTTP/1.1", "x HTTP/1.0", Error::MalformedHead),
        ("HTTP/1.1", "HTTP/2.0 x", Error::MalformedHead),
        ("GET ", "GET  ", Error::MalformedHead),
        ("GET ", "GET\t", Error::MalformedHead),
        (TARGET, "*", Error::ResourceName),
        (TARGET, "chat", Error::ResourceName),
        (TARGET, "example.com:80", Error::ResourceName),
        (TARGET, "/chat#top", Error::ResourceName),
        (TARGET, "ws://example.com#top", Error::ResourceName),
        (TARGET, "ws:///chat", Error::ResourceName),
        (TARGET, "ws://user@example.com/", Error::ResourceName),
        (TARGET, "ftp://example.com/", Error::ResourceName),
        (TARGET, "/caf\u{e9}", Error::ResourceName),
        (HOST, "Host: a\r\nContent-Length: 1", Error::RequestBody),
        (HOST, "Host: a\r\nContent-Length: 0\r\nContent-Length: 5", Error::RequestBody),
        (HOST, "Host: a\r\nContent-Length:", Error::RequestBody),
        (HOST, "Host: a\r\nTransfer-Encoding: chunked", Error::RequestBody),
        (HOST, "Hast: example.com", Error::Host),
        (HOST, "Host: ", Error::Host),
        (HOST, "Host: a\r\nhost: a", Error::Host),
        (HOST, "Host: a/b", Error::Host),
        (UPGRADE, "Upgrade: h2c", Error::Upgrade),
        (UPGRADE, "Upgrade: websocket/13", Error::Upgrade),
        (UPGRADE, "Upgrade: web socket", Error::Upgrade),
        (UPGRADE, "X: y", Error::Upgrade),
        (CONNECTION, "Connection: keep-alive", Error::Connection),
        (CONNECTION, "Connection: Upgrade-Insecure", Error::Connection),
        (CONNECTION, "X: y", Error::Connection),
        (KEY, "X: y", Error::Key),
        (KEY, "Sec-WebSocket-Key:", Error::Key),
        (KEY, "Sec-WebSocket-Key: SGVsbG8sIHdvcmxkIQ==", Error::Key),
        (KEY, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ", Error::Key),
        (KEY, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j_Q==", Error::Key),
        (VERSION, "X: y", version("")),
        (VERSION, "Sec-WebSocket-Version: 8", version("8")),
        (VERSION, "Sec-WebSocket-Version: 013", version("013")),
        (VERSION, "Sec-WebSocket-Version: 13, 8", version("13, 8")),
        (VERSION, "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13", version("13, 13")),
        (VERSION, "Sec-WebSocket-Version: 13\r\nOrigin: https://evil", origin("https://evil")),
        (VERSION, "Sec-WebSocket-Version: 13\r\nOrigin:", origin("")),
        (
            VERSION,
            "Sec-WebSocket-Version: 13\r\nOrigin: https://example.com:8443",
            origin("https://example.com:8443"),
        ),
        (
            VERSION,
            "Sec-WebSocket-Version: 13\r\nOrigin: null\r\nOrigin: null",
            origin("null, null"),
        ),
    ];
    for (old, new, error) in rows {
        assert_eq!(refused(edit(REQUEST, old, new)), error, "{new:?}");
    }
}

#[test]
fn a_malformed_offer_is_refused_rather_than_declined() {
    for value in
        ["", ",", "a b", "chat, chat", "a, b\r\nSec-WebSocket-Protocol: a", "caf\u{e9}", "a;b"]
    {
        let request = add(REQUEST, &["Sec-WebSocket-Protocol: ", value].concat());
        assert_eq!(refused(request), Error::Subprotocol, "{value:?}");
    }
    for value in ["permessage-deflate;;", "a b", "caf\u{e9}"] {
        let request = add(REQUEST, &["Sec-WebSocket-Extensions: ", value].concat());
        assert_eq!(refused(request), Error::Extensions, "{value:?}");
    }
    // Not UTF-8, so not even text.
    for (name, error) in [
        ("Sec-WebSocket-Protocol", Error::Subprotocol),
        ("Sec-WebSocket-Extensions", Error::Extensions),
        ("Origin", Error::Origin("\u{fffd}".into())),
    ] {
        let mut request = REQUEST.as_bytes()[..REQUEST.len() - 2].to_vec();
        request.extend([name.as_bytes(), b": \xe9\r\n\r\n"].concat());
        assert_eq!(refused(request), error, "{name}");
    }
}

#[test]
fn a_head_that_is_not_strictly_http_is_refused() {
    let rows = [
        ("\r\nHost", "\nHost", "a bare LF"),
        ("\r\nHost", "\rHost", "a bare CR"),
        ("example.com", "exam\rple.com", "a bare CR inside a value"),
        ("example.com", "example.com\r\n more", "obsolete line folding"),
        ("example.com", "example.com\r\n\tmore", "obsolete line folding with a tab"),
        ("Host:", "Host :", "white space before a colon"),
        ("Host:", " Host:", "white space before the first name"),
        ("Host:", ":", "an empty name"),
        ("Host:", "Ho\u{e9}st:", "a name that is not a token"),
        ("Host: example.com", "Host", "a line without a colon"),
        ("example.com", "exam\0ple.com", "NUL"),
        ("example.com", "exam\x7fple.com", "DEL"),
        ("GET ", " GET ", "white space before the method"),
        ("GET ", "\r\n\r\nGET ", "two empty lines"),
        ("GET ", "\nGET ", "a bare LF as the empty line"),
    ];
    for (old, new, what) in rows {
        assert_eq!(refused(edit(REQUEST, old, new)), Error::MalformedHead, "{what}");
    }
}

#[test]
fn another_protocol_is_recognised_by_its_first_bytes() {
    // A TLS record of a ClientHello, a RESP array's length, a SOCKS greeting.
    for first in [&b"\x16"[..], b"\x05", b"\n", b" ", b"\x81", b"{", b"GET /\x01"] {
        assert_eq!(refused(first), Error::MalformedHead, "{first:?}");
    }
}

#[test]
fn the_first_broken_rule_names_the_failure() {
    let breaks = [
        ("GET", "PUT", Error::Method("PUT".into())),
        ("HTTP/1.1", "HTTP/1.0", Error::HttpVersion),
        (TARGET, "*", Error::ResourceName),
        (HOST, "Content-Length: 1\r\nHost: example.com", Error::RequestBody),
        ("\r\nHost: example.com", "", Error::Host),
        (UPGRADE, "Upgrade: h2c", Error::Upgrade),
        (CONNECTION, "Connection: close", Error::Connection),
        (KEY, "Sec-WebSocket-Key: x", Error::Key),
        (VERSION, "Sec-WebSocket-Version: 7", Error::Version("7".into())),
        ("Origin: null", "Origin: x", Error::Origin("x".into())),
        ("Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: ,", Error::Subprotocol),
        ("permessage-deflate", "permessage-deflate;;", Error::Extensions),
    ];
    let good = add(
        REQUEST,
        "Origin: null\r\nSec-WebSocket-Protocol: chat\r\n\
         Sec-WebSocket-Extensions: permessage-deflate",
    );
    accepted(&good);
    for first in 0..breaks.len() {
        let rest = breaks[first..].iter();
        let request = rest.fold(good.clone(), |head, (old, new, _)| edit(&head, old, new));
        assert_eq!(refused(request), breaks[first].2);
    }
}

#[test]
fn what_http_leaves_free_is_accepted() {
    let rows = [
        (UPGRADE, "upgrade: h2c, , WebSocket"),
        (UPGRADE, "Upgrade: h2c\r\nUPGRADE:websocket"),
        (CONNECTION, "Connection: keep-alive,\tUPGRADE \t"),
        (CONNECTION, "Connection: keep-alive\r\nconnection: upgrade"),
        (HOST, "Host: example.com\r\nContent-Length: 0"),
        (HOST, "Host: example.com\r\nX-Empty:\r\nX-Name: caf\u{e9}"),
        (HOST, "host:\t example.com \t"),
        ("GET ", "\r\nGET "),
        // The four unused bits of a key's last digit; see `accept::is_key`.
        ("jZQ==", "jZR=="),
        (VERSION, "Sec-WebSocket-Version: 13\r\nOrigin: HTTPS://Example.Com"),
        (VERSION, "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ,soap,, chat ,"),
    ];
    for (old, new) in rows {
        assert_eq!(accepted(edit(REQUEST, old, new)).host, "example.com", "{new:?}");
    }
    let mut bytes = edit(REQUEST, HOST, "Host: example.com\r\nX: ?").into_bytes();
    let place = bytes.windows(4).position(|four| four == b"X: ?").unwrap() + 3;
    for byte in 0x80..=0xff {
        bytes[place] = byte;
        assert_eq!(accepted(&bytes).headers[1].value, [byte]);
    }
}

#[test]
fn an_absolute_target_names_host_and_resource() {
    let rows = [
        ("ws://a.example:8080/chat?x", "a.example:8080", "/chat?x"),
        ("WSS://a", "a", "/"),
        ("http://[::1]?x", "[::1]", "/?x"),
        ("https://a//b", "a", "//b"),
        ("/http://a/", "example.com", "/http://a/"),
    ];
    for (target, host, resource_name) in rows {
        let agreed = accepted(edit(REQUEST, TARGET, target));
        assert_eq!((&agreed.host[..], &agreed.resource_name[..]), (host, resource_name));
    }
    // The Host field is demanded all the same.
    let request = edit(REQUEST, "Host: example.com\r\n", "");
    assert_eq!(refused(edit(&request, TARGET, "ws://a/")), Error::Host);
}

#[test]
fn without_an_allow_list_every_single_origin_is_accepted() {
    let options = || ServerOptions { origins: None, ..server_options() };
    for origin in ["https://evil.example", "file://", "null"] {
        let request = add(REQUEST, &["Origin: ", origin].concat());
        assert_eq!(serve(options(), request).unwrap().0.origin.as_deref(), Some(origin));
    }
    let request = add(REQUEST, "Origin: a\r\nOrigin: a");
    assert_eq!(serve(options(), request), Err(Error::Origin("a, a".into())));
}

#[test]
fn nothing_is_agreed_that_only_one_of_the_two_wants() {
    let request = add(
        REQUEST,
        "Sec-WebSocket-Protocol: CHAT\r\nSec-WebSocket-Extensions: permessage-deflate",
    );
    let without = Options { compression: None, ..Options::default() };
    let (agreed, response) =
        serve(ServerOptions { options: without, ..server_options() }, request).unwrap();
    assert_eq!((agreed.subprotocol, agreed.compression), (None, None));
    assert!(!response.contains("Protocol:") && !response.contains("Extensions"), "{response}");
}

#[test]
fn a_long_hostile_list_is_judged_like_a_short_one() {
    let commas = ",".repeat(15 << 10);
    let tokens = (0..2500).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
    let with = |name: &str, list: &str| add(REQUEST, &[name, ": ", list].concat());
    accepted(with("Connection", &commas));
    accepted(with("Upgrade", &commas));
    accepted(with("Sec-WebSocket-Protocol", &tokens));
    assert_eq!(refused(with("Sec-WebSocket-Protocol", &commas)), Error::Subprotocol);
    assert_eq!(
        refused(with("Sec-WebSocket-Protocol", &[&tokens, ",0"].concat())),
        Error::Subprotocol
    );
}

#[test]
fn an_error_repeats_little_of_what_the_peer_sent() {
    let long = "X".repeat(5000);
    let texts = [
        refused(edit(REQUEST, "GET", &long)),
        refused(edit(REQUEST, VERSION, &["Sec-WebSocket-Version: ", &long].concat())),
        refused(add(REQUEST, &["Origin: ", &long].concat())),
    ];
    for error in texts {
        let (Error::Method(text) | Error::Version(text) | Error::Origin(text)) = error else {
            panic!("{error}");
        };
        assert_eq!(text.len(), 64);
    }
}
