//! Bits, the first one lowest (RFC 1951 §3.1.1).

use alloc::vec::Vec;

use super::huffman::Codeword;

/// Appends bits to bytes.
pub(super) struct Bits<'a> {
    output: &'a mut Vec<u8>,
    /// Where in the output the bits that are held begin; behind it is room.
    at: usize,
    held: u64,
    count: u32,
}

/// Bytes that are written at once, of which only those that are full stay.
const STEP: usize = size_of::<u64>();

impl<'a> Bits<'a> {
    pub(super) fn new(output: &'a mut Vec<u8>) -> Self {
        let at = output.len();
        Self { output, at, held: 0, count: 0 }
    }

    /// Makes room, which everything that is put needs.
    pub(super) fn reserve(&mut self, bits: usize) {
        self.output.resize(self.at + bits / 8 + 2 * STEP, 0);
    }

    /// Puts the low `count` bits of `bits`; the others are 0. Up to 56 bits may be
    /// put between two calls of [`flush`](Self::flush).
    #[inline]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.held |= u64::from(bits) << self.count;
        self.count += count;
    }

    #[inline]
    pub(super) fn put_codeword(&mut self, codeword: Codeword) {
        self.put(codeword.bits(), codeword.length());
    }

    /// Writes the bytes that are full.
    #[inline]
    pub(super) fn flush(&mut self) {
        self.output[self.at..self.at + STEP].copy_from_slice(&self.held.to_le_bytes());
        self.at += (self.count / 8) as usize;
        self.held >>= self.count & !7;
        self.count %= 8;
    }

    /// Flushes if there is no room for one more codeword.
    #[inline]
    pub(super) fn make_room(&mut self) {
        if self.count > 40 {
            self.flush();
        }
    }

    /// Continues at the next whole byte, if it is not at one.
    pub(super) fn align(&mut self) {
        self.count = self.count.next_multiple_of(8);
        self.flush();
    }

    /// How many bits it takes to put `count` ones and align.
    pub(super) fn aligned(&self, count: u32) -> usize {
        ((self.count + count).next_multiple_of(8) - self.count) as usize
    }

    /// Puts bytes; to be called where it is aligned.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.output[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Ends the output at the next whole byte.
    pub(super) fn end(mut self) {
        self.align();
        self.output.truncate(self.at);
    }
}
