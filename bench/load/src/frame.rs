//! Frames as RFC 6455 §5.2 has them.

/// FIN, in the first byte of a frame header.
pub(crate) const FIN: u8 = 0x80;
/// RSV1: a message whose first frame has it is compressed (RFC 7692 §6).
pub(crate) const RSV1: u8 = 0x40;

pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;

/// The mask bit, in the second byte.
const MASK: u8 = 0x80;

/// The frames of a run share it. Renewing it for each frame (§5.3) protects
/// proxies from a script's author; here, nobody has an interest to deceive.
const MASKING_KEY: [u8; 4] = [0x5a, 0xc3, 0x17, 0xe8];

/// Who sends a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// Masks what it sends (§5.3).
    Client,
    /// Never masks (§5.1); nor does a client that speaks no WebSocket, but has
    /// to send as many bytes as one that does.
    Server,
}

/// Appends a frame. `first` is the first byte: FIN, RSV1 and opcode.
pub(crate) fn encode(sender: Sender, first: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(first);
    let mask = if sender == Sender::Client { MASK } else { 0 };
    let length = payload.len();
    if let Ok(length @ 0..=125) = u8::try_from(length) {
        out.push(mask | length);
    } else if let Ok(length) = u16::try_from(length) {
        out.push(mask | 126);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        out.push(mask | 127);
        out.extend_from_slice(&(length as u64).to_be_bytes());
    }
    match sender {
        Sender::Server => out.extend_from_slice(payload),
        Sender::Client => {
            out.extend_from_slice(&MASKING_KEY);
            out.extend(
                payload.iter().zip(MASKING_KEY.iter().cycle()).map(|(byte, key)| byte ^ key),
            );
        }
    }
}

/// A frame header from a server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// FIN, RSV1-3 and opcode.
    pub(crate) first: u8,
    /// Bytes of the header.
    pub(crate) length: usize,
    pub(crate) payload_length: usize,
}

impl Header {
    /// Reads the header that `bytes` start with, unless more bytes are needed.
    /// The length of a frame that does not fit into memory is cut, and then does
    /// not match what is expected.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let [first, second, rest @ ..] = bytes else { return None };
        let (length, payload_length) = match second {
            126 => (4, u16::from_be_bytes(*rest.first_chunk()?).into()),
            127 => (10, u64::from_be_bytes(*rest.first_chunk()?)),
            // The mask bit would be wrong, and makes the length wrong as well.
            short => (2, (*short).into()),
        };
        let payload_length = usize::try_from(payload_length).unwrap_or(usize::MAX);
        Some(Self { first: *first, length, payload_length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written_once_it_is_complete() {
        for (size, length) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let mut frame = Vec::new();
            encode(Sender::Server, FIN | BINARY, &vec![7; size], &mut frame);
            let header = Header { first: 0x82, length, payload_length: size };
            assert_eq!(Header::parse(&frame), Some(header));
            assert_eq!(Header::parse(&frame[..length - 1]), None);
            assert_eq!(frame.len(), length + size);
        }
    }

    #[test]
    fn masking_is_its_own_inverse() {
        let mut frame = Vec::new();
        encode(Sender::Client, FIN | TEXT, b"sandbox", &mut frame);
        assert_eq!(frame[..6], [0x81, 0x87, 0x5a, 0xc3, 0x17, 0xe8]);
        let mut twice = Vec::new();
        encode(Sender::Client, FIN | TEXT, &frame[6..], &mut twice);
        assert_eq!(&twice[6..], b"sandbox");
    }
}
