//! What says which codes a block has (RFC 1951 §3.2.7).

use super::bits::Bits;
use super::code::{Distances, Literals, Used};
use super::symbol::Kind;
use crate::deflate::whole::LENGTHS_ORDER;

/// Symbols of the code in which the lengths are.
const SYMBOLS: usize = LENGTHS_ORDER.len();
/// Literals and lengths, and distances, of which a block can have a code.
pub(super) const MOST_LITERALS: u16 = 286;
pub(super) const MOST_DISTANCES: u16 = 30;

/// Reads the codes of a block.
#[inline(never)]
pub(super) fn read<'a>(
    mut bits: Bits<'a>,
    literals: &mut Literals,
    distances: &mut Distances,
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
        let item = distances.next(&mut bits)?.plain_number();
        // Most are lengths as such, for which a loop takes longer than what is to be done.
        if item < 16 {
            *used.get_mut(count)? = Used::new(symbol, item);
            count += usize::from(item > 0);
            length = Some(item);
            symbol += 1;
            continue;
        }
        // The last length again, or 0: so often at least, and more with extra bits.
        let (repeated, least, extra_bits) = match item {
            16 => (length?, 3, 2),
            17 => (0, 3, 3),
            _ => (0, 11, 7),
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
    literals.set(literal, 0, Kind::LiteralOrLength)?;
    distances.set(distance, literal_count, Kind::Distance)?;
    Some(bits)
}

/// Reads the code in which the lengths are.
#[inline(never)]
fn read_lengths_code<'a>(
    mut bits: Bits<'a>,
    in_order: usize,
    code: &mut Distances,
) -> Option<Bits<'a>> {
    let mut lengths = [0; SYMBOLS];
    for index in LENGTHS_ORDER.get(..in_order)? {
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
