//! What the caller asks for. Every limit is inclusive and finite by default;
//! the bounds are those of `wit/types.wit`.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use crate::error::OptionError;
use crate::event::{Agreed, Header};
use crate::time::Duration;

/// The role, and where the connection starts from.
#[derive(Clone, Debug)]
pub enum Start {
    /// Server role: wait for the opening handshake's request (§4.2).
    Accept(ServerOptions),
    /// Client role: transmit the opening handshake's request (§4.1).
    Connect(ClientOptions),
    /// Server role, after an opening handshake that the host did itself.
    Accepted(HandedOver),
    /// Client role, after an opening handshake that the host did itself.
    Connected(HandedOver),
}

/// What a server accepts.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// Limits, timeouts, compression.
    pub options: Options,
    /// Subprotocols this server speaks, preferred first (§1.9).
    pub subprotocols: Vec<String>,
    /// Origins that may connect (§10.2); `None` accepts every origin.
    pub origins: Option<Vec<String>>,
    /// Fields to add to the response's head.
    pub headers: Vec<Header>,
}

/// What a client asks for.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// Limits, timeouts, compression.
    pub options: Options,
    /// The `Host` field.
    pub host: String,
    /// Path and query (§3), starting with `/`.
    pub resource_name: String,
    /// The `Origin` field, for clients that act for a web page.
    pub origin: Option<String>,
    /// Subprotocols to offer, preferred first, no repeats.
    pub subprotocols: Vec<String>,
    /// Fields to add to the request's head.
    pub headers: Vec<Header>,
}

/// A connection whose opening handshake is already done.
#[derive(Clone, Debug)]
pub struct HandedOver {
    /// Limits, timeouts, and how what is sent is compressed. Without compression here
    /// nothing is compressed, though what comes is decompressed where that is agreed.
    pub options: Options,
    /// What that handshake agreed.
    pub agreed: Agreed,
}

/// The options of either role.
#[derive(Clone, Debug)]
pub struct Options {
    /// What a peer can make this endpoint hold or do.
    pub limits: Limits,
    /// How long this endpoint waits.
    pub timeouts: Timeouts,
    /// Accept (server) or offer (client) permessage-deflate; `None` declines it.
    pub compression: Option<Compression>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            compression: Some(Compression::default()),
        }
    }
}

impl Options {
    /// Checks every bound.
    pub fn validate(&self) -> Result<(), OptionError> {
        let Self { limits, timeouts, compression } = self;
        limits.validate()?;
        timeouts.validate()?;
        compression.as_ref().map_or(Ok(()), Compression::validate)
    }
}

/// What a peer can make this endpoint hold or do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the peer's head in the opening handshake.
    pub head_bytes: u32,
    /// Fields in the peer's head.
    pub header_count: u32,
    /// Payload bytes of one frame.
    pub frame_bytes: u64,
    /// Payload bytes of one message, after decompression.
    pub message_bytes: u64,
    /// Frames of one message.
    pub fragment_count: u32,
    /// Pongs waiting to be transmitted; above, only the newest Ping's is kept.
    pub queued_pongs: u32,
    /// Output above which received bytes are left for the next `drain`.
    pub output_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 16 << 10,
            header_count: 100,
            // A message that does not compress grows when it is compressed.
            frame_bytes: 17 << 20,
            message_bytes: 16 << 20,
            fragment_count: 1 << 20,
            queued_pongs: 1 << 10,
            output_bytes: 256 << 10,
        }
    }
}

impl Limits {
    /// The most that a message may be told to hold: what a 32-bit guest can
    /// still build an answer to.
    const MOST_MESSAGE_BYTES: u64 = 1 << 30;

    fn validate(&self) -> Result<(), OptionError> {
        let in_bounds = self.head_bytes >= 256
            && (8..=1000).contains(&self.header_count)
            && self.message_bytes <= Self::MOST_MESSAGE_BYTES
            && self.fragment_count >= 1
            && self.queued_pongs >= 1
            && self.output_bytes >= 1024;
        in_bounds.then_some(()).ok_or(OptionError::Limits)
    }
}

/// How long this endpoint waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the whole opening handshake.
    pub opening: Duration,
    /// For the peer's Close frame, and then for the end of the transport.
    pub closing: Duration,
    /// Without a message in either direction.
    pub idle: Option<Duration>,
    /// Pings that find a peer that is gone.
    pub keepalive: Option<Keepalive>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { opening: 10_000, closing: 5_000, idle: None, keepalive: Some(Keepalive::default()) }
    }
}

impl Timeouts {
    fn validate(&self) -> Result<(), OptionError> {
        let keepalive = self.keepalive.as_ref().map_or([1, 1], |k| [k.interval, k.timeout]);
        let all = [self.opening, self.closing, self.idle.unwrap_or(1), keepalive[0], keepalive[1]];
        if all.contains(&0) { Err(OptionError::Timeouts) } else { Ok(()) }
    }
}

/// Pings that find a peer that is gone (§5.5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// A Ping is sent after this long without a byte from the peer.
    pub interval: Duration,
    /// The connection is failed after this long without a byte behind the Ping.
    pub timeout: Duration,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self { interval: 30_000, timeout: 20_000 }
    }
}

/// permessage-deflate (RFC 7692), as wanted by this endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    /// 1 (fast) to 9 (small).
    pub level: u8,
    /// Messages of fewer bytes are sent uncompressed.
    pub threshold: u32,
    /// Most LZ77 window bits of what the server sends, 8 to 15.
    pub server_window_bits: u8,
    /// Most LZ77 window bits of what the client sends, 8 to 15.
    pub client_window_bits: u8,
    /// Whether the server may carry its context from message to message.
    pub server_context_takeover: bool,
    /// Whether the client may carry its context from message to message.
    pub client_context_takeover: bool,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            level: 6,
            threshold: 64,
            server_window_bits: 15,
            client_window_bits: 15,
            server_context_takeover: true,
            client_context_takeover: true,
        }
    }
}

impl Compression {
    /// LZ77 window bits (RFC 7692 §7.1.2).
    const WINDOW_BITS: RangeInclusive<u8> = 8..=15;

    fn validate(&self) -> Result<(), OptionError> {
        let in_bounds = (1..=9).contains(&self.level)
            && Self::WINDOW_BITS.contains(&self.server_window_bits)
            && Self::WINDOW_BITS.contains(&self.client_window_bits);
        in_bounds.then_some(()).ok_or(OptionError::Compression)
    }
}

impl HandedOver {
    /// Checks every bound, also of what somebody else agreed to.
    pub(crate) fn validate(&self) -> Result<(), OptionError> {
        self.options.validate()?;
        let in_bounds = self.agreed.compression.is_none_or(|agreed| {
            [agreed.server_window_bits, agreed.client_window_bits]
                .iter()
                .all(|bits| Compression::WINDOW_BITS.contains(bits))
        });
        in_bounds.then_some(()).ok_or(OptionError::Compression)
    }
}
