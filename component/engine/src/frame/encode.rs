//! Encoding a frame header.

use core::ops::Deref;

use super::{HEADER_BYTES, MASK};
use crate::mask::MaskingKey;

/// How long the header of a frame is.
pub(crate) fn header_len(payload_len: usize, masked: bool) -> usize {
    let length = match payload_len {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    };
    length + if masked { size_of::<MaskingKey>() } else { 0 }
}

/// A frame header on the wire.
pub(crate) struct EncodedHeader {
    bytes: [u8; HEADER_BYTES],
    len: usize,
}

impl Deref for EncodedHeader {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Encodes a frame header. `first` is FIN, RSV1 and the opcode.
pub(crate) fn encode(
    first: u8,
    payload_len: usize,
    masking_key: Option<MaskingKey>,
) -> EncodedHeader {
    let mut header = EncodedHeader { bytes: [0; HEADER_BYTES], len: 0 };
    let mut push = |bytes: &[u8]| {
        header.bytes[header.len..header.len + bytes.len()].copy_from_slice(bytes);
        header.len += bytes.len();
    };
    let mask = if masking_key.is_some() { MASK } else { 0 };
    // §5.2: the shortest form, in network byte order.
    match (u8::try_from(payload_len), u16::try_from(payload_len)) {
        (Ok(len @ 0..=125), _) => push(&[first, mask | len]),
        (_, Ok(len)) => {
            let [high, low] = len.to_be_bytes();
            push(&[first, mask | 0x7e, high, low]);
        }
        (_, Err(_)) => {
            push(&[first, mask | 0x7f]);
            push(&(payload_len as u64).to_be_bytes());
        }
    }
    if let Some(key) = masking_key {
        push(&key);
    }
    header
}

/// Encodes a header without a masking key at the end of `room`, which has enough,
/// and tells how long it is: [`encode`] for where the payload lies already.
pub(crate) fn encode_before(payload_len: usize, first: u8, room: &mut [u8]) -> usize {
    match (u8::try_from(payload_len), u16::try_from(payload_len)) {
        (Ok(len @ 0..=125), _) => put_last(room, [first, len]),
        (_, Ok(len)) => {
            let [high, low] = len.to_be_bytes();
            put_last(room, [first, 0x7e, high, low])
        }
        (_, Err(_)) => {
            let mut header = [first, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0];
            header[2..].copy_from_slice(&(payload_len as u64).to_be_bytes());
            put_last(room, header)
        }
    }
}

fn put_last<const N: usize>(room: &mut [u8], header: [u8; N]) -> usize {
    if let Some(last) = room.last_chunk_mut() {
        *last = header;
    }
    N
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_header_is_the_same_before_its_payload(
            first: u8,
            len in prop_oneof![0usize..130, 65_000usize..66_000, 0usize..1 << 32],
        ) {
            let mut room = [0; HEADER_BYTES];
            let start = HEADER_BYTES - encode_before(len, first, &mut room);
            prop_assert_eq!(&room[start..], &*encode(first, len, None));
        }
    }
}
