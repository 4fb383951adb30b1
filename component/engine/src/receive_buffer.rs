//! The bytes that a connection was handed, while they are processed.

use alloc::vec::Vec;
use core::mem;

use crate::mask::{self, MaskingKey};
use crate::payload::Payload;

/// Received bytes, and answers that were built where they lay.
///
/// ```text
///  0          built            at                    len
///  | answers  | of no more use | not yet processed   |
/// ```
///
/// A server's frame is shorter than the client's that it echoes, as it has no
/// masking key (§5.1). So an answer fits in front of what is left, where all of the
/// client's frame is here.
#[derive(Default)]
pub(crate) struct ReceiveBuffer {
    bytes: Vec<u8>,
    built: usize,
    at: usize,
}

impl ReceiveBuffer {
    /// Adds what was received.
    pub(crate) fn push(&mut self, bytes: Vec<u8>) {
        if self.bytes.is_empty() {
            self.bytes = bytes;
        } else {
            self.bytes.extend_from_slice(&bytes);
        }
    }

    /// What is not yet processed.
    #[inline]
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// The same, to be unmasked.
    pub(crate) fn rest_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.at..]
    }

    /// Takes `n` bytes.
    #[inline]
    pub(crate) fn take(&mut self, n: usize) -> &mut [u8] {
        let start = self.at;
        self.at += n;
        &mut self.bytes[start..self.at]
    }

    /// Takes all that is left.
    pub(crate) fn discard(&mut self) {
        self.at = self.bytes.len();
    }

    /// Takes the payload of a frame, `n` bytes, and unmasks it on its way to
    /// where the answer would have it, behind `room` for the answer's header.
    /// Without that much room it stays in place.
    #[inline]
    pub(crate) fn take_payload(&mut self, n: usize, key: MaskingKey, room: usize) -> Payload<'_> {
        let from = self.at;
        self.at += n;
        if self.built + room > from {
            let payload = &mut self.bytes[from..self.at];
            mask::apply_mask(payload, key, 0);
            return Payload::lent(payload, 0);
        }
        let to = self.built + room;
        mask::move_unmasked(&mut self.bytes[to..self.at], from - to, key);
        Payload::lent(&mut self.bytes[self.built..to + n], room)
    }

    /// The last payload that was taken has become an answer, of `n` bytes with
    /// its header.
    #[inline]
    pub(crate) fn keep_answer(&mut self, n: usize) {
        self.built += n;
    }

    /// How many bytes of answers there are.
    #[inline]
    pub(crate) fn built(&self) -> usize {
        self.built
    }

    /// Takes the answers, with `behind` them what else is to be transmitted.
    ///
    /// What is left stays where it is: it may be much, and drained in many steps.
    pub(crate) fn take_answers(&mut self, behind: Vec<u8>) -> Vec<u8> {
        let built = mem::take(&mut self.built);
        let mut answers = if self.rest().is_empty() {
            self.at = 0;
            mem::take(&mut self.bytes)
        } else {
            self.bytes[..built].to_vec()
        };
        answers.truncate(built);
        if answers.is_empty() {
            return behind;
        }
        answers.extend_from_slice(&behind);
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Framed;

    #[test]
    fn answers_gather_at_the_front_and_leave_the_rest() {
        let mut input = ReceiveBuffer::default();
        input.push(b"HHHHHHabcdHHHHHHefghrest".to_vec());
        for expected in [b"abcd", b"efgh"] {
            input.take(6);
            let mut payload = input.take_payload(4, [0; 4], 2);
            assert_eq!(payload.as_slice(), expected);
            assert_eq!(payload.become_frame(0x82), Framed::InPlace(6));
            input.keep_answer(6);
        }
        assert_eq!(input.rest(), b"rest");
        let rest = input.rest().as_ptr();
        assert_eq!(input.built(), 12);
        assert_eq!(input.take_answers(b"\x89\0".to_vec()), b"\x82\x04abcd\x82\x04efgh\x89\0");
        assert_eq!((input.rest(), input.rest().as_ptr()), (&b"rest"[..], rest), "not copied");
        input.push(b"!".to_vec());
        assert_eq!(input.take(5), b"rest!");
        assert_eq!(input.take_answers(Vec::new()), b"");
    }

    #[test]
    fn a_payload_whose_header_came_before_stays_in_place() {
        let mut input = ReceiveBuffer::default();
        input.push(b"abcd".to_vec());
        let payload = input.take_payload(4, [b' '; 4], 2);
        assert_eq!(payload.as_slice(), b"ABCD");
        assert!(!payload.has_room());
    }
}
