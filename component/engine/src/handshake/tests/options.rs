//! What options a handshake begins with.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::{ClientHandshake, ServerHandshake, client_options, server_options};
use crate::connection::Connection;
use crate::entropy::Keys;
use crate::error::OptionError as Error;
use crate::event::{Agreed, AgreedCompression, Header};
use crate::options::{ClientOptions, HandedOver, Options, ServerOptions, Start, Timeouts};

fn server_error(change: impl FnOnce(&mut ServerOptions)) -> Option<Error> {
    let mut options = server_options();
    change(&mut options);
    ServerHandshake::new(options).err()
}

fn client_error(change: impl FnOnce(&mut ClientOptions)) -> Option<Error> {
    let mut options = client_options();
    change(&mut options);
    let mut keys = Keys::new(Box::new(|_: &mut [u8]| {}));
    ClientHandshake::new(options, &mut keys).err()
}

/// What either role says to these options of both.
fn both_errors(
    options: Options,
    subprotocols: &[&str],
    header: Option<(&str, &[u8])>,
) -> [Option<Error>; 2] {
    let texts: Vec<String> = subprotocols.iter().copied().map(ToOwned::to_owned).collect();
    let headers: Vec<Header> = header
        .iter()
        .map(|(name, value)| Header { name: (*name).into(), value: (*value).into() })
        .collect();
    let server = ServerOptions {
        options: options.clone(),
        subprotocols: texts.clone(),
        headers: headers.clone(),
        ..server_options()
    };
    let client = ClientOptions { options, subprotocols: texts, headers, ..client_options() };
    [server_error(|options| *options = server), client_error(|options| *options = client)]
}

#[test]
fn options_in_their_bounds_begin_a_handshake() {
    assert_eq!(server_error(|_| {}), None);
    assert_eq!(client_error(|_| {}), None);
    assert_eq!(both_errors(Options::default(), &[], Some(("X-A", b"b \xff c"))), [None, None]);
}

#[test]
fn what_was_agreed_elsewhere_has_the_bounds_of_what_is_agreed_here() {
    for (bits, error) in [(7, Some(Error::Compression)), (8, None), (16, Some(Error::Compression))]
    {
        let compression = AgreedCompression {
            server_window_bits: bits,
            client_window_bits: 15,
            server_context_takeover: true,
            client_context_takeover: true,
        };
        for compression in [
            compression,
            AgreedCompression { server_window_bits: 15, client_window_bits: bits, ..compression },
        ] {
            let agreed = Agreed { compression: Some(compression), ..Agreed::default() };
            let options = Options::default();
            let start = Start::Accepted(HandedOver { options, agreed });
            assert_eq!(Connection::start(0, start, Box::new(|_: &mut [u8]| {})).err(), error);
        }
    }
}

#[test]
fn bounds_of_the_common_options_are_checked() {
    let timeouts = Timeouts { opening: 0, ..Timeouts::default() };
    let options = Options { timeouts, ..Options::default() };
    assert_eq!(both_errors(options, &[], None), [(); 2].map(|()| Some(Error::Timeouts)));
}

#[test]
fn subprotocols_are_tokens_without_repeats() {
    for (texts, bad) in
        [(&["a", ""][..], ""), (&["a b"], "a b"), (&["b", "a,c"], "a,c"), (&["b", "a", "b"], "b")]
    {
        let errors = both_errors(Options::default(), texts, None);
        assert_eq!(errors, [(); 2].map(|()| Some(Error::Subprotocol(bad.to_owned()))));
    }
}

#[test]
fn a_field_may_be_added_unless_http_or_the_handshake_forbids_it() {
    let own = [
        "Host",
        "upgrade",
        "CONNECTION",
        "Origin",
        "Content-Length",
        "Transfer-Encoding",
        "Sec-WebSocket-Key",
        "sec-websocket-accept",
        "SEC-WEBSOCKET-ANYTHING",
    ];
    let names = own.iter().copied().chain(["", "a b", "a:", "a\r\nb"]);
    let rows = names.map(|name| (name, &b"x"[..])).chain([
        ("X-A", &b"x\r\nHost: evil"[..]),
        ("X-A", b"x\0"),
        ("X-A", b" x"),
        ("X-A", b"x\n"),
    ]);
    for (name, value) in rows {
        let errors = both_errors(Options::default(), &[], Some((name, value)));
        assert_eq!(errors, [(); 2].map(|()| Some(Error::Header(name.to_owned()))));
    }
    // Shorter than the forbidden prefix, or with a character across its end.
    for name in ["Sec-", "Sec-WebSocket"] {
        assert_eq!(both_errors(Options::default(), &[], Some((name, b""))), [None, None]);
    }
    let name = "sec-websocke\u{e9}";
    let error = Some(Error::Header(name.to_owned()));
    assert_eq!(both_errors(Options::default(), &[], Some((name, b""))), [error.clone(), error]);
}

#[test]
fn a_server_allows_origins_and_nothing_else() {
    for bad in ["*", "example.com", "https://example.com/", ""] {
        let error = server_error(|options| options.origins = Some([bad.to_owned()].into()));
        assert_eq!(error, Some(Error::Origin(bad.to_owned())));
    }
}

#[test]
fn a_client_asks_for_a_resource_of_a_host() {
    for bad in ["", "a b", "user@a", "a/", "a\r\nX: y"] {
        let error = client_error(|options| options.host = bad.to_owned());
        assert_eq!(error, Some(Error::Host(bad.to_owned())));
    }
    for bad in ["", "chat", "/#top", "/a b", "/\r\nX: y", "/\u{e9}"] {
        let error = client_error(|options| options.resource_name = bad.to_owned());
        assert_eq!(error, Some(Error::ResourceName(bad.to_owned())));
    }
    let error = client_error(|options| options.origin = Some("example.com".to_owned()));
    assert_eq!(error, Some(Error::Origin("example.com".to_owned())));
}
