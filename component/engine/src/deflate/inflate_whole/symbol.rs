//! What a codeword stands for (RFC 1951 §3.2.5).

use super::bits::Bits;

/// A symbol with all there is to know about it, and about its codeword.
///
/// The lowest 4 bits are the length of its codeword, 0 where that is not known; the
/// next 4 the number of extra bits; then there are marks, and the highest 16 are a
/// literal, or the least length or distance.
#[derive(Clone, Copy)]
pub(super) struct Symbol(u32);

const LITERAL: u32 = 1 << 8;
const END: u32 = 1 << 9;

/// What the symbols of a code are.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    LiteralOrLength,
    Distance,
    /// As their numbers say.
    Plain,
}

impl Symbol {
    pub(super) const UNKNOWN: Self = Self(0);

    pub(super) fn new(kind: Kind, number: u16) -> Self {
        match kind {
            Kind::LiteralOrLength => Self::literal_or_length(number),
            Kind::Distance => Self::range(number, 1, 1),
            Kind::Plain => Self::plain(number),
        }
    }

    fn plain(number: u16) -> Self {
        Self(u32::from(number) << 16 | LITERAL)
    }

    fn literal_or_length(number: u16) -> Self {
        match number {
            ..256 => Self::plain(number),
            256 => Self(END),
            // The longest match has a symbol of its own.
            285 => Self(258 << 16),
            _ => Self::range(number - 257, 2, 3),
        }
    }

    /// In each power of two there are as many symbols as `precision` bits have values.
    fn range(number: u16, precision: u32, least: u16) -> Self {
        let power = u32::from(number >> precision);
        let extra_bits = power.saturating_sub(1);
        let behind = number % (1 << precision);
        let base = if power == 0 { behind } else { (1 << precision | behind) << extra_bits };
        Self(u32::from(base + least) << 16 | extra_bits << 4)
    }

    pub(super) fn with_codeword_length(self, length: u32) -> Self {
        Self(self.0 & !0xf | length)
    }

    #[inline]
    pub(super) fn codeword_length(self) -> u32 {
        self.0 & 0xf
    }

    #[inline]
    pub(super) fn is_literal(self) -> bool {
        self.0 & LITERAL != 0
    }

    #[inline]
    pub(super) fn is_end(self) -> bool {
        self.0 & END != 0
    }

    #[inline]
    pub(super) fn literal(self) -> u8 {
        // Its highest byte is 0.
        let [_, _, literal, _] = self.0.to_le_bytes();
        literal
    }

    /// What a plain one says.
    #[inline]
    pub(super) fn plain_number(self) -> u16 {
        let [_, _, low, high] = self.0.to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// The length or distance, with the extra bits that follow.
    #[inline]
    pub(super) fn number(self, bits: &mut Bits<'_>) -> Option<usize> {
        let extra = bits.take(self.0 >> 4 & 0xf)?;
        Some((self.0 >> 16) as usize + usize::from(extra))
    }
}
