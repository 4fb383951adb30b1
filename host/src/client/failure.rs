//! Failures in words, for people.

use crate::bindings::types::{Failure, HandshakeError, LimitError, ProtocolError, TimeoutError};

/// What a failure was, in a few words, which name the section where a rule was broken.
pub fn describe(failure: &Failure) -> String {
    match failure {
        Failure::Protocol(error) => format!("the peer broke a rule: {}", protocol(*error)),
        Failure::Limit(error) => format!("the peer went beyond a limit: {}", limit(*error)),
        Failure::Handshake(error) => handshake(error),
        Failure::Timeout(error) => timeout(*error).to_owned(),
    }
}

fn protocol(error: ProtocolError) -> String {
    match error {
        ProtocolError::ReservedBits(bits) => {
            format!("RSV bits 0b{bits:03b} without a meaning (§5.2)")
        }
        ProtocolError::ReservedOpcode(opcode) => {
            format!("opcode 0x{opcode:x} without a meaning (§5.2)")
        }
        ProtocolError::UnmaskedFrame => "an unmasked frame from a client (§5.1)".to_owned(),
        ProtocolError::MaskedFrame => "a masked frame from a server (§5.1)".to_owned(),
        ProtocolError::LengthForm => "a payload length not in the shortest form (§5.2)".to_owned(),
        ProtocolError::LengthSign => "a payload length of 2^63 or more (§5.2)".to_owned(),
        ProtocolError::FragmentedControl(opcode) => {
            format!("a control frame in fragments, opcode 0x{opcode:x} (§5.5)")
        }
        ProtocolError::ControlLength(length) => {
            format!("a control frame above 125 bytes, by its length of {length} (§5.5)")
        }
        ProtocolError::UnexpectedContinuation => "a continuation of no message (§5.4)".to_owned(),
        ProtocolError::InterleavedMessage => "a message inside an unfinished one (§5.4)".to_owned(),
        ProtocolError::MessageUtf8 => "text that is not UTF-8 (§8.1)".to_owned(),
        ProtocolError::CloseLength => "a Close frame of one byte (§5.5.1)".to_owned(),
        ProtocolError::CloseCode(code) => {
            format!("close code {code}, which may not be sent (§7.4)")
        }
        ProtocolError::CloseUtf8 => "a close reason that is not UTF-8 (§5.5.1)".to_owned(),
        ProtocolError::CompressedData => "data that is not DEFLATE (RFC 7692 §7.2.2)".to_owned(),
    }
}

fn limit(error: LimitError) -> String {
    match error {
        LimitError::FrameBytes(count) => format!("a frame of {count} bytes"),
        LimitError::MessageBytes(count) => format!("a message of {count} bytes"),
        LimitError::FragmentCount(count) => format!("a message of {count} frames"),
    }
}

fn timeout(error: TimeoutError) -> &'static str {
    match error {
        TimeoutError::Opening => "the opening handshake took too long",
        TimeoutError::Closing => "the peer did not answer the Close frame in time",
        TimeoutError::Keepalive => "the peer did not answer a Ping in time",
    }
}

/// Cases that only a server finds are in a server's words.
fn handshake(error: &HandshakeError) -> String {
    let section = "(§4.1)";
    match error {
        HandshakeError::Status(status) => match status {
            401 => "status 401: the server wants to know who asks; give credentials".to_owned(),
            403 => "status 403: the server does not let this origin or user in".to_owned(),
            404 => "status 404: the server has no WebSocket at this path".to_owned(),
            200..=299 => format!("status {status}: a web server answers, but not with WebSocket"),
            300..=399 => format!("status {status}: the server wants another URL"),
            426 => "status 426: the server wants another version of the protocol".to_owned(),
            429 | 503 => format!("status {status}: the server is too busy; try again later"),
            _ => format!("status {status}: the server refuses the opening handshake"),
        },
        HandshakeError::MalformedHead => {
            format!("the answer is not HTTP/1.1: not a WebSocket server {section}")
        }
        HandshakeError::HeadBytes => "the head of the answer is too long".to_owned(),
        HandshakeError::HeaderCount => "the head of the answer has too many fields".to_owned(),
        HandshakeError::HttpVersion => format!("the answer is not HTTP/1.1 {section}"),
        HandshakeError::Upgrade => format!("the answer has no `Upgrade: websocket` {section}"),
        HandshakeError::Connection => format!("the answer has no `Connection: Upgrade` {section}"),
        HandshakeError::Accept => {
            format!("Sec-WebSocket-Accept does not match: not a WebSocket server {section}")
        }
        HandshakeError::Subprotocol => {
            format!("the server chose a subprotocol that was not offered {section}")
        }
        HandshakeError::Extensions => {
            format!(
                "the server chose an extension that was not offered, or parameters of it {section}"
            )
        }
        HandshakeError::Truncated => "the server ended the connection within its answer".to_owned(),
        HandshakeError::Closed => "given up before it was done".to_owned(),
        HandshakeError::Method(method) => format!("the method {method} (§4.2.1)"),
        HandshakeError::ResourceName => "a malformed resource name (§4.2.1)".to_owned(),
        HandshakeError::RequestBody => "a request with a body".to_owned(),
        HandshakeError::Host => "no Host, or several (§4.2.1)".to_owned(),
        HandshakeError::Key => "no valid Sec-WebSocket-Key (§4.2.1)".to_owned(),
        HandshakeError::Version(version) => {
            format!("version {version:?} of the protocol (§4.2.1)")
        }
        HandshakeError::Origin(origin) => format!("the origin {origin:?} (§4.2.2)"),
    }
}
