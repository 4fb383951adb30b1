//! What says which code a block has (RFC 1951 §3.2.7).

use super::bits::Bits;
use super::block::{Codes, DISTANCES, LITERALS};
use super::huffman::{self, Codeword, Counts, Scratch};
use super::low;

/// Symbols of the code in which the lengths are: lengths as such, and repetitions.
const SYMBOLS: usize = 19;
const ROOM: usize = SYMBOLS.next_multiple_of(huffman::GROUP as usize);
/// The last length again, 3 to 6 times.
const REPEAT: u16 = 16;
/// Length 0, 3 to 10 times, and 11 to 138 times.
const FEW_ZEROS: u16 = 17;
const MANY_ZEROS: u16 = 18;
const EXTRA_BITS: [u8; ROOM] = {
    let mut extra_bits = [0; ROOM];
    extra_bits[REPEAT as usize] = 2;
    extra_bits[FEW_ZEROS as usize] = 3;
    extra_bits[MANY_ZEROS as usize] = 7;
    extra_bits
};

/// In which their own lengths are: those that are rare come last, and are left out.
pub(in crate::deflate) const ORDER: [u8; SYMBOLS] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LIMIT: usize = 7;
const FEWEST_LITERALS: usize = 257;
const FEWEST_DISTANCES: usize = 1;
const FEWEST_IN_ORDER: usize = 4;

pub(super) struct Header {
    literals: usize,
    distances: usize,
    /// Symbols, below what follows their codewords.
    items: [u16; LITERALS + DISTANCES],
    count: usize,
    lengths: [u8; ROOM],
    counts: Counts,
    in_order: usize,
    cost: usize,
}

impl Header {
    #[inline(never)]
    pub(super) fn of(codes: &Codes, scratch: &mut Scratch) -> Self {
        let literals = used(&codes.literals).max(FEWEST_LITERALS);
        let distances = used(&codes.distances).max(FEWEST_DISTANCES);
        let mut header = Self {
            literals,
            distances,
            items: [0; LITERALS + DISTANCES],
            count: 0,
            lengths: [0; ROOM],
            counts: Counts::default(),
            in_order: 0,
            cost: 0,
        };
        let mut frequencies = [0; ROOM];
        for mut lengths in [&codes.literals[..literals], &codes.distances[..distances]] {
            while let [length, rest @ ..] = lengths {
                if *length > 0 {
                    header.push((*length).into(), 0, &mut frequencies);
                    lengths = rest;
                }
                if lengths.first() == Some(length) {
                    let times = run(lengths, *length);
                    header.push_run((*length).into(), times, &mut frequencies);
                    lengths = &lengths[times..];
                }
            }
        }
        header.counts = huffman::lengths(&frequencies, LIMIT, &mut header.lengths, scratch);
        let is_used = |index: &u8| header.lengths[usize::from(*index)] > 0;
        let in_order = ORDER.iter().rposition(is_used).map_or(0, |last| last + 1);
        header.in_order = in_order.max(FEWEST_IN_ORDER);
        header.cost = 5
            + 5
            + 4
            + 3 * header.in_order
            + huffman::cost(&frequencies, &header.lengths)
            + huffman::cost(&frequencies, &EXTRA_BITS);
        header
    }

    /// Adds a symbol, and what follows its codeword.
    #[inline]
    fn push(&mut self, symbol: u16, extra: usize, frequencies: &mut [u16; ROOM]) {
        self.items[self.count] = (low(extra) << 5) | symbol;
        self.count += 1;
        frequencies[usize::from(symbol)] += 1;
    }

    /// Adds `times` times a length, which is 0 or the last one.
    fn push_run(&mut self, length: u16, mut times: usize, frequencies: &mut [u16; ROOM]) {
        while times > 0 {
            let (symbol, fewest, most) = match (length, times) {
                (_, ..3) => (length, 1, 1),
                (1.., _) => (REPEAT, 3, 6),
                (0, ..11) => (FEW_ZEROS, 3, 10),
                (0, _) => (MANY_ZEROS, 11, 138),
            };
            let part = times.min(most);
            self.push(symbol, part - fewest, frequencies);
            times -= part;
        }
    }

    /// Bits of the header.
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    #[inline(never)]
    pub(super) fn write(&self, bits: &mut Bits<'_>) {
        let mut codewords = [Codeword::default(); ROOM];
        huffman::codewords(&self.counts, &self.lengths, &mut codewords);
        let counts = (self.literals - FEWEST_LITERALS)
            | (self.distances - FEWEST_DISTANCES) << 5
            | (self.in_order - FEWEST_IN_ORDER) << 10;
        bits.put(low(counts).into(), 5 + 5 + 4);
        for index in &ORDER[..self.in_order] {
            bits.put(self.lengths[usize::from(*index)].into(), 3);
            bits.flush();
        }
        for item in &self.items[..self.count] {
            let symbol = item % 32;
            bits.put_codeword(codewords[usize::from(symbol)]);
            bits.put(u32::from(item >> 5), EXTRA_BITS[usize::from(symbol)].into());
            bits.flush();
        }
    }
}

/// How many times `length`, which is the first one, comes before another. Long runs are
/// those of symbols that do not occur, so groups are compared as long as they are alike.
fn run(lengths: &[u8], length: u8) -> usize {
    let (groups, _) = lengths.as_chunks::<{ huffman::GROUP as usize }>();
    let whole = groups.iter().take_while(|group| **group == [length; huffman::GROUP as usize]);
    let whole = whole.count() * huffman::GROUP as usize;
    whole + lengths[whole..].iter().take_while(|one| **one == length).count()
}

/// How many there are without unused ones at the end.
fn used(lengths: &[u8]) -> usize {
    lengths.iter().rposition(|length| *length > 0).map_or(0, |last| last + 1)
}
