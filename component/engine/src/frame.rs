//! Frame headers (§5.2): the rules that a header alone, and its place in the
//! stream, decide.
//!
//! ```text
//!  0               1               2               3
//! +-+-+-+-+-------+-+-------------+-------------------------------+
//! |F|R|R|R| opcode|M| payload len |    extended payload length    |
//! |I|S|S|S|  (4)  |A|     (7)     |          (16 or 64)           |
//! |N|V|V|V|       |S|             |                               |
//! | |1|2|3|       |K|             |                               |
//! +-+-+-+-+-------+-+-------------+-------------------------------+
//! |          masking key (32, if MASK is set), then the payload   |
//! +---------------------------------------------------------------+
//! ```

mod encode;
mod header;
mod short_header;

use crate::error::ProtocolError;
pub(crate) use encode::{encode, encode_before, header_len};
pub(crate) use header::{Expected, FrameHeader};
pub(crate) use short_header::ShortHeader;

pub(crate) const FIN: u8 = 0x80;
/// With an agreed permessage-deflate: this message is compressed (RFC 7692 §6).
pub(crate) const RSV1: u8 = 0x40;
const RSV: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASK: u8 = 0x80;

/// The longest payload of a control frame (§5.5).
pub(crate) const CONTROL_PAYLOAD: usize = 125;
/// The longest header: two bytes, a 64-bit length, a masking key (§5.2).
pub(crate) const HEADER_BYTES: usize = 14;
/// The longest header without a masking key.
pub(crate) const UNMASKED_HEADER_BYTES: usize = 10;

/// What a frame is (§5.2, §11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xa,
}

impl Opcode {
    fn parse(bits: u8) -> Result<Self, ProtocolError> {
        match bits {
            0x0 => Ok(Self::Continuation),
            0x1 => Ok(Self::Text),
            0x2 => Ok(Self::Binary),
            0x8 => Ok(Self::Close),
            0x9 => Ok(Self::Ping),
            0xa => Ok(Self::Pong),
            // §5.2: an unknown opcode fails the connection.
            reserved => Err(ProtocolError::ReservedOpcode(reserved)),
        }
    }

    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}
