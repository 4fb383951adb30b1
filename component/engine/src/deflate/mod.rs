//! permessage-deflate (RFC 7692): negotiation as pure data, and the codec.
//!
//! DEFLATE itself is zlib-rs, but for short messages without context, which `whole`
//! compresses and `inflate_whole` decompresses. What is added here is the RFC's: the tail
//! of each message, context takeover, window bits, and bounds on memory and time.

mod deflater;
mod extension_list;
mod inflate_whole;
mod inflater;
pub(crate) mod negotiation;
#[cfg(test)]
mod tests;
mod whole;

pub(crate) use deflater::Deflater;
pub(crate) use inflater::{Inflater, Progress};
pub(crate) use whole::LONGEST_MESSAGE;

/// The end of the empty stored block that a sender removes from each message
/// and a receiver puts back (RFC 7692 §7.2.1, §7.2.2): its lengths, 0 and !0.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
