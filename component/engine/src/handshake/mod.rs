//! The opening handshake of both roles (§4): heads in, heads out, no frames.
//!
//! A head is read whole ([`head`]), parsed once, and looked at field by field
//! ([`fields`]). [`request`] holds what a server demands (§4.2.1), [`response`]
//! what a client demands (§4.1); [`server`] and [`client`] add what is agreed
//! beyond that: subprotocol, compression. Checks are made in the order of
//! [`HandshakeError`](crate::error::HandshakeError), so the first rule that a
//! head breaks names the failure, however its bytes came.
//!
//! Where the RFCs leave room:
//!
//! | question | answer | why |
//! |---|---|---|
//! | line ends | CR LF only; a bare LF or CR is refused | RFC 9112 §2.2 permits a bare LF; two readings of one head are how requests are smuggled past a proxy |
//! | an empty line before the request | one is ignored | RFC 9112 §2.2: SHOULD |
//! | bytes 0x80 to 0xff | allowed in a field's value | RFC 9110 §5.5; only a field that is interpreted must be text |
//! | 1xx before the 101 | a client skips them | RFC 9110 §15.2: MUST |
//! | a request with a body | refused | its bytes would be read as frames |
//! | unused bits of the key's last digit | ignored | see [`accept::is_key`] |
//! | empty elements of a list | ignored | RFC 9110 §5.6.1.2: MUST |
//! | `Sec-WebSocket-Extensions` without an element | no extension | nothing is offered that could be misread |
//! | HTTP/1.2 and above | refused, as 1.0 | there is none |

mod accept;
mod client;
mod compose;
mod fields;
mod grammar;
mod head;
mod refusal;
mod request;
mod response;
mod server;
mod subprotocol;
#[cfg(test)]
mod tests;

pub(crate) use client::ClientHandshake;
pub(crate) use refusal::{refusal, timeout_response};
pub(crate) use server::ServerHandshake;
