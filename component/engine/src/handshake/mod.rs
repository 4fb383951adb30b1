//! The opening handshake of both roles (§4): heads in, heads out, no frames.
#![allow(unused)]
use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::entropy::Keys;
use crate::error::{HandshakeError, OptionError};
use crate::event::Agreed;
use crate::options::{ClientOptions, ServerOptions};

/// The server's half: waits for a request (§4.2).
pub(crate) struct ServerHandshake {}

/// A request that was accepted.
pub(crate) struct Accepted {
    pub(crate) agreed: Agreed,
    /// The response's head, to be transmitted (§4.2.2).
    pub(crate) response: Vec<u8>,
}

impl ServerHandshake {
    pub(crate) fn new(options: ServerOptions) -> Result<Self, OptionError> { todo!() }
    /// Takes the head's bytes from the front of `input` and leaves what follows
    /// it; `None` while the head is incomplete.
    pub(crate) fn receive(&mut self, input: &mut &[u8]) -> Option<Result<Accepted, HandshakeError>> { todo!() }
}

/// The response that refuses a request: status, fields, a line of text.
pub(crate) fn refusal(error: &HandshakeError) -> Vec<u8> { todo!() }

/// The response to a request that did not come in time: 408.
pub(crate) fn timeout_response() -> Vec<u8> { todo!() }

/// The client's half: a request, then waits for the response (§4.1).
pub(crate) struct ClientHandshake {}

impl ClientHandshake {
    /// Returns the request's head, to be transmitted, as well.
    pub(crate) fn new(options: ClientOptions, keys: &mut Keys) -> Result<(Self, Vec<u8>), OptionError> { todo!() }
    /// As [`ServerHandshake::receive`].
    pub(crate) fn receive(&mut self, input: &mut &[u8]) -> Option<Result<Agreed, HandshakeError>> { todo!() }
}
