//! What a run sends and expects, built before it starts.

use anyhow::Result;
use flate2::{Compress, Compression, FlushCompress, Status};

use crate::arguments::Echo;
use crate::content::Content;
use crate::frame::{self, BINARY, CONTINUATION, FIN, RSV1, Sender, TEXT};

/// The tail of a deflate block that RFC 7692 §7.2.1 leaves out of a message.
pub(crate) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// A ring of messages that all connections share; each starts at a place of its
/// own, so that an echo to the wrong connection is noticed.
pub(crate) struct Traffic {
    /// The messages on the wire, and behind them the first ones again: whatever
    /// a connection may send at once lies in one piece.
    pub(crate) outgoing: Vec<u8>,
    /// Where each message of `outgoing` starts, and the end.
    pub(crate) starts: Vec<usize>,
    /// Messages in the ring.
    pub(crate) messages: usize,
    pub(crate) expected: Expected,
}

/// What has to come back.
pub(crate) enum Expected {
    /// The very bytes: all echoes behind each other, each `stride` bytes.
    Bytes { ring: Vec<u8>, stride: usize },
    /// Frames with these payloads, compressed however the server does it.
    Compressed { payloads: Vec<Vec<u8>> },
}

impl Traffic {
    pub(crate) fn build(options: &Echo) -> Result<Self> {
        let content = match (options.text, options.compressed) {
            (_, true) => Content::Json,
            (true, false) => Content::Text,
            (false, false) => Content::Binary,
        };
        let in_flight = options.in_flight.get();
        let messages = options.connections.get() + in_flight;
        let payloads: Vec<_> =
            (0..messages).map(|index| content.payload(index, options.size)).collect();

        let mut outgoing = Vec::new();
        let mut starts = vec![0];
        for index in (0..messages).chain(0..in_flight) {
            let payload = &payloads[index];
            if options.compressed {
                let data = compressed(payload)?;
                frame::encode(Sender::Client, FIN | RSV1 | TEXT, &data, &mut outgoing);
            } else {
                append(options, content, payload, &mut outgoing);
            }
            starts.push(outgoing.len());
        }

        let expected = if options.compressed {
            Expected::Compressed { payloads }
        } else if options.target.raw {
            Expected::Bytes { ring: outgoing[..starts[messages]].to_vec(), stride: starts[1] }
        } else {
            let mut ring = Vec::new();
            for payload in &payloads {
                frame::encode(Sender::Server, FIN | opcode(content), payload, &mut ring);
            }
            let stride = ring.len() / messages;
            Expected::Bytes { ring, stride }
        };
        Ok(Self { outgoing, starts, messages, expected })
    }

    /// Bytes of the ring, without what is there twice.
    pub(crate) fn ring_length(&self) -> usize {
        self.starts[self.messages]
    }
}

const fn opcode(content: Content) -> u8 {
    if content.is_text() { TEXT } else { BINARY }
}

/// Appends a message as one frame or in fragments (§5.4).
fn append(options: &Echo, content: Content, payload: &[u8], out: &mut Vec<u8>) {
    let sender = if options.target.raw { Sender::Server } else { Sender::Client };
    let fragment_bytes = options.fragment_bytes.map_or(usize::MAX, std::num::NonZero::get);
    let mut opcode = opcode(content);
    let mut rest = payload;
    loop {
        let (fragment, after) = rest.split_at(fragment_bytes.min(rest.len()));
        let fin = if after.is_empty() { FIN } else { 0 };
        frame::encode(sender, fin | opcode, fragment, out);
        if after.is_empty() {
            return;
        }
        opcode = CONTINUATION;
        rest = after;
    }
}

/// Compresses a message without regard to those before (RFC 7692 §7.2.1).
fn compressed(payload: &[u8]) -> Result<Vec<u8>> {
    let mut compress = Compress::new(Compression::default(), false);
    let mut data = Vec::with_capacity(payload.len() + 64);
    let status = compress.compress_vec(payload, &mut data, FlushCompress::Sync)?;
    anyhow::ensure!(
        status == Status::Ok && data.ends_with(&TAIL),
        "the compressor wants more room than the payload has bytes"
    );
    data.truncate(data.len() - TAIL.len());
    Ok(data)
}
