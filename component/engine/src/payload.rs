//! The payload of a whole message, where it lies.

use alloc::vec::Vec;
use core::mem;

use crate::frame;

/// The application data of a message (§5.6): in the bytes that were received, or
/// joined from several frames.
///
/// Either way there may be room in front for the header of a frame, so that it
/// can be sent back without being copied.
#[derive(Debug)]
pub struct Payload<'a> {
    bytes: Bytes<'a>,
    /// How many bytes of room come first.
    room: usize,
}

#[derive(Debug)]
enum Bytes<'a> {
    Lent(&'a mut [u8]),
    Joined(Vec<u8>),
}

/// A payload that has become a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Framed {
    /// Where it lay; so many bytes.
    InPlace(usize),
    /// By itself.
    Joined(Vec<u8>),
}

impl<'a> Payload<'a> {
    /// Bytes that belong to somebody else, the first of which are room.
    pub(crate) fn lent(bytes: &'a mut [u8], room: usize) -> Self {
        Self { bytes: Bytes::Lent(bytes), room }
    }

    /// Bytes of its own, the first of which are room.
    pub(crate) fn joined(bytes: Vec<u8>, room: usize) -> Self {
        Self { bytes: Bytes::Joined(bytes), room }
    }

    /// The application data.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Lent(bytes) => &bytes[self.room..],
            Bytes::Joined(bytes) => &bytes[self.room..],
        }
    }

    /// The application data, to be kept. None is left.
    pub fn take(&mut self) -> Vec<u8> {
        let room = mem::take(&mut self.room);
        match mem::replace(&mut self.bytes, Bytes::Joined(Vec::new())) {
            Bytes::Lent(bytes) => bytes[room..].to_vec(),
            Bytes::Joined(mut bytes) => {
                bytes.drain(..room);
                bytes
            }
        }
    }

    /// Whether it can become a frame.
    pub(crate) fn has_room(&self) -> bool {
        self.room > 0
    }

    /// Becomes an unmasked frame; nothing is left of the payload then. `first` is FIN,
    /// RSV1 and the opcode.
    pub(crate) fn become_frame(&mut self, first: u8) -> Framed {
        let len = self.as_slice().len();
        let room = mem::take(&mut self.room);
        match &mut self.bytes {
            Bytes::Lent(bytes) => {
                frame::encode_before(len, first, &mut bytes[..room]);
                Framed::InPlace(mem::take(bytes).len())
            }
            Bytes::Joined(bytes) => {
                let header_len = frame::encode_before(len, first, &mut bytes[..room]);
                let mut bytes = mem::take(bytes);
                bytes.drain(..room - header_len);
                Framed::Joined(bytes)
            }
        }
    }
}
