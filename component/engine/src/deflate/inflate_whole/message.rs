//! A message that is being decompressed.

use alloc::vec::Vec;

/// Bytes that are copied at once.
const STEP: usize = 16;

/// Bytes of the longest match (RFC 1951 §3.2.5).
const LONGEST_MATCH: usize = 258;

/// From so many bytes on, a match is a long one.
const LONG: usize = 96;

/// Room for what is put between two looks at it: two literals, and a match with the rest
/// of its last step.
pub(super) const ROOM: usize = 2 + LONGEST_MATCH.next_multiple_of(STEP);

/// Grows with what comes, up to some length.
pub(super) struct Message<'a> {
    /// The message, and room behind it.
    bytes: &'a mut Vec<u8>,
    len: usize,
    most: usize,
}

impl<'a> Message<'a> {
    pub(super) fn new(bytes: &'a mut Vec<u8>, expected: usize, most: usize) -> Self {
        let room = expected.max(1 << 10).min(most) + ROOM;
        bytes.resize(room, 0);
        Self { bytes, len: 0, most }
    }

    /// Makes [`ROOM`], unless the message is too long.
    pub(super) fn make_room(&mut self) -> Option<()> {
        if self.len > self.most {
            return None;
        }
        if self.bytes.len() - self.len < ROOM {
            self.bytes.resize((2 * self.len).min(self.most) + 2 * ROOM, 0);
        }
        Some(())
    }

    /// The message with the room behind it, and how long it is.
    pub(super) fn room(&mut self) -> (&mut [u8], usize) {
        (self.bytes, self.len)
    }

    /// It has become longer.
    pub(super) fn filled(&mut self, len: usize) {
        self.len = len;
    }

    /// Takes the room away, and the message with it if it is not complete.
    pub(super) fn end(self, is_complete: bool) -> Option<()> {
        let is_complete = is_complete && self.len <= self.most;
        self.bytes.truncate(if is_complete { self.len } else { 0 });
        is_complete.then_some(())
    }
}

/// Repeats what `bytes` begin with at a distance; maybe some bytes more than asked for.
#[inline]
pub(super) fn repeat(bytes: &mut [u8], distance: usize, length: usize) -> Option<()> {
    if length >= LONG && distance >= length {
        // The host has a function for it, which takes a while to be called.
        bytes.get_mut(..distance + length)?.copy_within(..length, distance);
    } else if distance >= STEP {
        for at in (0..length).step_by(STEP) {
            let step: [u8; STEP] = *bytes.get(at..)?.first_chunk()?;
            *bytes.get_mut(at + distance..)?.first_chunk_mut()? = step;
        }
    } else {
        for at in 0..length {
            *bytes.get_mut(at + distance)? = *bytes.get(at)?;
        }
    }
    Some(())
}
