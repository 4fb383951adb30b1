//! What goes wrong, in three kinds that are never mixed:
//!
//! | type | whose fault | what follows |
//! |---|---|---|
//! | [`Failure`] | the peer's: a rule, a limit, a handshake, a timeout | the connection is failed, for good |
//! | [`UsageError`] | the caller's: a call out of place | nothing has changed |
//! | [`OptionError`] | the caller's: an option out of bounds | no connection begins |
//!
//! What a transport can do wrong is the host's.

use alloc::string::String;

use thiserror::Error;

use crate::close;

/// Why this endpoint failed the connection (§7.1.7).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The peer broke a rule of framing.
    #[error("{0}")]
    Protocol(#[from] ProtocolError),
    /// The peer went beyond a limit of ours.
    #[error("{0}")]
    Limit(#[from] LimitError),
    /// The opening handshake failed.
    #[error("{0}")]
    Handshake(#[from] HandshakeError),
    /// The peer took too long.
    #[error("{0}")]
    Timeout(#[from] TimeoutError),
}

impl Failure {
    /// The close code to send (§7.4.1); `None` where no Close frame can help,
    /// as there is no WebSocket connection yet or the peer ignored one already.
    pub fn close_code(&self) -> Option<u16> {
        match self {
            Self::Protocol(error) => Some(error.close_code()),
            Self::Limit(
                LimitError::FrameBytes(_)
                | LimitError::MessageBytes(_)
                | LimitError::FragmentCount(_),
            ) => Some(close::MESSAGE_TOO_BIG),
            Self::Handshake(_) => None,
            Self::Timeout(error) => error.close_code(),
        }
    }
}

/// A rule of RFC 6455 or RFC 7692 that the peer's frames broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProtocolError {
    /// RSV bits without an agreed meaning (§5.2), as a number of 1 to 7.
    #[error("reserved bits {0:03b} without an agreed meaning (§5.2)")]
    ReservedBits(u8),
    /// An opcode without a meaning: 0x3-0x7, 0xb-0xf (§5.2).
    #[error("reserved opcode {0:#x} (§5.2)")]
    ReservedOpcode(u8),
    /// A client's frame without a mask (§5.1).
    #[error("a client's frame without a mask (§5.1)")]
    UnmaskedFrame,
    /// A server's frame with a mask (§5.1).
    #[error("a server's frame with a mask (§5.1)")]
    MaskedFrame,
    /// A payload length not in the shortest form (§5.2).
    #[error("a payload length not in the shortest form (§5.2)")]
    LengthForm,
    /// A payload length of 2^63 or more (§5.2).
    #[error("a payload length of 2^63 or more (§5.2)")]
    LengthSign,
    /// A control frame without FIN (§5.5), by opcode.
    #[error("a fragmented control frame, opcode {0:#x} (§5.5)")]
    FragmentedControl(u8),
    /// A control frame of more than 125 bytes (§5.5): the 7 bits that say so, 126 or 127.
    #[error("a control frame above 125 bytes, by its length of {0} (§5.5)")]
    ControlLength(u64),
    /// A continuation frame without a message to continue (§5.4).
    #[error("a continuation frame without a message to continue (§5.4)")]
    UnexpectedContinuation,
    /// A new message inside an unfinished one (§5.4).
    #[error("a new message inside an unfinished one (§5.4)")]
    InterleavedMessage,
    /// Text that is not UTF-8 (§8.1).
    #[error("a text message that is not UTF-8 (§8.1)")]
    MessageUtf8,
    /// A Close body of one byte (§5.5.1).
    #[error("a Close body of one byte (§5.5.1)")]
    CloseLength,
    /// A close code that may not be sent (§7.4).
    #[error("close code {0} may not be sent (§7.4)")]
    CloseCode(u16),
    /// A close reason that is not UTF-8 (§5.5.1).
    #[error("a close reason that is not UTF-8 (§5.5.1)")]
    CloseUtf8,
    /// Compressed data that is not DEFLATE (RFC 7692 §7.2.2).
    #[error("compressed data that is not DEFLATE (RFC 7692 §7.2.2)")]
    CompressedData,
}

impl ProtocolError {
    /// 1007 where a payload's data contradicts its type, else 1002 (§7.4.1).
    pub fn close_code(self) -> u16 {
        match self {
            Self::MessageUtf8 | Self::CloseUtf8 | Self::CompressedData => close::INVALID_PAYLOAD,
            Self::ReservedBits(_)
            | Self::ReservedOpcode(_)
            | Self::UnmaskedFrame
            | Self::MaskedFrame
            | Self::LengthForm
            | Self::LengthSign
            | Self::FragmentedControl(_)
            | Self::ControlLength(_)
            | Self::UnexpectedContinuation
            | Self::InterleavedMessage
            | Self::CloseLength
            | Self::CloseCode(_) => close::PROTOCOL_ERROR,
        }
    }
}

/// A limit of ours that the peer went beyond; each carries what was asked for,
/// as far as known when it was refused. All lead to code 1009 (§7.4.1, §10.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LimitError {
    /// Above `Limits::frame_bytes`.
    #[error("a frame of {0} bytes is above the limit")]
    FrameBytes(u64),
    /// Above `Limits::message_bytes`.
    #[error("a message of {0} bytes or more is above the limit")]
    MessageBytes(u64),
    /// Above `Limits::fragment_count`.
    #[error("a message of {0} fragments or more is above the limit")]
    FragmentCount(u32),
}

/// Why an opening handshake failed, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HandshakeError {
    /// The head is longer than `Limits::head_bytes`.
    #[error("the head is longer than the limit")]
    HeadBytes,
    /// More fields than `Limits::header_count`.
    #[error("the head has more fields than the limit")]
    HeaderCount,
    /// Not an HTTP/1.1 head; as a client, not a response's.
    #[error("not an HTTP/1.1 head")]
    MalformedHead,
    /// A method other than GET (§4.2.1 item 1).
    #[error("method {0:?} instead of GET (§4.2.1)")]
    Method(String),
    /// HTTP other than 1.1 (§4.2.1 item 1). A client checks it behind `Status`.
    #[error("HTTP other than 1.1 (§4.2.1)")]
    HttpVersion,
    /// Not an absolute path, nor an http(s) or ws(s) URI (§4.2.1 item 1).
    #[error("not a resource name (§4.2.1)")]
    ResourceName,
    /// A request with a body.
    #[error("a request with a body")]
    RequestBody,
    /// No `Host`, or several (§4.2.1 item 2).
    #[error("no Host field, or several (§4.2.1)")]
    Host,
    /// As a client: a status other than 101 (§4.1).
    #[error("the server answered with status {0} instead of 101 (§4.1)")]
    Status(u16),
    /// `Upgrade` without `websocket` (§4.2.1 item 3, §4.1).
    #[error("Upgrade field without \"websocket\" (§4.1, §4.2.1)")]
    Upgrade,
    /// `Connection` without `upgrade` (§4.2.1 item 4, §4.1).
    #[error("Connection field without \"upgrade\" (§4.1, §4.2.1)")]
    Connection,
    /// No `Sec-WebSocket-Key` of 16 bytes, or several (§4.2.1 item 5).
    #[error("no Sec-WebSocket-Key of 16 bytes, or several (§4.2.1)")]
    Key,
    /// As a client: `Sec-WebSocket-Accept` does not match the key (§4.1).
    #[error("Sec-WebSocket-Accept does not match the key (§4.1)")]
    Accept,
    /// A `Sec-WebSocket-Version` other than 13, or none (§4.4).
    #[error("Sec-WebSocket-Version {0:?} instead of 13 (§4.4)")]
    Version(String),
    /// An `Origin` that is not allowed (§4.2.2, §10.2).
    #[error("origin {0:?} is not allowed (§10.2)")]
    Origin(String),
    /// `Sec-WebSocket-Protocol` is malformed (§11.3.4); as a client, names a
    /// subprotocol that was not offered (§4.1).
    #[error("Sec-WebSocket-Protocol is malformed, or not what was offered (§4.1, §11.3.4)")]
    Subprotocol,
    /// `Sec-WebSocket-Extensions` is malformed (§9.1); as a client, names an
    /// extension that was not offered (§4.1), or unacceptable parameters.
    #[error("Sec-WebSocket-Extensions is malformed, or not what was offered (§4.1, §9.1)")]
    Extensions,
    /// `close` was called while connecting.
    #[error("closed while connecting")]
    Closed,
    /// The transport ended inside the head.
    #[error("the transport ended inside the head")]
    Truncated,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TimeoutError {
    /// `Timeouts::opening`: a server answers with status 408.
    #[error("the opening handshake took too long")]
    Opening,
    /// `Timeouts::closing`: the transport is closed as it is.
    #[error("the closing handshake took too long")]
    Closing,
    /// `Keepalive::timeout`.
    #[error("no answer to a keepalive Ping")]
    Keepalive,
}

impl TimeoutError {
    /// The close code to send (§7.4.1): 1011 tells a peer that answers no Ping
    /// that this endpoint cannot go on.
    pub fn close_code(self) -> Option<u16> {
        match self {
            Self::Keepalive => Some(close::INTERNAL_ERROR),
            Self::Opening | Self::Closing => None,
        }
    }
}

/// A call that does not fit the ready state or has a bad argument. The
/// connection is as it was before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UsageError {
    /// Not yet: the opening handshake is under way.
    #[error("the opening handshake is still under way")]
    Connecting,
    /// No longer: a Close frame was sent, or the connection failed.
    #[error("a Close frame was sent already, or the connection failed")]
    Closing,
    /// No longer: the connection is closed.
    #[error("the connection is closed")]
    Closed,
    /// A control frame holds at most 125 bytes (§5.5).
    #[error("a control frame holds at most 125 bytes (§5.5)")]
    ControlPayload,
    /// A close code that may not be sent (§7.4).
    #[error("a close code that may not be sent (§7.4)")]
    CloseCode,
    /// A close reason of more than 123 bytes (§5.5.1).
    #[error("a close reason of more than 123 bytes (§5.5.1)")]
    CloseReason,
}

/// An option that is out of its bounds; texts carry the offending value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OptionError {
    /// A limit is out of the bounds that its documentation gives.
    #[error("a limit is out of bounds")]
    Limits,
    /// A timeout is 0.
    #[error("a timeout is 0")]
    Timeouts,
    /// A level, or window bits, out of bounds.
    #[error("a compression option is out of bounds")]
    Compression,
    /// Not a token (§4.1), or a repeated one.
    #[error("subprotocol {0:?} is not a token, or repeated (§4.1)")]
    Subprotocol(String),
    /// Not an origin: a scheme, host and port.
    #[error("{0:?} is not an origin such as \"https://example.com\"")]
    Origin(String),
    /// Not a host and port.
    #[error("{0:?} is not a host and port")]
    Host(String),
    /// Not a path with an optional query.
    #[error("{0:?} is not a path with an optional query")]
    ResourceName(String),
    /// A field's name or value that HTTP does not allow, or one of the opening
    /// handshake's own.
    #[error("{0:?} is not a field that may be added")]
    Header(String),
}
