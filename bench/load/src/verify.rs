//! Every byte that comes back is compared with what has to come back.

use anyhow::{Result, bail, ensure};
use flate2::{Decompress, FlushDecompress};

use crate::frame::{FIN, Header, RSV1, TEXT};
use crate::traffic::{Expected, TAIL};

/// The position of one connection in the echoes it expects.
pub(crate) enum Verifier {
    /// In the ring of bytes.
    Bytes { position: usize },
    /// In the ring of payloads.
    Compressed(Box<Inflating>),
}

pub(crate) struct Inflating {
    next: usize,
    /// Bytes of a frame that is not complete.
    partial: Vec<u8>,
    /// Keeps its window from message to message, so that a server may as well
    /// compress with context takeover (RFC 7692 §7.2.2).
    decompress: Decompress,
    inflated: Vec<u8>,
}

impl Verifier {
    /// Expects message `first` of the ring, and then those behind it.
    pub(crate) fn new(expected: &Expected, first: usize) -> Self {
        match expected {
            Expected::Bytes { stride, .. } => Self::Bytes { position: first * stride },
            Expected::Compressed { .. } => Self::Compressed(Box::new(Inflating {
                next: first,
                partial: Vec::new(),
                decompress: Decompress::new(false),
                inflated: Vec::new(),
            })),
        }
    }

    /// Verifies what came, and returns how many messages that completed.
    pub(crate) fn receive(&mut self, expected: &Expected, bytes: &[u8]) -> Result<usize> {
        match (self, expected) {
            (Self::Bytes { position }, Expected::Bytes { ring, stride }) => {
                compare(ring, *stride, position, bytes)
            }
            (Self::Compressed(inflating), Expected::Compressed { payloads }) => {
                inflating.receive(payloads, bytes)
            }
            _ => bail!("a verifier of another run"),
        }
    }
}

fn compare(ring: &[u8], stride: usize, position: &mut usize, bytes: &[u8]) -> Result<usize> {
    let completed = (*position % stride + bytes.len()) / stride;
    let mut rest = bytes;
    while !rest.is_empty() {
        let expected = &ring[*position..];
        let length = rest.len().min(expected.len());
        if rest[..length] != expected[..length] {
            return Err(difference(&expected[..length], &rest[..length], *position % stride));
        }
        *position = (*position + length) % ring.len();
        rest = &rest[length..];
    }
    Ok(completed)
}

/// Names the first byte that differs; `offset` is that of the slices in the echo
/// of a message.
fn difference(expected: &[u8], found: &[u8], offset: usize) -> anyhow::Error {
    let Some((index, (expected, found))) =
        expected.iter().zip(found).enumerate().find(|(_, (expected, found))| expected != found)
    else {
        return anyhow::anyhow!("an echo differs");
    };
    let place = match offset + index {
        0 => "first byte (FIN, RSV1-3, opcode)".to_owned(),
        1 => "second byte (payload length)".to_owned(),
        byte => format!("byte {byte}"),
    };
    anyhow::anyhow!("the {place} of an echo is {found:#04x} instead of {expected:#04x}")
}

impl Inflating {
    fn receive(&mut self, payloads: &[Vec<u8>], bytes: &[u8]) -> Result<usize> {
        let mut partial = std::mem::take(&mut self.partial);
        partial.extend_from_slice(bytes);
        let mut rest = partial.as_slice();
        let mut completed = 0;
        while let Some(header) = Header::parse(rest) {
            ensure!(
                header.first != FIN | TEXT,
                "the server took the offer of permessage-deflate and did not compress"
            );
            ensure!(
                header.first == FIN | RSV1 | TEXT,
                "the first byte of an echo is {:#04x} instead of {:#04x}",
                header.first,
                FIN | RSV1 | TEXT
            );
            let end = header.length.saturating_add(header.payload_length);
            let Some(data) = rest.get(header.length..end) else { break };
            self.inflate(data, &payloads[self.next])?;
            self.next = (self.next + 1) % payloads.len();
            completed += 1;
            rest = &rest[end..];
        }
        let done = partial.len() - rest.len();
        partial.drain(..done);
        self.partial = partial;
        Ok(completed)
    }

    fn inflate(&mut self, data: &[u8], payload: &[u8]) -> Result<()> {
        self.inflated.clear();
        // A byte more than expected, so that more is noticed.
        self.inflated.reserve(payload.len() + 1);
        for mut input in [data, &TAIL] {
            while !input.is_empty() && self.inflated.len() <= payload.len() {
                let before = self.decompress.total_in();
                self.decompress.decompress_vec(input, &mut self.inflated, FlushDecompress::Sync)?;
                let used = usize::try_from(self.decompress.total_in() - before)?;
                ensure!(used > 0, "the server's compressed data end early");
                input = &input[used..];
            }
        }
        ensure!(self.inflated == payload, "an echo inflates to something else");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};

    use super::*;
    use crate::frame::{self, BINARY, Sender};

    const PAYLOADS: [&[u8]; 3] = [b"first of all", b"second thing", b"third in row"];

    /// The echoes of all payloads, and what a verifier of them expects.
    fn plain() -> (Vec<u8>, Expected) {
        let mut ring = Vec::new();
        for payload in PAYLOADS {
            frame::encode(Sender::Server, FIN | BINARY, payload, &mut ring);
        }
        (ring.clone(), Expected::Bytes { stride: ring.len() / PAYLOADS.len(), ring })
    }

    /// The same from a server that compresses with context takeover.
    fn compressed() -> (Vec<u8>, Expected) {
        let mut compress = Compress::new(Compression::best(), false);
        let mut echoes = Vec::new();
        for payload in PAYLOADS {
            let mut data = Vec::with_capacity(100);
            compress.compress_vec(payload, &mut data, FlushCompress::Sync).unwrap();
            let data = data.strip_suffix(&TAIL).unwrap();
            frame::encode(Sender::Server, FIN | RSV1 | TEXT, data, &mut echoes);
        }
        (echoes, Expected::Compressed { payloads: PAYLOADS.map(<[u8]>::to_vec).into() })
    }

    #[test]
    fn echoes_are_counted_when_their_last_byte_comes_however_they_are_split() {
        for (echoes, expected) in [plain(), compressed()] {
            for size in 1..=echoes.len() {
                let mut verifier = Verifier::new(&expected, 0);
                let mut receive = |bytes: &[u8]| verifier.receive(&expected, bytes).unwrap();
                assert_eq!(echoes.chunks(size).map(&mut receive).sum::<usize>(), 3);
            }
        }
    }

    #[test]
    fn no_byte_can_change_unnoticed() {
        let (echoes, expected) = plain();
        for index in 0..echoes.len() {
            let mut changed = echoes.clone();
            changed[index] ^= 0x10;
            assert!(Verifier::new(&expected, 0).receive(&expected, &changed).is_err());
        }
    }

    #[test]
    fn the_echo_of_another_message_is_refused() {
        for (echoes, expected) in [plain(), compressed()] {
            assert!(Verifier::new(&expected, 1).receive(&expected, &echoes).is_err());
        }
    }

    #[test]
    fn a_server_that_does_not_compress_is_found_out() {
        let (_, expected) = compressed();
        let mut echo = Vec::new();
        frame::encode(Sender::Server, FIN | TEXT, PAYLOADS[0], &mut echo);
        let failure = Verifier::new(&expected, 0).receive(&expected, &echo).unwrap_err();
        assert!(failure.to_string().contains("did not compress"), "{failure}");
    }
}
