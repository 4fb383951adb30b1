//! Huffman codes, made to be decoded (RFC 1951 §3.2.2).

use core::hint::black_box;

use super::bits::Bits;
use super::header::MOST_LITERALS;
use super::symbol::{Kind, Symbol};

/// Codewords of up to that many bits are looked up. Messages that are short seldom have
/// longer ones.
const LOOKED_UP: u32 = 9;

/// Up to so many bits, they are written into the table by themselves. For longer ones,
/// it doubles.
const SHORT: u32 = 5;

/// Bits of the longest codeword (RFC 1951 §3.2.7).
const LONGEST: usize = 15;

/// Symbols of the largest code.
const MOST_SYMBOLS: usize = MOST_LITERALS as usize;

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

/// A code, whose codewords are consecutive numbers within each length.
pub(super) struct Code {
    /// The symbol that some bits begin with, if its codeword is short enough.
    table: [Symbol; 1 << LOOKED_UP],
    /// How many codewords there are of each length.
    counts: [u16; LONGEST + 1],
    /// In the order of their codewords.
    symbols: [u16; MOST_SYMBOLS],
    kind: Kind,
}

impl Code {
    pub(super) fn new() -> Self {
        Self {
            table: [Symbol::UNKNOWN; 1 << LOOKED_UP],
            counts: [0; LONGEST + 1],
            symbols: [0; MOST_SYMBOLS],
            kind: Kind::Plain,
        }
    }

    /// Makes the code of some symbols, numbered from `first` on and in that order, of
    /// which it has all codewords that there can be: otherwise it is `None`.
    #[inline(never)]
    pub(super) fn set(&mut self, used: &[Used], first: u16, kind: Kind) -> Option<()> {
        self.kind = kind;
        self.counts = [0; LONGEST + 1];
        for one in used {
            self.counts[one.length()] += 1;
        }
        let mut places = [0_u16; LONGEST + 1];
        let (mut place, mut free) = (0, 1_u16);
        for (first, count) in places.iter_mut().zip(self.counts).skip(1) {
            *first = place;
            place += count;
            free = (2 * free).checked_sub(count)?;
        }
        if free > 0 {
            return None;
        }
        for one in used {
            let place = &mut places[one.length()];
            self.symbols[usize::from(*place)] = one.symbol() - first;
            *place += 1;
        }
        self.fill_table();
        Some(())
    }

    /// Shorter codewords are followed by anything: so there they are many times.
    fn fill_table(&mut self) {
        let mut symbols = self.symbols.iter();
        // As it is read, the first bit lowest.
        let mut codeword = 0_u32;
        let mut size = 1 << SHORT;
        self.table[..size].fill(Symbol::UNKNOWN);
        for length in 1..=LOOKED_UP {
            if length > SHORT {
                self.table.copy_within(..size, size);
                size *= 2;
            }
            let count = self.counts[length as usize];
            for symbol in symbols.by_ref().take(count.into()) {
                let entry = Symbol::new(self.kind, *symbol).with_codeword_length(length);
                for place in self.table[codeword as usize..size].iter_mut().step_by(1 << length) {
                    *place = entry;
                }
                // The next number, if there is one: the last 0 becomes 1, and what is
                // behind it 0.
                let ones = (codeword << (32 - length)).leading_ones();
                let last = 1_u32.checked_shl(length.wrapping_sub(ones + 1)).unwrap_or(0);
                codeword = codeword & last.wrapping_sub(1) | last;
            }
        }
    }

    /// Takes a codeword.
    #[inline]
    pub(super) fn next(&self, bits: &mut Bits<'_>) -> Option<Symbol> {
        let symbol = self.table[(bits.peek() % (1 << LOOKED_UP)) as usize];
        let symbol =
            if symbol.codeword_length() > 0 { symbol } else { self.next_long(bits.peek())? };
        bits.skip(symbol.codeword_length())?;
        Some(symbol)
    }

    #[cold]
    #[inline(never)]
    fn next_long(&self, bits: u64) -> Option<Symbol> {
        let (mut codeword, mut first, mut before) = (0, 0, 0);
        // Unknown to the compiler, which would write the loop out 15 times.
        let mut length = black_box(0_u32);
        loop {
            let bit = bits >> length & 1;
            length += 1;
            codeword = codeword << 1 | bit as usize;
            let count = usize::from(*self.counts.get(length as usize)?);
            if codeword < first + count {
                let symbol = self.symbols.get(before + codeword - first)?;
                return Some(Symbol::new(self.kind, *symbol).with_codeword_length(length));
            }
            first = (first + count) << 1;
            before += count;
        }
    }
}
