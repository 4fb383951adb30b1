//! A frame whose payload is under way.

use crate::frame::{FrameHeader, Opcode};
use crate::mask::apply_mask;
use crate::receive_buffer::ReceiveBuffer;

/// A frame, from its header on.
pub(super) struct ArrivingFrame {
    pub(super) header: FrameHeader,
    /// How much of the payload was taken from the input.
    received: u64,
    /// How much of it was unmasked: more, where inflating has yet to follow.
    unmasked: u64,
    /// Inflating stopped at its budget: there is more of what was taken.
    pub(super) inflating: bool,
}

impl ArrivingFrame {
    pub(super) fn new(header: FrameHeader) -> Self {
        Self { header, received: 0, unmasked: 0, inflating: false }
    }

    /// How many bytes of payload were taken.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// How many bytes of payload have yet to be taken.
    pub(super) fn missing(&self) -> u64 {
        self.header.payload_len - self.received
    }

    /// The length of the payload, if all of it is here and none was taken.
    pub(super) fn whole(&self, input: &ReceiveBuffer) -> Option<usize> {
        let len = usize::try_from(self.header.payload_len).ok()?;
        (self.received == 0 && len <= input.rest().len()).then_some(len)
    }

    /// How many bytes of the payload are at the front of `input`.
    pub(super) fn here(&self, input: &ReceiveBuffer) -> usize {
        let rest = input.rest().len();
        usize::try_from(self.missing()).map_or(rest, |missing| missing.min(rest))
    }

    /// Unmasks what is here of the payload, in place, and tells how much that is.
    pub(super) fn unmask(&mut self, input: &mut ReceiveBuffer) -> usize {
        let here = self.here(input);
        let rest = input.rest_mut();
        let ahead = usize::try_from(self.unmasked - self.received).unwrap_or(here).min(here);
        if let Some(key) = self.header.masking_key {
            apply_mask(&mut rest[ahead..here], key, self.received + ahead as u64);
        }
        self.unmasked = self.received + here as u64;
        here
    }

    /// Takes `n` bytes of payload off `input`.
    pub(super) fn take<'a>(&mut self, input: &'a mut ReceiveBuffer, n: usize) -> &'a mut [u8] {
        self.received += n as u64;
        input.take(n)
    }

    /// Whether it is a message by itself (§5.4).
    pub(super) fn is_message(&self) -> bool {
        self.header.fin && matches!(self.header.opcode, Opcode::Text | Opcode::Binary)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.missing() == 0
    }

    pub(super) fn ends_message(&self) -> bool {
        self.header.fin && self.is_complete()
    }
}
