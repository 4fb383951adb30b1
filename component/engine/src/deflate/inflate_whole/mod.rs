//! Decompression of a message that is here as a whole, and without context.
//!
//! zlib keeps tables and a window for streams. A short message needs neither: what it
//! repeats is in the message itself, and to make smaller tables takes less time than it
//! takes to look up some long codewords in another way.
//!
//! This is for what peers send. Whatever is unusual, let alone wrong, is left to zlib,
//! which begins anew: so it is zlib alone that decides what is refused, and with which
//! bytes before it.

mod bits;
mod code;
mod header;
mod message;
mod symbol;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use bits::{Bits, End};
use code::{Distances, Literals};
use message::Message;

/// Bytes of the longest payload. A longer one is mostly of more than one step's bytes.
const LONGEST_PAYLOAD: usize = 1 << 14;

/// Blocks of a message. Each takes the time to make tables, however short it is.
const MOST_BLOCKS: usize = 32;

/// BTYPE (RFC 1951 §3.2.3).
const STORED: u16 = 0b00;
const DYNAMIC: u16 = 0b10;

/// Decompresses a whole message of `most` bytes at most into `output`, which is empty
/// (RFC 7692 §7.2.2).
///
/// `None` for any other message and for some rare ones: then `output` is empty again.
// Not inlined: its tables are on the stack, 4 KiB that connections that never inflate
// would keep.
#[inline(never)]
pub(super) fn inflate(payload: &[u8], output: &mut Vec<u8>, most: usize) -> Option<()> {
    debug_assert!(output.is_empty());
    // BFINAL and BTYPE of the first block, to tell messages apart that are not for here
    // before there is room for them.
    let is_dynamic = u16::from(payload.first()? & 0b111) == DYNAMIC << 1;
    if !is_dynamic || payload.len() > LONGEST_PAYLOAD {
        return None;
    }
    let end = End::of(payload)?;
    let mut message = Message::new(output, 4 * payload.len(), most);
    let inflated = blocks(Bits::new(payload, &end), &mut message);
    message.end(inflated.is_some())
}

fn blocks(mut bits: Bits<'_>, message: &mut Message<'_>) -> Option<()> {
    let (mut literals, mut distances) = (Literals::new(), Distances::new());
    for _ in 0..MOST_BLOCKS {
        bits.refill();
        // RFC 7692 §7.2.3.4: behind a final block, a stream begins anew.
        if bits.take(1)? == 1 {
            return None;
        }
        match bits.take(2)? {
            // RFC 7692 §7.2.2: the tail is the rest of this block.
            STORED => return bits.are_less_than_a_byte().then_some(()),
            DYNAMIC => bits = header::read(bits, &mut literals, &mut distances)?,
            _ => return None,
        }
        let mut ends = false;
        while !ends {
            message.make_room()?;
            ends = compressed(&mut bits, &literals, &distances, message)?;
        }
    }
    None
}

/// Decompresses a block for as long as there is room, and tells whether that was to its
/// end (RFC 1951 §3.2.5).
// Not inlined: it has the registers for itself, and what it works with is its own.
#[inline(never)]
fn compressed(
    all_bits: &mut Bits<'_>,
    literals: &Literals,
    distances: &Distances,
    message: &mut Message<'_>,
) -> Option<bool> {
    let mut bits = *all_bits;
    let (bytes, mut len) = message.room();
    let mut ends = false;
    while bytes.len() - len >= message::ROOM {
        bits.refill();
        let mut symbol = literals.next(&mut bits)?;
        // Three of 15 bits at most: before it is refilled, there is no room for more.
        for _ in 0..2 {
            if symbol.is_literal() {
                bytes[len] = symbol.literal();
                len += 1;
                symbol = literals.next(&mut bits)?;
            }
        }
        if symbol.is_literal() {
            bytes[len] = symbol.literal();
            len += 1;
            continue;
        }
        if symbol.is_end() {
            ends = true;
            break;
        }
        // Up to 5 + 15 + 13 bits.
        bits.refill();
        let length = symbol.number(&mut bits)?;
        let distance = distances.next(&mut bits)?.number(&mut bits)?;
        // A match before the message has nothing to repeat.
        message::repeat(&mut bytes[len.checked_sub(distance)?..], distance, length)?;
        len += length;
    }
    message.filled(len);
    *all_bits = bits;
    Some(ends)
}
