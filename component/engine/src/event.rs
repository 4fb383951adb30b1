//! What a connection reports, and what its host is to do. These types are those
//! of `wit/types.wit`, field for field: the adapters need no conversions.

use alloc::string::String;
use alloc::vec::Vec;

use crate::close::{self, CloseFrame};
use crate::error::Failure;
use crate::time::{Duration, Instant};

/// What a connection reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The opening handshake is done; the ready state is open.
    Opened(Agreed),
    /// A whole message (§5.6).
    Message(Message),
    /// A Ping came, and is answered, within `limits.queued_pongs`.
    Ping(Vec<u8>),
    /// A Pong came.
    Pong(Pong),
    /// The peer's Close frame came, and was answered unless one was sent before. No more
    /// messages follow.
    CloseReceived(Option<CloseFrame>),
    /// This endpoint failed the connection (§7.1.7), or the opening handshake.
    /// No more messages follow.
    Failed(Failure),
    /// The last event of every connection.
    Closed(Closure),
}

/// A whole message (§5.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Opcode 0x1.
    Text(String),
    /// Opcode 0x2.
    Binary(Vec<u8>),
}

/// A Pong frame (§5.5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pong {
    /// 0 to 125 bytes.
    pub application_data: Vec<u8>,
    /// Time since the Ping of the same application data; `None` for a Pong that
    /// nobody asked for.
    pub round_trip: Option<Duration>,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// Both Close frames were exchanged before the transport ended (§7.1.4).
    pub clean: bool,
    /// The peer's close code; 1005 for a Close without one, 1006 without a
    /// Close (§7.1.5).
    pub code: u16,
    /// The peer's close reason (§7.1.6).
    pub reason: String,
    /// Why this endpoint failed the connection, if it did.
    pub failure: Option<Failure>,
}

impl Closure {
    /// A transport that ended without a Close frame (§7.1.5).
    pub(crate) const ABNORMAL: Self =
        Self { clean: false, code: close::ABNORMAL, reason: String::new(), failure: None };
}

/// What the opening handshake agreed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// Path and query of the request.
    pub resource_name: String,
    /// The request's `Host`, or what its target names in absolute form.
    pub host: String,
    /// The request's `Origin`.
    pub origin: Option<String>,
    /// The agreed subprotocol.
    pub subprotocol: Option<String>,
    /// The agreed parameters of permessage-deflate; `None` without compression.
    pub compression: Option<AgreedCompression>,
    /// All fields of the peer's head, in its order.
    pub headers: Vec<Header>,
}

/// A field of a request's or response's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Compared without regard to case.
    pub name: String,
    /// As on the wire, without surrounding white space.
    pub value: Vec<u8>,
}

/// Agreed parameters of permessage-deflate (RFC 7692 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgreedCompression {
    /// LZ77 window bits of what the server sends, 8 to 15.
    pub server_window_bits: u8,
    /// LZ77 window bits of what the client sends, 8 to 15.
    pub client_window_bits: u8,
    /// Whether the server may carry its context from message to message.
    pub server_context_takeover: bool,
    /// Whether the client may carry its context from message to message.
    pub client_context_takeover: bool,
}

/// The ready state (§4.1, §7.1.3, §7.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyState {
    /// The opening handshake is under way.
    Connecting,
    /// Messages flow.
    Open,
    /// The closing handshake has begun, or the connection failed.
    Closing,
    /// The transport has ended, or is for the host to end.
    Closed,
}

/// What the host does with its transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Bytes for the peer, up to the end of a frame or head.
    pub transmit: Vec<u8>,
    /// When to call `reach_deadline`; `None` while nothing is awaited.
    pub deadline: Option<Instant>,
    /// What to do once `transmit` is on its way.
    pub next: Next,
    /// The ready state after all of this.
    pub ready_state: ReadyState,
}

/// What to do once an output's bytes are on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Hand over the peer's bytes as they come.
    Receive,
    /// Call `drain`: more of what was received is ready to be processed.
    Drain,
    /// Close the transport (§7.1.1).
    Close,
}
