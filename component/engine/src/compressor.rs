//! Compressing what is sent, in slices: a long message would keep the thread,
//! and with it every other connection there.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;

use crate::deflate::{self, Deflater};
use crate::frame::{FIN, Opcode, RSV1};

/// Bytes that are compressed in one go: some milliseconds, and at the highest level a
/// tenth of a second for input that is made to be slow.
const SLICE: usize = deflate::LONGEST_MESSAGE;

/// What a message counts for besides its own bytes: more than to begin one and to end it
/// takes, so that many short ones are not more than a slice.
const EACH: usize = 1 << 10;

/// Compresses messages, and keeps in order what is sent behind a long one.
pub(crate) struct Compressor {
    deflater: Deflater,
    /// Messages of fewer bytes go uncompressed.
    threshold: usize,
    waiting: VecDeque<Waiting>,
}

enum Waiting {
    /// A message, of which a front may be compressed already.
    Message {
        /// RSV1 and the opcode of the next frame; without FIN.
        first: u8,
        payload: Vec<u8>,
        compressed: usize,
    },
    /// Whole frames.
    Frames(Vec<u8>),
}

impl Waiting {
    /// Of the next slice of it, in bytes that are compressed.
    fn cost(&self) -> usize {
        match self {
            Self::Message { payload, compressed, .. } => {
                EACH + SLICE.min(payload.len() - compressed)
            }
            Self::Frames(_) => 0,
        }
    }
}

/// What comes out of a compressor next.
pub(crate) enum Compressed {
    /// A frame's first byte and its payload.
    Frame(u8, Vec<u8>),
    /// Frames as they are.
    Frames(Vec<u8>),
    /// Nothing yet: what there is of it is kept until more has come.
    Nothing,
}

impl Compressor {
    pub(crate) fn new(deflater: Deflater, threshold: usize) -> Self {
        Self { deflater, threshold, waiting: VecDeque::new() }
    }

    /// Whether a message of that many bytes is to be compressed.
    pub(crate) fn wants(&self, payload_len: usize) -> bool {
        payload_len >= self.threshold
    }

