//! The server's half of the opening handshake (§4.2).

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use super::compose::{self, HeadWriter};
use super::fields::Fields;
use super::head::{Head, HeadReader};
use super::request::Request;
use super::{accept, grammar, subprotocol};
use crate::deflate::negotiation;
use crate::error::{HandshakeError, OptionError};
use crate::event::Agreed;
use crate::options::ServerOptions;

/// Waits for a request (§4.2).
pub(crate) struct ServerHandshake {
    reader: HeadReader,
    options: ServerOptions,
}

/// A request that was accepted.
pub(crate) struct Accepted {
    pub(crate) agreed: Agreed,
    /// The response's head, to be transmitted (§4.2.2).
    pub(crate) response: Vec<u8>,
}

impl ServerHandshake {
    pub(crate) fn new(options: ServerOptions) -> Result<Self, OptionError> {
        options.options.validate()?;
        subprotocol::validate(&options.subprotocols)?;
        let mut origins = options.origins.iter().flatten();
        if let Some(bad) = origins.find(|origin| !grammar::is_origin(origin)) {
            return Err(OptionError::Origin(bad.clone()));
        }
        compose::validate_added(&options.headers)?;
        Ok(Self { reader: HeadReader::for_request(&options.options.limits), options })
    }

    /// Takes the head's bytes from the front of `input` and leaves what follows
    /// it; `None` while the head is incomplete. Not to be called after that.
    pub(crate) fn receive(
        &mut self,
        input: &mut &[u8],
    ) -> Option<Result<Accepted, HandshakeError>> {
        let head = self.reader.receive(input).transpose()?;
        Some(head.and_then(|head| self.answer(&head)))
    }

    /// §4.2.2 items 4 and 5.
    fn answer(&self, head: &Head) -> Result<Accepted, HandshakeError> {
        let Request { resource_name, host, key, fields } = Request::parse(head)?;
        let origin = self.check_origin(&fields)?;
        let subprotocol = subprotocol::agree(&fields, &self.options.subprotocols)?;
        let offers = fields.texts("Sec-WebSocket-Extensions").ok_or(HandshakeError::Extensions)?;
        let compression = negotiation::accept(&offers, self.options.options.compression.as_ref())?;

        let mut writer = HeadWriter::new(&["HTTP/1.1 101 Switching Protocols"]);
        writer.field("Upgrade", "websocket");
        writer.field("Connection", "Upgrade");
        writer.field("Sec-WebSocket-Accept", accept::accept_value(key));
        if let Some(subprotocol) = subprotocol {
            writer.field("Sec-WebSocket-Protocol", subprotocol);
        }
        if let Some((_, value)) = &compression {
            writer.field("Sec-WebSocket-Extensions", value);
        }
        writer.added(&self.options.headers);

        let agreed = Agreed {
            resource_name,
            host: host.to_owned(),
            origin: origin.map(ToOwned::to_owned),
            subprotocol: subprotocol.map(ToOwned::to_owned),
            compression: compression.map(|(agreed, _)| agreed),
            headers: fields.to_headers(),
        };
        Ok(Accepted { agreed, response: writer.end("") })
    }

    /// A page of another origin may not connect in a browser's name (§10.2).
    /// What is not a browser sends no `Origin`, or whatever it likes.
    fn check_origin<'a>(&self, fields: &Fields<'a>) -> Result<Option<&'a str>, HandshakeError> {
        if !fields.has("Origin") {
            return Ok(None);
        }
        let is_allowed = |origin: &&str| match &self.options.origins {
            Some(allowed) => allowed.iter().any(|one| grammar::is_same(one, origin)),
            None => true,
        };
        // Of several, none can be trusted.
        match fields.single("Origin").filter(is_allowed) {
            Some(origin) => Ok(Some(origin)),
            None => Err(HandshakeError::Origin(fields.excerpt("Origin"))),
        }
    }
}
