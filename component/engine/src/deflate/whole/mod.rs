//! Compression of a message that is here as a whole, and without context.
//!
//! zlib's tables are made for streams: to clear them for a message of a few KiB takes
//! longer than to compress it. Here they are as long as the message.

mod bits;
mod block;
mod effort;
mod fixed;
mod header;
mod huffman;
mod matches;
mod places;
mod symbols;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use bits::Bits;
use effort::Effort;
pub(super) use header::ORDER as LENGTHS_ORDER;
use matches::Matches;

/// Bytes of the longest message that is compressed as a whole.
pub(crate) const LONGEST_MESSAGE: usize = 1 << 16;

/// Matches in a block. With more, codes fit less well; with fewer, there are more codes.
const BLOCK: usize = 1 << 11;

/// Appends a message, compressed (RFC 7692 §7.2.1). What cannot be compressed becomes 6
/// bytes longer, or 11 if it has 65,536.
///
/// Level 1 to 9, LZ77 window bits 8 to 15. Until it is done, it holds up to 9.5 bytes
/// for each byte of a message of 100 or more, and 140 KiB at most.
pub(crate) fn deflate(message: &[u8], level: u8, window_bits: u8, output: &mut Vec<u8>) {
    debug_assert!(message.len() <= LONGEST_MESSAGE);
    let mut bits = Bits::new(output);
    let mut matches = Matches::new(message, window_bits, Effort::of(level));
    let mut sequences = Vec::with_capacity(BLOCK.min(message.len() / 4 + 1));
    let mut done = 0;
    while done < message.len() {
        sequences.clear();
        let end = matches.find(&mut sequences, BLOCK);
        block::write(&mut bits, &message[done..end], &sequences);
        done = end;
    }
    // RFC 7692 §7.2.1: the header of an empty stored block, the rest of which is the tail
    // that is removed. RFC 7692 §7.2.3.6: an empty message has nothing else.
    bits.reserve(3);
    bits.put(0, 3);
    bits.end();
}

/// A number that is known to be below 65,536, which a mask tells the compiler too.
#[inline]
fn low(number: usize) -> u16 {
    u16::try_from(number & 0xffff).unwrap_or_default()
}