    /// Whether anything waits.
    pub(crate) fn is_busy(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes a message; `opcode` is that of its initial frame. A short one comes
    /// back at once, unless another is before it.
    pub(crate) fn message(&mut self, opcode: u8, payload: &[u8]) -> Compressed {
        // RFC 7692 §6.1: RSV1 marks a compressed message, on its initial frame.
        let first = RSV1 | opcode;
        if self.is_busy() || payload.len() > SLICE {
            let payload = payload.to_vec();
            self.waiting.push_back(Waiting::Message { first, payload, compressed: 0 });
            return Compressed::Nothing;
        }
        let mut output = Vec::new();
        self.deflater.whole(payload, &mut output);
        Compressed::Frame(FIN | first, output)
    }

    /// Takes frames that go behind all that waits.
    pub(crate) fn frames(&mut self, frames: Vec<u8>) {
        match self.waiting.back_mut() {
            Some(Waiting::Frames(before)) => before.extend_from_slice(&frames),
            Some(Waiting::Message { .. }) | None => {
                self.waiting.push_back(Waiting::Frames(frames));
            }
        }
    }

    /// Compresses a slice of what waits longest, be it of one message or of several.
    pub(crate) fn slice(&mut self, mut put: impl FnMut(Compressed)) {
        let mut left = SLICE + EACH;
        while let Some(next) = self.waiting.front() {
            let Some(rest) = left.checked_sub(next.cost()) else { return };
            left = rest;
            put(self.next());
        }
    }

    /// Compresses what waits longest. A message of several slices becomes a message of
    /// several frames (§5.4, RFC 7692 §6.1).
    fn next(&mut self) -> Compressed {
        match self.waiting.pop_front() {
            None => Compressed::Nothing,
            Some(Waiting::Frames(frames)) => Compressed::Frames(frames),
            Some(Waiting::Message { mut first, payload, compressed }) => {
                let end = payload.len().min(compressed + SLICE);
                let mut output = Vec::new();
                if compressed == 0 && end == payload.len() {
                    self.deflater.whole(&payload, &mut output);
                    return Compressed::Frame(FIN | first, output);
                }
                if compressed == 0 {
                    self.deflater.begin();
                }
                self.deflater.deflate(&payload[compressed..end], &mut output);
                if end == payload.len() {
                    self.deflater.finish(&mut output);
                    return Compressed::Frame(FIN | first, output);
                }
                let is_empty = output.is_empty();
                let this = first;
                if !is_empty {
                    first = Opcode::Continuation as u8;
                }
                self.waiting.push_front(Waiting::Message { first, payload, compressed: end });
                if is_empty { Compressed::Nothing } else { Compressed::Frame(this, output) }
            }
        }
    }

    /// Lets go of memory that the next message can do without.
    pub(crate) fn release(&mut self) {
        if !self.is_busy() {
            self.deflater.release();
        }
    }

    /// Gives up on all that waits, as nobody is left to read it.
    pub(crate) fn abandon(&mut self) {
        drop(mem::take(&mut self.waiting));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compress(compressor: &mut Compressor, message: &[u8]) -> Vec<Vec<u8>> {
        let mut payloads = Vec::new();
        let mut compressed = compressor.message(Opcode::Text as u8, message);
        loop {
            if let Compressed::Frame(_, payload) = compressed {
                payloads.push(payload);
            }
            if !compressor.is_busy() {
                return payloads;
            }
            compressed = compressor.next();
        }
    }

    #[test]
    fn without_context_a_message_is_the_same_behind_any_other() {
        let mut compressor = Compressor::new(Deflater::new(6, 15, false), 0);
        let short = b"a message that is worth remembering".as_slice();
        // Several slices.
        let long = short.repeat(3 * SLICE / short.len() + 1);
        let first = [short, &long].map(|message| compress(&mut compressor, message));
        for (message, expected) in [short, short, &long, &long].into_iter().zip([0, 0, 1, 1]) {
            assert_eq!(compress(&mut compressor, message), first[expected]);
        }
    }

    #[test]
    fn what_waits_behind_a_long_message_comes_out_together() {
        let mut compressor = Compressor::new(Deflater::new(6, 15, false), 0);
        compressor.message(Opcode::Binary as u8, &alloc::vec![1; 2 * SLICE]);
        for n in 0..100u8 {
            compressor.frames(alloc::vec![0x82, 1, n]);
            compressor.frames(alloc::vec![0x82, 1, n]);
            compressor.message(Opcode::Binary as u8, &[n]);
        }
        let (mut slices, mut messages) = (0, 0);
        while compressor.is_busy() {
            slices += 1;
            compressor.slice(|compressed| {
                messages += match compressed {
                    Compressed::Frame(first, _) => usize::from(first & FIN != 0),
                    Compressed::Frames(frames) => frames.len() / 3,
                    Compressed::Nothing => 0,
                }
            });
        }
        assert_eq!(messages, 301);
        assert!(slices <= 2 + 2, "{slices}");
    }

    #[test]
    fn a_slice_is_bounded_however_short_the_messages_are() {
        let mut compressor = Compressor::new(Deflater::new(6, 15, true), 0);
        compressor.message(Opcode::Binary as u8, &alloc::vec![1; SLICE + 1]);
        for _ in 0..1000 {
            compressor.message(Opcode::Binary as u8, &[]);
        }
        let mut messages = 0;
        compressor.slice(|_| messages += 1);
        compressor.slice(|_| messages += 1);
        assert!(messages <= SLICE / EACH + 1, "{messages}");
    }

    #[test]
    fn without_context_a_message_that_waited_is_the_same() {
        let mut compressor = Compressor::new(Deflater::new(6, 15, false), 0);
        // Something in which zlib finds other matches.
        let short: Vec<u8> = (0..3000_u32).flat_map(|n| (n % 700 * n).to_le_bytes()).collect();
        let mut zlib = Vec::new();
        let mut deflater = Deflater::new(6, 15, false);
        deflater.begin();
        deflater.deflate(&short, &mut zlib);
        deflater.finish(&mut zlib);
        let expected = compress(&mut compressor, &short).pop();
        assert_ne!(expected.as_ref(), Some(&zlib));
        let long = short.repeat(3 * SLICE / short.len() + 1);
        assert!(matches!(compressor.message(Opcode::Text as u8, &long), Compressed::Nothing));
        assert_eq!(compress(&mut compressor, &short).pop(), expected);
    }
}
