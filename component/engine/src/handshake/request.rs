//! Reading a client's opening handshake: the demands of §4.2.1, in its order.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec;

use httparse::Status;

use super::fields::{self, Fields};
use super::head::Head;
use super::{accept, grammar};
use crate::error::HandshakeError;

/// Schemes of the absolute form of a request's target (§4.2.1 item 1).
const SCHEMES: [&str; 4] = ["http", "https", "ws", "wss"];

/// A request that a server has to go along with, but for what the server itself
/// accepts: origin, subprotocols, extensions.
pub(super) struct Request<'a> {
    pub(super) resource_name: String,
    pub(super) host: &'a str,
    pub(super) key: &'a str,
    pub(super) fields: Fields<'a>,
}

impl<'a> Request<'a> {
    pub(super) fn parse(head: &'a Head) -> Result<Self, HandshakeError> {
        let (target, fields) = parse_get(head)?;
        let Target { authority, resource_name } =
            parse_target(target).ok_or(HandshakeError::ResourceName)?;
        refuse_body(&fields)?;
        // §4.2.1 item 2; RFC 9112 §3.2: exactly one, and a valid one. An
        // absolute target's authority stands above it (RFC 9112 §3.2.2).
        let host = fields.single("Host").filter(|host| grammar::is_host(host));
        let host = authority.or(host).filter(|_| host.is_some()).ok_or(HandshakeError::Host)?;
        // §4.2.1 item 3.
        if !fields.has_token("Upgrade", "websocket") {
            return Err(HandshakeError::Upgrade);
        }
        // §4.2.1 item 4.
        if !fields.has_token("Connection", "upgrade") {
            return Err(HandshakeError::Connection);
        }
        // §4.2.1 item 5; once (§11.3.1).
        let key = fields.single("Sec-WebSocket-Key").filter(|key| accept::is_key(key));
        let key = key.ok_or(HandshakeError::Key)?;
        // §4.2.1 item 6, §4.4; once (§11.3.5).
        if fields.single("Sec-WebSocket-Version") != Some("13") {
            return Err(HandshakeError::Version(fields.excerpt("Sec-WebSocket-Version")));
        }
        Ok(Self { resource_name, host, key, fields })
    }
}

/// The target and fields of an HTTP/1.1 GET request (§4.2.1 item 1).
fn parse_get(head: &Head) -> Result<(&str, Fields<'_>), HandshakeError> {
    let mut parsed = vec![httparse::EMPTY_HEADER; head.field_count];
    let mut request = httparse::Request::new(&mut parsed);
    match request.parse(&head.bytes) {
        Ok(Status::Complete(_)) => {}
        // The parser knows HTTP/1.0 and HTTP/1.1 only, and reads a method and a
        // target before it stops at another version.
        Err(httparse::Error::Version) if has_other_version(&head.bytes) => {}
        Ok(Status::Partial) | Err(_) => return Err(HandshakeError::MalformedHead),
    }
    let (method, target, version) = (request.method, request.path, request.version);
    let (Some(method), Some(target)) = (method, target) else {
        return Err(HandshakeError::MalformedHead);
    };
    // Methods are case-sensitive (RFC 9110 §9.1).
    if method != "GET" {
        return Err(HandshakeError::Method(fields::excerpt(method.bytes())));
    }
    if version != Some(1) {
        return Err(HandshakeError::HttpVersion);
    }
    Ok((target, Fields::new(parsed)))
}

/// Whether the request line ends with `HTTP-version` (RFC 9112 §2.3).
fn has_other_version(head: &[u8]) -> bool {
    let line = head.trim_ascii_start().split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ').skip(2);
    let version = words.next().unwrap_or_default();
    let is_version =
        matches!(version, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9']);
    is_version && words.next().is_none()
}

struct Target<'a> {
    authority: Option<&'a str>,
    resource_name: String,
}

/// The origin form or the absolute form (RFC 9112 §3.2).
fn parse_target(target: &str) -> Option<Target<'_>> {
    let (authority, resource_name) = if target.starts_with('/') {
        (None, target.to_owned())
    } else {
        let (scheme, rest) = grammar::split_scheme(target)?;
        if !SCHEMES.iter().any(|known| grammar::is_same(scheme, known)) {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        // §3: `/` stands for an empty path.
        let slash = if rest.starts_with('/') { "" } else { "/" };
        (Some(authority), [slash, rest].concat())
    };
    let is_valid =
        authority.is_none_or(grammar::is_host) && grammar::is_resource_name(&resource_name);
    is_valid.then_some(Target { authority, resource_name })
}

/// A body (RFC 9112 §6.3) would stand where the first frame is expected.
fn refuse_body(fields: &Fields<'_>) -> Result<(), HandshakeError> {
    let is_empty = fields.values("Content-Length").all(|length| length == b"0");
    if is_empty && !fields.has("Transfer-Encoding") {
        Ok(())
    } else {
        Err(HandshakeError::RequestBody)
    }
}
