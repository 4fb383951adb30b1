//! What says which codes a block has (RFC 1951 §3.2.7).

use super::bits::Bits;
use super::code::{Code, Used};
use super::symbol::Kind;

/// Symbols of the code in which the lengths are.
const SYMBOLS: usize = 19;
const ORDER: [u8; SYMBOLS] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// Literals and lengths, and distances, of which a block can have a code.
const MOST_LITERALS: u16 = 286;
const MOST_DISTANCES: u16 = 30;
const END: u16 = 256;

/// Reads the codes of a block.
#[inline(never)]
pub(super) fn read<'a>(
    mut bits: Bits<'a>,
    literals: &mut Code,
    distances: &mut Code,
) -> Option<Bits<'a>> {
    let literal_count = 257 + bits.take(5)?;
    let distance_count = 1 + bits.take(5)?;
    if literal_count > MOST_LITERALS || distance_count > MOST_DISTANCES {
        return None;
    }
    let in_order = 4 + usize::from(bits.take(4)?);
    bits = read_lengths_code(bits, in_order, distances)?;

    let mut used = [Used::default(); (MOST_LITERALS + MOST_DISTANCES) as usize];
    let mut count = 0;
    let (mut symbol, mut length) = (0, None);
    while symbol < literal_count + distance_count {
        bits.refill();
        let (repeated, least, extra_bits) = match distances.next(&mut bits)?.plain_number() {
            16 => (length?, 3, 2),
            17 => (0, 3, 3),
            18 => (0, 11, 7),
            once => (once, 1, 0),
        };
        length = Some(repeated);
        let end = symbol + least + bits.take(extra_bits)?;
        if repeated > 0 {
            for symbol in symbol..end {
                *used.get_mut(count)? = Used::new(symbol, repeated);
                count += 1;
            }
        }
        symbol = end;
    }
    if symbol > literal_count + distance_count {
        return None;
    }
    let used = &used[..count];
    let (literal, distance) =
        used.split_at(used.partition_point(|one| one.symbol() < literal_count));
    // zlib refuses a block that could not end.
    literal.iter().find(|one| one.symbol() == END)?;
    literals.set(literal, 0, Kind::LiteralOrLength)?;
    distances.set(distance, literal_count, Kind::Distance)?;
    Some(bits)
}

/// Reads the code in which the lengths are.
#[inline(never)]
fn read_lengths_code<'a>(mut bits: Bits<'a>, in_order: usize, code: &mut Code) -> Option<Bits<'a>> {
    let mut lengths = [0; SYMBOLS];
    for index in ORDER.get(..in_order)? {
        lengths[usize::from(*index)] = bits.refill_and_take(3)?;
    }
    let mut used = [Used::default(); SYMBOLS];
    let mut count = 0;
    for (symbol, length) in (0..).zip(lengths) {
        if length > 0 {
            used[count] = Used::new(symbol, length);
            count += 1;
        }
    }
    code.set(&used[..count], 0, Kind::Plain)?;
    Some(bits)
}
