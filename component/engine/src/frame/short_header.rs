//! A short cut past [`FrameHeader`](super::FrameHeader) for what most frames are.

use super::MASK;
use crate::mask::MaskingKey;

/// The header of a client's frame of less than 64 KiB, as most are. Flags and opcode are not
/// judged here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShortHeader {
    /// FIN, RSV and the opcode.
    pub(crate) first: u8,
    pub(crate) payload_len: usize,
    pub(crate) masking_key: MaskingKey,
    /// How long the header is.
    pub(crate) len: usize,
}

impl ShortHeader {
    /// Decodes such a header; `None` for what is anything else, or not all here.
    #[inline]
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let [first, second] = *bytes.first_chunk()?;
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
        Some(Self { first, payload_len: payload_len.into(), masking_key, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Expected, FIN, FrameHeader, HEADER_BYTES, Opcode};
    use proptest::prelude::*;

    proptest! {
        /// Biased towards what matters: short lengths, and those of 16 bits.
        #[test]
        fn a_short_header_is_decoded_as_any_other(
            in_message: bool,
            second in prop_oneof![0xfcu8..=0xff, any::<u8>()],
            mut bytes: [u8; HEADER_BYTES],
            len_high in prop_oneof![Just(0u8), any::<u8>()],
            front in 0..=HEADER_BYTES,
        ) {
            let first = if in_message { 0 } else { FIN | Opcode::Text as u8 };
            bytes[..3].copy_from_slice(&[first, second, len_high]);
            let expected = Expected { masked: true, compression: true, in_message };
            let bytes = &bytes[..front];
            let plain = FrameHeader::decode(bytes, expected).ok().flatten();
            let expected = plain.filter(|(header, _)| header.payload_len < 1 << 16).map(
                |(header, len)| ShortHeader {
                    first,
                    payload_len: usize::try_from(header.payload_len).unwrap(),
                    masking_key: header.masking_key.unwrap(),
                    len,
                },
            );
            prop_assert_eq!(ShortHeader::decode(bytes), expected);
        }
    }
}
