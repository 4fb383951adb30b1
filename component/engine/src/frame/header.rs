//! Decoding a frame header, with the verdict on it.

use super::{CONTROL_PAYLOAD, FIN, MASK, OPCODE, Opcode, RSV, RSV1};
use crate::error::ProtocolError;
use crate::mask::MaskingKey;

/// What the frames before it, and the opening handshake, let a frame be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    /// The peer is a client, whose frames are masked (§5.1).
    pub(crate) masked: bool,
    /// permessage-deflate was agreed.
    pub(crate) compression: bool,
    /// The message before is unfinished (§5.4).
    pub(crate) in_message: bool,
}

/// A frame header that broke no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) fin: bool,
    /// RSV1, on the initial frame of a compressed message (RFC 7692 §6).
    pub(crate) compressed: bool,
    pub(crate) opcode: Opcode,
    pub(crate) payload_len: u64,
    /// `None` from a server (§5.1).
    pub(crate) masking_key: Option<MaskingKey>,
}

impl FrameHeader {
    /// Decodes the header at the front of `bytes` and tells its length; `None`
    /// when more bytes are needed. Each field is judged before the next one, so
    /// that the verdict does not depend on how many bytes have come.
    #[inline]
    pub(crate) fn decode(
        bytes: &[u8],
        expected: Expected,
    ) -> Result<Option<(Self, usize)>, ProtocolError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let (fin, compressed, opcode) = decode_first(first, expected)?;

        let Some(&second) = bytes.get(1) else { return Ok(None) };
        // §5.1: a client masks every frame, a server none.
        match (second & MASK != 0, expected.masked) {
            (false, true) => return Err(ProtocolError::UnmaskedFrame),
            (true, false) => return Err(ProtocolError::MaskedFrame),
            (true, true) | (false, false) => {}
        }
        let short_len = second & !MASK;
        // §5.5: a control frame's payload is 125 bytes at most, so its length
        // needs no extension; which one it announces is not waited for.
        if opcode.is_control() && usize::from(short_len) > CONTROL_PAYLOAD {
            return Err(ProtocolError::ControlLength(u64::from(short_len)));
        }
        let Some((payload_len, after_len)) = decode_length(short_len, bytes)? else {
            return Ok(None);
        };

        let (masking_key, len) = if expected.masked {
            let Some(key) = bytes[after_len..].first_chunk() else { return Ok(None) };
            (Some(*key), after_len + key.len())
        } else {
            (None, after_len)
        };
        Ok(Some((Self { fin, compressed, opcode, payload_len, masking_key }, len)))
    }
}

/// FIN, RSV1 and opcode: what the first byte and the frames before it decide.
fn decode_first(first: u8, expected: Expected) -> Result<(bool, bool, Opcode), ProtocolError> {
    let opcode = Opcode::parse(first & OPCODE);
    let fin = first & FIN != 0;
    let compressed = first & RSV1 != 0;
    // §5.2: RSV bits are 0 unless an extension gives them a meaning; RFC 7692
    // §6.1: permessage-deflate means RSV1, on a message's initial frame only.
    let starts_message = matches!(opcode, Ok(Opcode::Text | Opcode::Binary));
    let meant = if expected.compression && starts_message { RSV1 } else { 0 };
    if first & RSV & !meant != 0 {
        return Err(ProtocolError::ReservedBits((first & RSV & !meant) >> 4));
    }
    let opcode = opcode?;
    // §5.5: control frames are not fragmented.
    if opcode.is_control() && !fin {
        return Err(ProtocolError::FragmentedControl(first & OPCODE));
    }
    // §5.4: the fragments of one message are not interleaved with another's.
    match (opcode, expected.in_message) {
        (Opcode::Continuation, false) => Err(ProtocolError::UnexpectedContinuation),
        (Opcode::Text | Opcode::Binary, true) => Err(ProtocolError::InterleavedMessage),
        _ => Ok((fin, compressed, opcode)),
    }
}

/// The payload length and where it ends, from a header's front (§5.2).
fn decode_length(short_len: u8, bytes: &[u8]) -> Result<Option<(u64, usize)>, ProtocolError> {
    let (len, end, least) = match short_len {
        0x7e => match bytes[2..].first_chunk() {
            None => return Ok(None),
            Some(extended) => (u64::from(u16::from_be_bytes(*extended)), 4, 126),
        },
        0x7f => match bytes[2..].first_chunk() {
            None => return Ok(None),
            Some(extended) => (u64::from_be_bytes(*extended), 10, 1 << 16),
        },
        short => (u64::from(short), 2, 0),
    };
    // §5.2: the most significant bit of a 64-bit length is 0.
    if len >> 63 != 0 {
        return Err(ProtocolError::LengthSign);
    }
    // §5.2: the shortest form is used.
    if len < least {
        return Err(ProtocolError::LengthForm);
    }
    Ok(Some((len, end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{HEADER_BYTES, encode, header_len};
    use proptest::prelude::*;

    fn any_header() -> impl Strategy<Value = FrameHeader> {
        let opcode = prop_oneof![Just(Opcode::Text), Just(Opcode::Binary)];
        let len = prop_oneof![0u64..130, 65_000u64..66_000, 0u64..1 << 32];
        (any::<bool>(), any::<bool>(), opcode, len, any::<Option<MaskingKey>>()).prop_map(
            |(fin, compressed, opcode, payload_len, masking_key)| FrameHeader {
                fin,
                compressed,
                opcode,
                payload_len,
                masking_key,
            },
        )
    }

    #[test]
    fn a_bit_with_a_meaning_is_not_told_among_those_without() {
        let bits = |compression, first: u8| {
            let expected = Expected { masked: true, compression, in_message: false };
            FrameHeader::decode(&[first], expected).unwrap_err()
        };
        assert_eq!(bits(true, FIN | RSV1 | 0x20 | 1), ProtocolError::ReservedBits(0b010));
        assert_eq!(bits(true, FIN | RSV1 | 0x20 | 9), ProtocolError::ReservedBits(0b110));
        assert_eq!(bits(false, FIN | RSV1 | 0x10 | 1), ProtocolError::ReservedBits(0b101));
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding_and_waits_for_the_last_byte(header in any_header()) {
            let mut first = header.opcode as u8;
            first |= if header.fin { FIN } else { 0 };
            first |= if header.compressed { RSV1 } else { 0 };
            let payload_len = usize::try_from(header.payload_len).unwrap();
            let mut bytes = encode(first, payload_len, header.masking_key).to_vec();
            prop_assert!(bytes.len() <= HEADER_BYTES);
            prop_assert_eq!(bytes.len(), header_len(payload_len, header.masking_key.is_some()));
            let expected = Expected {
                masked: header.masking_key.is_some(),
                compression: true,
                in_message: false,
            };
            let len = bytes.len();
            bytes.push(0xff);
            prop_assert_eq!(FrameHeader::decode(&bytes, expected), Ok(Some((header, len))));
            for front in 0..len {
                prop_assert_eq!(FrameHeader::decode(&bytes[..front], expected), Ok(None));
            }
        }

        #[test]
        fn a_verdict_stands_whatever_bytes_follow(
            bytes: [u8; HEADER_BYTES],
            masked: bool,
            compression: bool,
            in_message: bool,
        ) {
            let expected = Expected { masked, compression, in_message };
            let whole = FrameHeader::decode(&bytes, expected);
            for front in 0..HEADER_BYTES {
                match FrameHeader::decode(&bytes[..front], expected) {
                    Ok(None) => {}
                    early => prop_assert_eq!(early, whole),
                }
            }
        }
    }
}
