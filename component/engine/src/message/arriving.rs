//! A frame whose payload is under way.

use core::mem;

use crate::application::MessageKind;
use crate::frame::{FrameHeader, Opcode};
use crate::mask::apply_mask;

/// A frame, from its header on.
pub(super) struct ArrivingFrame {
    pub(super) header: FrameHeader,
    /// How much of the payload was taken from the input.
    received: u64,
    /// How much of it was unmasked: more, where inflating has yet to follow.
    unmasked: u64,
}

impl ArrivingFrame {
    pub(super) fn new(header: FrameHeader) -> Self {
        Self { header, received: 0, unmasked: 0 }
    }

    /// How many bytes of payload have yet to be taken.
    pub(super) fn missing(&self) -> u64 {
        self.header.payload_len - self.received
    }

    /// Unmasks what is here of the payload, at the front of `input`, and tells
    /// how much that is.
    pub(super) fn unmask(&mut self, input: &mut [u8]) -> usize {
        let here = usize::try_from(self.missing()).map_or(input.len(), |n| n.min(input.len()));
        let ahead = usize::try_from(self.unmasked - self.received).unwrap_or(here).min(here);
        if let Some(key) = self.header.masking_key {
            apply_mask(&mut input[ahead..here], key, self.received + ahead as u64);
        }
        self.unmasked = self.received + here as u64;
        here
    }

    /// Takes `n` bytes of payload off `input`.
    pub(super) fn take<'a>(&mut self, input: &mut &'a mut [u8], n: usize) -> &'a mut [u8] {
        self.received += n as u64;
        take(input, n)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.missing() == 0
    }

    pub(super) fn ends_message(&self) -> bool {
        self.header.fin && self.is_complete()
    }

    pub(super) fn kind(&self) -> MessageKind {
        match self.header.opcode {
            Opcode::Text => MessageKind::Text,
            _ => MessageKind::Binary,
        }
    }
}

/// Takes the first `n` bytes off `input`.
pub(super) fn take<'a>(input: &mut &'a mut [u8], n: usize) -> &'a mut [u8] {
    let (taken, rest) = mem::take(input).split_at_mut(n);
    *input = rest;
    taken
}
