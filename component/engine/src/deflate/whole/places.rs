//! The places of a message's bytes, by their hash.

use core::mem;

use super::low;

/// Places at each end of a long match that are inserted, in a message of so many bytes: as
/// many as are read at once, above 8 KiB twice as many. (Measured: with 5, source text of up
/// to 8 KiB is no more than 2 % longer than with zlib, of 16 KiB it is 2.3 %.)
const fn rim(len: usize) -> usize {
    if len <= 1 << 13 { WORDS } else { 2 * WORDS }
}

/// Places whose bytes are read at once.
const WORDS: usize = 5;

/// Where the bytes were seen that have the same hash: a chain, the last place first.
///
/// Of a place, 1 more is kept, so that 0 is none. 16 bits are enough: the last place of
/// the longest message that has 4 bytes is 65,532.
pub(super) struct Places<'a> {
    /// The last place of each hash.
    pub(super) heads: &'a mut [u16],
    /// For each place in the window, the last one before it.
    pub(super) chains: &'a mut [u16],
}

impl Places<'_> {
    /// Inserts a place, which is the next one, and returns the last one before it, as it
    /// is kept.
    #[inline]
    pub(super) fn insert(&mut self, message: &[u8], at: usize) -> u16 {
        self.insert_word(word(message, at), at)
    }

    #[inline]
    fn insert_word(&mut self, word: u32, at: usize) -> u16 {
        // 2^64 divided by the golden ratio: what differs spreads over the high half. The
        // numbers of heads and of chains are powers of two.
        let hash = (u64::from(word).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
        let mask = self.heads.len() - 1;
        let before = mem::replace(&mut self.heads[hash & mask], low(at + 1));
        let mask = self.chains.len() - 1;
        self.chains[(at + 1) & mask] = before;
        before
    }

    /// Inserts places from one of them on, up to the first whose hash was seen before.
    /// Returns it, and the last place before it, as that is kept. `None` if there is none
    /// before `end`, from which on places have not enough bytes.
    #[inline]
    pub(super) fn insert_until_seen(
        &mut self,
        message: &[u8],
        mut from: usize,
        end: usize,
    ) -> Option<(usize, u16)> {
        while from < end {
            let Some(words) = words(message, from) else {
                let before = self.insert(message, from);
                if before > 0 {
                    return Some((from, before));
                }
                from += 1;
                continue;
            };
            for word in words {
                let before = self.insert_word(word, from);
                if before > 0 {
                    return Some((from, before));
                }
                from += 1;
            }
        }
        None
    }

    /// Inserts the places of a match from one of them on, as far as they have enough
    /// bytes behind them. Of a long match only those at both ends: what repeats it
    /// mostly begins and ends where it does.
    pub(super) fn insert_match(&mut self, message: &[u8], from: usize, to: usize, end: usize) {
        let rim = rim(message.len());
        let to = to.min(end);
        if to <= from + 2 * rim {
            self.insert_all(message, from, to);
        } else {
            // In ascending order, as chains lead back.
            let mut at = from;
            while at < to {
                self.insert_words(message, at);
                at += WORDS;
                if at == from + rim {
                    at = to - rim;
                }
            }
        }
    }

    /// Inserts the places whose bytes are read at once.
    #[inline]
    fn insert_words(&mut self, message: &[u8], from: usize) {
        let Some([first, second, third, fourth, fifth]) = words(message, from) else { return };
        self.insert_word(first, from);
        self.insert_word(second, from + 1);
        self.insert_word(third, from + 2);
        self.insert_word(fourth, from + 3);
        self.insert_word(fifth, from + 4);
    }

    /// Inserts the places from one to another.
    // Not inlined: in the midst of the search for matches it takes longer (measured).
    #[inline(never)]
    fn insert_all(&mut self, message: &[u8], mut from: usize, to: usize) {
        while from < to {
            let Some(words) = words(message, from) else {
                self.insert(message, from);
                from += 1;
                continue;
            };
            for word in words {
                self.insert_word(word, from);
                from += 1;
                if from == to {
                    return;
                }
            }
        }
    }
}

/// The words of some places, one behind another, of which all bytes are read at once.
/// Nothing where there are not so many bytes.
#[inline]
fn words(message: &[u8], at: usize) -> Option<[u32; WORDS]> {
    let bytes = message.get(at..)?.first_chunk()?;
    let bytes = u64::from_le_bytes(*bytes);
    #[expect(clippy::cast_possible_truncation, reason = "the low half")]
    Some([0, 8, 16, 24, 32].map(|shift| (bytes >> shift) as u32))
}

/// 4 bytes, which there are.
#[inline]
pub(super) fn word(message: &[u8], at: usize) -> u32 {
    // Places have 16 bits. Knowing that, the sum does not overflow.
    let at = at & 0xffff;
    message
        .get(at..at + 4)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |word| u32::from_le_bytes(*word))
}
