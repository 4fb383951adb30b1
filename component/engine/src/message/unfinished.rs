//! A message whose final frame is not complete.

use alloc::vec::Vec;

use super::arriving::ArrivingFrame;
use crate::application::MessageKind;
use crate::frame::{FrameHeader, UNMASKED_HEADER_BYTES};
use crate::growth;
use crate::mask::{self, MaskingKey};
use crate::payload::Payload;
use crate::receive_buffer::ReceiveBuffer;
use crate::utf8::{NotUtf8, Utf8Validator};

/// The front of a message, joined from its frames.
pub(super) struct Unfinished {
    pub(super) kind: MessageKind,
    /// RSV1 of the initial frame (RFC 7692 §6).
    pub(super) compressed: bool,
    pub(super) fragments: u32,
    /// The payload so far, behind room for the header of an answer.
    bytes: Vec<u8>,
    room: usize,
    utf8: Utf8Validator,
}

impl Unfinished {
    /// Space that is made first, so that small fragments do not grow it one by
    /// one.
    pub(super) const FIRST_SPACE: usize = 1024;

    /// The message that a frame begins.
    pub(super) fn new(initial: &ArrivingFrame) -> Self {
        let FrameHeader { compressed, masking_key, .. } = initial.header;
        // Of use to an answer that is neither masked nor compressed.
        let room = if masking_key.is_some() && !compressed { UNMASKED_HEADER_BYTES } else { 0 };
        Self {
            kind: super::kind(initial.header.opcode),
            compressed,
            fragments: 1,
            bytes: Vec::new(),
            room,
            utf8: Utf8Validator::default(),
        }
    }

    /// Bytes of payload so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len().saturating_sub(self.room)
    }

    /// Takes the next `n` bytes of a frame's payload from `input`.
    pub(super) fn append(
        &mut self,
        frame: &mut ArrivingFrame,
        input: &mut ReceiveBuffer,
        n: usize,
        limit: u64,
    ) -> Result<(), NotUtf8> {
        let FrameHeader { fin, masking_key, .. } = frame.header;
        // The last frame tells how long the message is.
        let most = if fin { frame.missing() + self.len() as u64 } else { limit };
        let offset = frame.received();
        self.join(frame.take(input, n), masking_key, offset, most)
    }

    /// Appends a stretch that starts `offset` bytes into a frame's payload. The
    /// message will have `most` bytes at most.
    #[inline]
    pub(super) fn join(
        &mut self,
        stretch: &[u8],
        masking_key: Option<MaskingKey>,
        offset: u64,
        most: u64,
    ) -> Result<(), NotUtf8> {
        let most = usize::try_from(most).unwrap_or(usize::MAX).saturating_add(self.room);
        if self.bytes.is_empty() {
            let space = self.room + stretch.len().max(Self::FIRST_SPACE);
            self.bytes.reserve_exact(most.min(space));
            self.bytes.resize(self.room, 0);
        }
        growth::reserve(&mut self.bytes, stretch.len(), most);
        let before = self.bytes.len();
        match masking_key {
            Some(key) => mask::extend_unmasked(&mut self.bytes, stretch, key, offset),
            None => self.bytes.extend_from_slice(stretch),
        }
        // Not called in vain: many fragments are short.
        if self.kind == MessageKind::Text { self.validate(before) } else { Ok(()) }
    }

    /// What a compressed payload is inflated to.
    pub(super) fn inflated(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// §8.1, and fail fast: the first impossible byte is not outlived.
    pub(super) fn validate(&mut self, from: usize) -> Result<(), NotUtf8> {
        match self.kind {
            MessageKind::Text => self.utf8.push(&self.bytes[from..]),
            MessageKind::Binary => Ok(()),
        }
    }

    pub(super) fn finish(self) -> Result<Payload<'static>, NotUtf8> {
        if self.kind == MessageKind::Text {
            self.utf8.finish()?;
        }
        Ok(Payload::joined(self.bytes, self.room))
    }
}
