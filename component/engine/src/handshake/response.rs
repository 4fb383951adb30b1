//! Reading a server's opening handshake: the demands of §4.1, in its order.

use alloc::vec;

use httparse::Status;

use super::fields::Fields;
use super::grammar;
use super::head::Head;
use crate::error::HandshakeError;

/// 101 Switching Protocols.
const SWITCHING_PROTOCOLS: u16 = 101;

/// A response, be it to our liking or not.
pub(super) struct Response<'a> {
    status: u16,
    is_http_1_1: bool,
    pub(super) fields: Fields<'a>,
}

impl<'a> Response<'a> {
    pub(super) fn parse(head: &'a Head) -> Result<Self, HandshakeError> {
        let mut parsed = vec![httparse::EMPTY_HEADER; head.field_count];
        let mut response = httparse::Response::new(&mut parsed);
        let Ok(Status::Complete(_)) = response.parse(&head.bytes) else {
            return Err(HandshakeError::MalformedHead);
        };
        let is_http_1_1 = response.version == Some(1);
        let status = response.code.ok_or(HandshakeError::MalformedHead)?;
        Ok(Self { status, is_http_1_1, fields: Fields::new(parsed) })
    }

    /// Whether the response proper is still to come (RFC 9110 §15.2).
    pub(super) fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != SWITCHING_PROTOCOLS
    }

    /// Items 1 to 4 of §4.1's second list: whether the server speaks WebSocket
    /// and answers our key.
    pub(super) fn verify(&self, accept: &str) -> Result<(), HandshakeError> {
        let Self { status, is_http_1_1, fields } = self;
        if *status != SWITCHING_PROTOCOLS {
            return Err(HandshakeError::Status(*status));
        }
        // HTTP/1.0 has no upgrades (RFC 9110 §7.8).
        if !is_http_1_1 {
            return Err(HandshakeError::HttpVersion);
        }
        // The whole value, where a server looks for an element (§4.1 item 2).
        let upgrade = fields.single("Upgrade");
        if !upgrade.is_some_and(|value| grammar::is_same(value, "websocket")) {
            return Err(HandshakeError::Upgrade);
        }
        // §4.1 item 3.
        if !fields.has_token("Connection", "upgrade") {
            return Err(HandshakeError::Connection);
        }
        // §4.1 item 4; once (§11.3.3).
        if fields.single("Sec-WebSocket-Accept") != Some(accept) {
            return Err(HandshakeError::Accept);
        }
        Ok(())
    }
}
