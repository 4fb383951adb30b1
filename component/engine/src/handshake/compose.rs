//! Writing a head: a first line, fields, a blank line.

use alloc::vec::Vec;

use super::grammar;
use crate::error::OptionError;
use crate::event::Header;
use crate::token::is_token;

/// Fields that a caller may not add, as the opening handshake writes them
/// itself, besides all `Sec-WebSocket-` ones; or as they would announce a body.
const OWN: [&str; 6] =
    ["host", "upgrade", "connection", "origin", "content-length", "transfer-encoding"];

const OWN_PREFIX: &str = "sec-websocket-";

/// A head that is being written.
pub(super) struct HeadWriter(Vec<u8>);

impl HeadWriter {
    /// Begins with the parts of a request line or status line.
    pub(super) fn new(first_line: &[&str]) -> Self {
        let mut bytes = first_line.concat().into_bytes();
        bytes.extend_from_slice(b"\r\n");
        Self(bytes)
    }

    pub(super) fn field(&mut self, name: &str, value: impl AsRef<[u8]>) {
        for part in [name.as_bytes(), b": ", value.as_ref(), b"\r\n"] {
            self.0.extend_from_slice(part);
        }
    }

    /// The caller's fields, which [`validate_added`] has seen.
    pub(super) fn added(&mut self, headers: &[Header]) {
        for header in headers {
            self.field(&header.name, &header.value);
        }
    }

    /// Ends the head; `body` follows it.
    pub(super) fn end(mut self, body: &str) -> Vec<u8> {
        self.0.extend_from_slice(b"\r\n");
        self.0.extend_from_slice(body.as_bytes());
        self.0
    }
}

/// Whether a caller's fields may be added to a head.
pub(super) fn validate_added(headers: &[Header]) -> Result<(), OptionError> {
    let may_be_added = |header: &&Header| {
        is_token(&header.name) && grammar::is_field_value(&header.value) && !is_own(&header.name)
    };
    match headers.iter().find(|header| !may_be_added(header)) {
        Some(bad) => Err(OptionError::Header(bad.name.clone())),
        None => Ok(()),
    }
}

fn is_own(name: &str) -> bool {
    OWN.iter().any(|own| grammar::is_same(name, own))
        || name.get(..OWN_PREFIX.len()).is_some_and(|prefix| grammar::is_same(prefix, OWN_PREFIX))
}
