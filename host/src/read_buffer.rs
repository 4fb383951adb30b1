//! The buffer that a read from a peer goes into.

use std::ops::{Deref, DerefMut};

/// Bytes read from a peer at once. With half as many, messages of 16 KiB in flight
/// took 18 % more CPU time; with more, nothing took less.
pub(crate) const BYTES: usize = 128 << 10;

/// Memory is mapped in pages of so many bytes, or a multiple.
const PAGE: usize = 4 << 10;

/// A buffer half a page off the start of a page.
///
/// What the kernel hands over begins at the start of a page, and blocks that the
/// guest's allocator makes begin a few bytes behind one. `rep movsb`, which
/// copies in both kernel and C library, takes 16 times as long on AMD's Zen 3
/// where destination and source are 1 to 31 bytes apart, modulo a page (measured
/// at 64 KiB: 21 µs, not 1.3). This place is far from either.
pub(crate) struct ReadBuffer {
    bytes: Box<[u8]>,
    start: usize,
}

impl ReadBuffer {
    pub(crate) fn new() -> Self {
        let bytes = vec![0; BYTES + 2 * PAGE].into_boxed_slice();
        let start = bytes.as_ptr().align_offset(PAGE) + PAGE / 2;
        Self { bytes, start }
    }
}

impl Deref for ReadBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..self.start + BYTES]
    }
}

impl DerefMut for ReadBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + BYTES]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lies_half_a_page_off() {
        let mut buffer = ReadBuffer::new();
        assert_eq!(buffer.as_ptr().align_offset(PAGE), PAGE / 2);
        assert_eq!(buffer.as_mut().len(), BYTES);
    }
}
