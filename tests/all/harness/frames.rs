//! Frames (§5.2), written and read the slow and obvious way.

use super::start::Role;

pub(crate) const FIN: u8 = 0x80;
/// Marks a compressed message (RFC 7692 §6.1).
pub(crate) const RSV1: u8 = 0x40;
pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;

/// A frame as it stood on the wire, unmasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// FIN, RSV1-3 and the opcode.
    pub(crate) first: u8,
    pub(crate) masking_key: Option<[u8; 4]>,
    pub(crate) payload: Vec<u8>,
}

/// A frame that `sender` sends; a client's masking key is of no interest.
pub(crate) fn frame(sender: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let masking_key = (sender == Role::Client).then_some([0x37, 0xfa, 0x21, 0x3d]);
    Frame { first, masking_key, payload: payload.into() }.encode()
}

/// A Close frame with a code.
pub(crate) fn close(sender: Role, code: u16) -> Vec<u8> {
    frame(sender, FIN | CLOSE, &code.to_be_bytes())
}

impl Frame {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mask = if self.masking_key.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![self.first];
        match self.payload.len() {
            len @ 0..=125 => bytes.push(mask | u8::try_from(len).unwrap()),
            len @ 126..=0xffff => {
                bytes.push(mask | 126);
                bytes.extend(u16::try_from(len).unwrap().to_be_bytes());
            }
            len => {
                bytes.push(mask | 127);
                bytes.extend((len as u64).to_be_bytes());
            }
        }
        bytes.extend(self.masking_key.into_iter().flatten());
        bytes.extend(masked(&self.payload, self.masking_key));
        bytes
    }

    /// Takes a frame off the front of `bytes`.
    pub(crate) fn decode(bytes: &mut &[u8]) -> Self {
        let [first, second] = *take_array(bytes);
        let len = match second & 0x7f {
            126 => u64::from(u16::from_be_bytes(*take_array(bytes))),
            127 => u64::from_be_bytes(*take_array(bytes)),
            len => u64::from(len),
        };
        let masking_key = (second & 0x80 != 0).then(|| *take_array(bytes));
        let (payload, rest) = bytes.split_at(usize::try_from(len).unwrap());
        *bytes = rest;
        Self { first, masking_key, payload: masked(payload, masking_key) }
    }
}

/// All frames of what `sender` sent. Checks that it masked as it must (§5.1).
pub(crate) fn decode_all(sender: Role, mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let frame = Frame::decode(&mut bytes);
        assert_eq!(frame.masking_key.is_some(), sender == Role::Client, "§5.1: {frame:?}");
        frames.push(frame);
    }
    frames
}

/// The same frames without masks: what a server would have sent.
pub(crate) fn unmasked(sender: Role, bytes: &[u8]) -> Vec<u8> {
    let frames = decode_all(sender, bytes).into_iter();
    frames.flat_map(|frame| Frame { masking_key: None, ..frame }.encode()).collect()
}

fn masked(payload: &[u8], masking_key: Option<[u8; 4]>) -> Vec<u8> {
    let key = masking_key.unwrap_or_default();
    payload.iter().zip(key.iter().cycle()).map(|(octet, key)| octet ^ key).collect()
}

fn take_array<'a, const N: usize>(bytes: &mut &'a [u8]) -> &'a [u8; N] {
    let (taken, rest) = bytes.split_first_chunk().expect("a whole frame");
    *bytes = rest;
    taken
}
