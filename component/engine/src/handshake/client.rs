//! The client's half of the opening handshake (§4.1).

use alloc::string::String;
use alloc::vec::Vec;

use super::compose::{self, HeadWriter};
use super::head::HeadReader;
use super::response::Response;
use super::{accept, grammar, subprotocol};
use crate::deflate::negotiation;
use crate::entropy::Keys;
use crate::error::{HandshakeError, OptionError};
use crate::event::Agreed;
use crate::options::ClientOptions;

/// Has sent a request, and waits for the response (§4.1).
pub(crate) struct ClientHandshake {
    reader: HeadReader,
    options: ClientOptions,
    /// The `Sec-WebSocket-Accept` that the server owes us.
    accept: String,
}

impl ClientHandshake {
    /// Returns the request's head, to be transmitted, as well.
    pub(crate) fn new(
        options: ClientOptions,
        keys: &mut Keys,
    ) -> Result<(Self, Vec<u8>), OptionError> {
        validate(&options)?;
        // §4.1 item 7: a fresh nonce for each connection.
        let key = accept::key_value(keys.next());
        let request = write_request(&options, &key);
        let reader = HeadReader::for_response(&options.options.limits);
        Ok((Self { reader, options, accept: accept::accept_value(&key) }, request))
    }

    /// Takes the head's bytes from the front of `input` and leaves what follows
    /// it; `None` while the head is incomplete. Not to be called after that.
    pub(crate) fn receive(&mut self, input: &mut &[u8]) -> Option<Result<Agreed, HandshakeError>> {
        loop {
            let head = match self.reader.receive(input).transpose()? {
                Ok(head) => head,
                Err(error) => return Some(Err(error)),
            };
            match Response::parse(&head) {
                // `timeouts.opening` bounds how many of them there can be.
                Ok(response) if response.is_interim() => {}
                Ok(response) => return Some(self.confirm(&response)),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Items 1 to 6 of §4.1's second list; the last two depend on the request.
    fn confirm(&mut self, response: &Response<'_>) -> Result<Agreed, HandshakeError> {
        response.verify(&self.accept)?;
        let fields = &response.fields;
        let ClientOptions { options, host, resource_name, origin, subprotocols, headers: _ } =
            &self.options;
        let subprotocol = subprotocol::confirm(fields, subprotocols)?;
        let values = fields.texts("Sec-WebSocket-Extensions").ok_or(HandshakeError::Extensions)?;
        let compression = negotiation::confirm(&values, options.compression.as_ref())?;
        Ok(Agreed {
            resource_name: resource_name.clone(),
            host: host.clone(),
            origin: origin.clone(),
            subprotocol,
            compression,
            headers: fields.to_headers(),
        })
    }
}

fn validate(options: &ClientOptions) -> Result<(), OptionError> {
    options.options.validate()?;
    if !grammar::is_host(&options.host) {
        return Err(OptionError::Host(options.host.clone()));
    }
    if !grammar::is_resource_name(&options.resource_name) {
        return Err(OptionError::ResourceName(options.resource_name.clone()));
    }
    if let Some(bad) = options.origin.as_ref().filter(|origin| !grammar::is_origin(origin)) {
        return Err(OptionError::Origin(bad.clone()));
    }
    subprotocol::validate(&options.subprotocols)?;
    compose::validate_added(&options.headers)
}

/// §4.1's list of what a request holds, in its order.
fn write_request(options: &ClientOptions, key: &str) -> Vec<u8> {
    let mut writer = HeadWriter::new(&["GET ", &options.resource_name, " HTTP/1.1"]);
    writer.field("Host", &options.host);
    writer.field("Upgrade", "websocket");
    writer.field("Connection", "Upgrade");
    writer.field("Sec-WebSocket-Key", key);
    if let Some(origin) = &options.origin {
        writer.field("Origin", origin);
    }
    writer.field("Sec-WebSocket-Version", "13");
    if !options.subprotocols.is_empty() {
        writer.field("Sec-WebSocket-Protocol", options.subprotocols.join(", "));
    }
    if let Some(compression) = &options.options.compression {
        writer.field("Sec-WebSocket-Extensions", negotiation::offer(compression));
    }
    writer.added(&options.headers);
    writer.end("")
}
