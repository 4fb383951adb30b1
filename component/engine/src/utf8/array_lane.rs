//! Sixteen octets, where there is no SIMD of WebAssembly: as in `lane.rs`.

use core::array;

#[derive(Clone, Copy)]
pub(super) struct Lane([u8; Self::OCTETS]);

impl Lane {
    pub(super) const OCTETS: usize = 16;

    pub(super) fn new(octets: [u8; Self::OCTETS]) -> Self {
        Self(octets)
    }

    fn zip(self, other: Self, with: impl Fn(u8, u8) -> u8) -> Self {
        Self(array::from_fn(|n| with(self.0[n], other.0[n])))
    }

    pub(super) fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    pub(super) fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }

    pub(super) fn max(self, other: Self) -> Self {
        self.zip(other, u8::max)
    }

    pub(super) fn is_from(self, least: u8) -> Self {
        Self(self.0.map(|octet| octet.saturating_sub(least - 0x80)))
    }

    pub(super) fn high_half(self) -> Self {
        Self(self.0.map(|octet| octet >> 4))
    }

    pub(super) fn look_up(self, table: Self) -> Self {
        Self(self.0.map(|place| table.0[usize::from(place)]))
    }

    pub(super) fn predecessors(self, before: Self) -> Self {
        Self(array::from_fn(|n| if n == 0 { before.0[15] } else { self.0[n - 1] }))
    }

    pub(super) fn has_high(self) -> bool {
        self.0.iter().any(|octet| *octet >= 0x80)
    }

    pub(super) fn is_zero(self) -> bool {
        self.0 == [0; Self::OCTETS]
    }
}
