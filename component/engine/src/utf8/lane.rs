//! Sixteen octets that are worked on at once, in a SIMD register of WebAssembly. Where no
//! more is said, a method is an instruction, and does the same with each octet.

use core::arch::wasm32::{self, v128};

#[derive(Clone, Copy)]
pub(super) struct Lane(v128);

impl Lane {
    pub(super) const OCTETS: usize = 16;

    #[inline]
    pub(super) fn new(octets: [u8; Self::OCTETS]) -> Self {
        let number = u128::from_le_bytes(octets);
        #[expect(clippy::cast_possible_truncation, reason = "a half each")]
        Self(wasm32::u64x2(number as u64, (number >> 64) as u64))
    }

    #[inline]
    pub(super) fn and(self, other: Self) -> Self {
        Self(wasm32::v128_and(self.0, other.0))
    }

    #[inline]
    pub(super) fn or(self, other: Self) -> Self {
        Self(wasm32::v128_or(self.0, other.0))
    }

    #[inline]
    pub(super) fn xor(self, other: Self) -> Self {
        Self(wasm32::v128_xor(self.0, other.0))
    }

    #[inline]
    pub(super) fn max(self, other: Self) -> Self {
        Self(wasm32::u8x16_max(self.0, other.0))
    }

    /// The high bit of each says whether it is `least` or more, which is at least 0x80. The
    /// other bits have no meaning.
    #[inline]
    pub(super) fn is_from(self, least: u8) -> Self {
        Self(wasm32::u8x16_sub_sat(self.0, wasm32::u8x16_splat(least - 0x80)))
    }

    #[inline]
    pub(super) fn high_half(self) -> Self {
        Self(wasm32::u8x16_shr(self.0, 4))
    }

    /// What a table has at the places that the octets are, each below 16.
    #[inline]
    pub(super) fn look_up(self, table: Self) -> Self {
        Self(wasm32::u8x16_swizzle(table.0, self.0))
    }

    /// The octets before these: the last one of the lane before, and all but their own last.
    #[inline]
    pub(super) fn predecessors(self, before: Self) -> Self {
        use wasm32::u8x16_shuffle as shuffle;
        Self(shuffle::<15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30>(
            before.0, self.0,
        ))
    }

    /// Whether any octet is 0x80 or more.
    #[inline]
    pub(super) fn has_high(self) -> bool {
        wasm32::u8x16_bitmask(self.0) != 0
    }

    #[inline]
    pub(super) fn is_zero(self) -> bool {
        !wasm32::v128_any_true(self.0)
    }
}
