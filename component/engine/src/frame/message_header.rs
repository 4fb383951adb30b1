//! A short cut past [`FrameHeader`](super::FrameHeader) for what most frames are.

use super::{FIN, MASK, Opcode};
use crate::mask::MaskingKey;

/// The header of a frame that is a message by itself: a client's, uncompressed, of
/// less than 64 KiB. Most frames are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageHeader {
    /// Text or binary.
    pub(crate) opcode: Opcode,
    pub(crate) payload_len: usize,
    pub(crate) masking_key: MaskingKey,
    /// How long the header is.
    pub(crate) len: usize,
}

impl MessageHeader {
    /// Decodes such a header; `None` for what is anything else, or not all here.
    #[inline]
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        const TEXT: u8 = FIN | Opcode::Text as u8;
        const BINARY: u8 = FIN | Opcode::Binary as u8;

        let opcode = match *bytes.first()? {
            TEXT => Opcode::Text,
            BINARY => Opcode::Binary,
            _ => return None,
        };
        let second = *bytes.get(1)?;
        let (payload_len, after_len) = match second & !MASK {
            0x7e => (u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?), 4),
            0x7f => return None,
            short => (u16::from(short), 2),
        };
        // §5.1, §5.2: masked, and the length in its shortest form.
        if second & MASK == 0 || after_len == 4 && payload_len < 126 {
            return None;
        }
        let masking_key = *bytes.get(after_len..)?.first_chunk()?;
        let len = after_len + masking_key.len();
        Some(Self { opcode, payload_len: payload_len.into(), masking_key, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Expected, FrameHeader, HEADER_BYTES};
    use proptest::prelude::*;

    proptest! {
        /// Biased towards what matters: the first two bytes, and short lengths.
        #[test]
        fn the_header_of_a_message_is_decoded_as_any_other(
            first in prop_oneof![Just(0x81), Just(0x82), any::<u8>()],
            second in prop_oneof![0xfcu8..=0xff, any::<u8>()],
            mut bytes: [u8; HEADER_BYTES],
            len_high in prop_oneof![Just(0u8), any::<u8>()],
            front in 0..=HEADER_BYTES,
        ) {
            bytes[..3].copy_from_slice(&[first, second, len_high]);
            let expected = Expected { masked: true, compression: true, in_message: false };
            let bytes = &bytes[..front];
            let plain = FrameHeader::decode(bytes, expected).ok().flatten();
            let common = plain.filter(|(header, _)| {
                let is_message = header.fin && !header.compressed && !header.opcode.is_control();
                is_message && header.payload_len < 1 << 16
            });
            let expected = common.map(|(header, len)| MessageHeader {
                opcode: header.opcode,
                payload_len: usize::try_from(header.payload_len).unwrap(),
                masking_key: header.masking_key.unwrap(),
                len,
            });
            prop_assert_eq!(MessageHeader::decode(bytes), expected);
        }
    }
}
