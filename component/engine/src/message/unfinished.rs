//! A message whose final frame is not complete.

use alloc::vec::Vec;

use super::arriving::ArrivingFrame;
use crate::application::MessageKind;
use crate::utf8::{NotUtf8, Utf8Validator};

/// The front of a message, joined from its frames.
pub(super) struct Unfinished {
    pub(super) kind: MessageKind,
    /// RSV1 of the initial frame (RFC 7692 §6).
    pub(super) compressed: bool,
    pub(super) payload: Vec<u8>,
    pub(super) fragments: u32,
    utf8: Utf8Validator,
}

impl Unfinished {
    /// The first room made, so that small fragments do not grow it one by one.
    pub(super) const FIRST_ROOM: usize = 1024;

    /// The message that a frame begins.
    pub(super) fn new(initial: &ArrivingFrame) -> Self {
        Self {
            kind: initial.kind(),
            compressed: initial.header.compressed,
            payload: Vec::new(),
            utf8: Utf8Validator::default(),
            fragments: 1,
        }
    }

    /// Appends what came of a frame that still misses `missing` bytes.
    pub(super) fn append(&mut self, stretch: &[u8], missing: u64) -> Result<(), NotUtf8> {
        let room = self.payload.capacity() - self.payload.len();
        if stretch.len() > room {
            // Room grows by doubling what has come, but not past what the frame
            // announces: a header alone reserves nothing.
            let wanted = usize::try_from(missing).unwrap_or(usize::MAX);
            let doubled = self.payload.len().max(Self::FIRST_ROOM);
            self.payload.reserve_exact(stretch.len().saturating_add(wanted.min(doubled)));
        }
        let before = self.payload.len();
        self.payload.extend_from_slice(stretch);
        self.validate(before)
    }

    /// §8.1, and fail fast: the first impossible byte is not outlived.
    pub(super) fn validate(&mut self, from: usize) -> Result<(), NotUtf8> {
        match self.kind {
            MessageKind::Text => self.utf8.push(&self.payload[from..]),
            MessageKind::Binary => Ok(()),
        }
    }

    pub(super) fn finish(self) -> Result<Vec<u8>, NotUtf8> {
        if self.kind == MessageKind::Text {
            self.utf8.finish()?;
        }
        Ok(self.payload)
    }
}
