//! Finds what a message repeats of itself (LZ77, RFC 1951 §4).

use alloc::vec;
use alloc::vec::Vec;

use super::effort::Effort;
use super::low;
use super::places::{Places, word};

/// Bytes of the shortest match. DEFLATE has matches of 3, but those that are worth
/// their bits are rare, and 4 bytes have fewer places in common.
const SHORTEST_MATCH: usize = 4;

/// Bytes of the longest match (RFC 1951 §3.2.5).
const LONGEST_MATCH: usize = 258;

/// Some bytes as they are, and a match behind them.
#[derive(Clone, Copy)]
pub(super) struct Sequence {
    pub(super) literals: u16,
    pub(super) length: u16,
    pub(super) distance: u16,
}

/// A search from a message's beginning to its end.
pub(super) struct Matches<'a> {
    search: Search<'a>,
    /// [`Places`].
    tables: Vec<u16>,
    hash_bits: u32,
    /// Where it continues.
    at: usize,
}

#[derive(Clone, Copy)]
struct Search<'a> {
    message: &'a [u8],
    window: usize,
    effort: Effort,
}

#[derive(Clone, Copy)]
struct Match {
    length: usize,
    distance: usize,
}

impl<'a> Matches<'a> {
    /// Of a message of 65,536 bytes at most.
    pub(super) fn new(message: &'a [u8], window_bits: u8, effort: Effort) -> Self {
        let bits = message.len().next_power_of_two().trailing_zeros();
        let hash_bits = bits.clamp(8, 15);
        let chain_bits = bits.min(window_bits.into());
        Self {
            search: Search { message, window: 1 << window_bits, effort },
            tables: vec![0; (1 << hash_bits) + (1 << chain_bits)],
            hash_bits,
            at: 0,
        }
    }

    /// Appends sequences until there are `most`, or none is left. Returns where the
    /// last one ends, or the message if none is left.
    // Not inlined, but what it calls at one place is: a guest's compiler keeps on the stack
    // what a function with much to do works with, and each call looks at time and stack.
    #[inline(never)]
    pub(super) fn find(&mut self, sequences: &mut Vec<Sequence>, most: usize) -> usize {
        let search = self.search;
        let Search { message, effort, .. } = search;
        // Behind it, there are not enough bytes for a match.
        let end = (message.len() + 1).saturating_sub(SHORTEST_MATCH);
        let (heads, chains) = self.tables.split_at_mut(1 << self.hash_bits);
        let mut places = Places { heads, chains };
        let mut start = self.at;
        let mut at = start;
        while let Some((seen, mut before)) = places.insert_until_seen(message, at, end) {
            let mut found = Match { length: SHORTEST_MATCH - 1, distance: 0 };
            let mut from = seen;
            loop {
                let longer = search.longer(found, from, before, places.chains);
                if longer.length == found.length {
                    break;
                }
                (found, at) = (longer, from);
                if found.length >= effort.lazy.into() || from + 1 >= end {
                    break;
                }
                from += 1;
                before = places.insert(message, from);
            }
            if found.distance == 0 {
                at = seen + 1;
                continue;
            }
            sequences.push(Sequence {
                literals: low(at - start),
                length: low(found.length),
                distance: low(found.distance),
            });
            start = at + found.length;
            at = start;
            places.insert_match(message, from + 1, start, end);
            if sequences.len() == most {
                self.at = start;
                return start;
            }
        }
        message.len()
    }
}

impl Search<'_> {
    /// The first match that is nice, or the longest, of `at`; `found` if none is longer.
    /// `place` is the last one before it.
    #[inline]
    fn longer(&self, mut found: Match, at: usize, place: u16, chains: &[u16]) -> Match {
        let is_good = found.length >= self.effort.good.into();
        let mut candidates = self.effort.candidates >> if is_good { 2 } else { 0 };
        let message = self.message;
        let most = (message.len() - at).min(LONGEST_MATCH);
        let nice = most.min(self.effort.nice.into());
        if found.length >= nice {
            return found;
        }
        // Places before the window's first one are none, as is 0.
        let first = (at + 1).saturating_sub(self.window).max(1);
        let mask = chains.len() - 1;
        let mut behind = at + 1;
        let mut place = usize::from(place);
        // The last bytes of what would be longer.
        let mut last = word(message, at + found.length + 1 - SHORTEST_MATCH);
        // A slot is used again a window later: a chain that leads there would not end.
        while place.wrapping_sub(first) < behind - first {
            if word(message, place + found.length - SHORTEST_MATCH) == last {
                let length = common(message, at, place - 1).min(most);
                if length > found.length {
                    found = Match { length, distance: at + 1 - place };
                    if length >= nice {
                        break;
                    }
                    last = word(message, at + length + 1 - SHORTEST_MATCH);
                }
            }
            candidates -= 1;
            if candidates == 0 {
                break;
            }
            behind = place;
            place = chains[place & mask].into();
        }
        found
    }
}

/// How many bytes are the same at two places, the first one of which is behind.
// Not inlined: it has the registers for itself.
#[inline(never)]
fn common(message: &[u8], at: usize, before: usize) -> usize {
    let (Some(one), Some(other)) = (message.get(at..), message.get(before..)) else { return 0 };
    let (ones, rest) = one.as_chunks::<8>();
    let (others, _) = other.as_chunks::<8>();
    let mut length = 0;
    for (one, other) in ones.iter().zip(others) {
        let differing = u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other);
        if differing != 0 {
            return length + (differing.trailing_zeros() / 8) as usize;
        }
        length += 8;
        if length >= LONGEST_MATCH {
            return length;
        }
    }
    let rest = rest.iter().zip(&other[length..]);
    length + rest.take_while(|(one, other)| one == other).count()
}
