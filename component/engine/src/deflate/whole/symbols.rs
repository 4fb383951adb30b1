//! The symbols of a match (RFC 1951 §3.2.5): in each power of two, 4 for lengths and 2
//! for distances, with as many extra bits as it takes.

use super::matches::Sequence;

/// A symbol, and the bits that follow its codeword.
#[derive(Clone, Copy)]
pub(super) struct Symbol {
    /// Among those of its kind.
    pub(super) index: u32,
    pub(super) extra: u32,
    pub(super) extra_bits: u32,
}

impl Sequence {
    #[inline]
    pub(super) fn length_symbol(self) -> Symbol {
        let length = u32::from(self.length) - 3;
        // The longest match has a symbol of its own.
        if length == 255 {
            return Symbol { index: 28, extra: 0, extra_bits: 0 };
        }
        symbol(length, 2)
    }

    #[inline]
    pub(super) fn distance_symbol(self) -> Symbol {
        symbol(u32::from(self.distance) - 1, 1)
    }
}

/// The symbol is the number's highest bit and the `precision` bits behind it.
#[inline]
fn symbol(number: u32, precision: u32) -> Symbol {
    let extra_bits = (number | 1 << precision).ilog2() - precision;
    Symbol {
        index: (extra_bits << precision) + (number >> extra_bits),
        extra: number & ((1 << extra_bits) - 1),
        extra_bits,
    }
}
