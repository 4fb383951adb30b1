//! Huffman codes, made to be decoded (RFC 1951 §3.2.2).

use core::hint::black_box;

use super::bits::Bits;
use super::header::{MOST_DISTANCES, MOST_LITERALS};
use super::symbol::{Kind, Symbol};

/// Of literals and lengths. Codewords of up to 9 bits are looked up: messages that are
/// short seldom have longer ones.
pub(super) type Literals = Code<{ 1 << 9 }, { MOST_LITERALS as usize }>;

/// Of distances, which are fewer. The header of a block is read with it before: the code
/// of its lengths has codewords of 7 bits at most (RFC 1951 §3.2.7).
pub(super) type Distances = Code<{ 1 << 7 }, { MOST_DISTANCES as usize }>;

/// Codewords of up to so many bits are written into the table by themselves. For longer
/// ones, it doubles.
const SHORT: u32 = 5;

/// Bits of the longest codeword (RFC 1951 §3.2.7).
const LONGEST_CODEWORD: usize = 15;

/// A symbol that has a codeword, above 4 bits of that one's length.
#[derive(Clone, Copy, Default)]
pub(super) struct Used(u16);

impl Used {
    pub(super) fn new(symbol: u16, length: u16) -> Self {
        Self(symbol << 4 | length)
    }

    pub(super) fn symbol(self) -> u16 {
        self.0 >> 4
    }

    fn length(self) -> usize {
        (self.0 & 0xf).into()
    }
}

/// A code, whose codewords are consecutive numbers within each length. The table's size is
/// a power of two, 32 at least.
pub(super) struct Code<const TABLE: usize, const SYMBOLS: usize> {
    /// The symbol that some bits begin with, if its codeword is short enough.
    table: [Symbol; TABLE],
    codewords: Codewords,
    /// In the order of their codewords.
    symbols: [u16; SYMBOLS],
}

/// What does not depend on how large a code may be, and so is compiled once.
struct Codewords {
    /// How many there are of each length.
    counts: [u16; LONGEST_CODEWORD + 1],
    kind: Kind,
}

impl<const TABLE: usize, const SYMBOLS: usize> Code<TABLE, SYMBOLS> {
    pub(super) fn new() -> Self {
        Self {
            table: [Symbol::UNKNOWN; TABLE],
            codewords: Codewords { counts: [0; LONGEST_CODEWORD + 1], kind: Kind::Plain },
            symbols: [0; SYMBOLS],
        }
    }

    /// Makes the code of some symbols, numbered from `first` on and in that order, of
    /// which it has all codewords that there can be: otherwise it is `None`.
    pub(super) fn set(&mut self, used: &[Used], first: u16, kind: Kind) -> Option<()> {
        self.codewords.kind = kind;
        self.codewords.set(used, first, &mut self.symbols, &mut self.table)
    }

    /// Takes a codeword.
    #[inline]
    pub(super) fn next(&self, bits: &mut Bits<'_>) -> Option<Symbol> {
        #[expect(clippy::cast_possible_truncation, reason = "below the size of the table")]
        let symbol = self.table[(bits.peek() % TABLE as u64) as usize];
        let symbol = if symbol.codeword_length() > 0 {
            symbol
        } else {
            self.codewords.next_long(bits.peek(), &self.symbols)?
        };
        bits.skip(symbol.codeword_length())?;
        Some(symbol)
    }
}

impl Codewords {
    /// [`Code::set`].
    #[inline(never)]
    fn set(
        &mut self,
        used: &[Used],
        first: u16,
        symbols: &mut [u16],
        table: &mut [Symbol],
    ) -> Option<()> {
        self.counts = [0; LONGEST_CODEWORD + 1];
        for one in used {
            self.counts[one.length()] += 1;
        }
        let mut places = [0_u16; LONGEST_CODEWORD + 1];
        // Once there are too many, it stays below 0.
        let (mut place, mut free) = (0, 1_i32);
        for (first, count) in places[1..].iter_mut().zip(&self.counts[1..]) {
            *first = place;
            place += count;
            free = 2 * free - i32::from(*count);
        }
        if free != 0 {
            return None;
        }
        for one in used {
            let place = &mut places[one.length()];
            *symbols.get_mut(usize::from(*place))? = one.symbol() - first;
            *place += 1;
        }
        self.fill(table, symbols);
        Some(())
    }

    /// Shorter codewords are followed by anything: so there they are many times.
    fn fill(&self, table: &mut [Symbol], symbols: &[u16]) {
        let looked_up = table.len().ilog2();
        let mut symbols = symbols.iter();
        // As it is read, the first bit lowest.
        let mut codeword = 0_u32;
        let mut size = 1 << SHORT;
        table[..size].fill(Symbol::UNKNOWN);
        for length in 1..=looked_up {
            if length > SHORT {
                table.copy_within(..size, size);
                size *= 2;
            }
            let count = self.counts[length as usize];
            for symbol in symbols.by_ref().take(count.into()) {
                let entry = Symbol::new(self.kind, *symbol).with_codeword_length(length);
                let mut place = codeword as usize;
                while place < size {
                    table[place] = entry;
                    place += 1 << length;
                }
                // The next number, if there is one: the last 0 becomes 1, and what is
                // behind it 0.
                let ones = (codeword << (32 - length)).leading_ones();
                let last = 1_u32.checked_shl(length.wrapping_sub(ones + 1)).unwrap_or(0);
                codeword = codeword & last.wrapping_sub(1) | last;
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn next_long(&self, bits: u64, symbols: &[u16]) -> Option<Symbol> {
        let (mut codeword, mut first, mut before) = (0, 0, 0);
        // Unknown to the compiler, which would write the loop out 15 times.
        let mut length = black_box(0_u32);
        loop {
            let bit = bits >> length & 1;
            length += 1;
            codeword = codeword << 1 | bit as usize;
            let count = usize::from(*self.counts.get(length as usize)?);
            if codeword < first + count {
                let symbol = symbols.get(before + codeword - first)?;
                return Some(Symbol::new(self.kind, *symbol).with_codeword_length(length));
            }
            first = (first + count) << 1;
            before += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::deflate::inflate_whole::bits::End;

    #[test]
    fn short_codewords_are_looked_up_and_long_ones_are_found() {
        // 0, 10, 110 and so on; the last two have 9 bits.
        let used: Vec<_> = (0..10).map(|symbol| Used::new(symbol, 9.min(symbol + 1))).collect();
        let mut code = Distances::new();
        assert_eq!(code.set(&used, 0, Kind::Plain), Some(()));
        for (bits, symbol) in (0_u32..).zip(code.table) {
            let ones = bits.trailing_ones();
            let length = if ones < 7 { ones + 1 } else { 0 };
            assert_eq!(symbol.codeword_length(), length, "{bits:b}");
            assert!(length == 0 || u32::from(symbol.plain_number()) == ones, "{bits:b}");
        }
        for symbol in 0..10 {
            let bytes = ((1_u64 << symbol) - 1).to_le_bytes();
            let end = End::of(&bytes).unwrap();
            let mut bits = Bits::new(&bytes, &end);
            bits.refill();
            assert_eq!(code.next(&mut bits).map(Symbol::plain_number), Some(symbol));
        }
    }
}
