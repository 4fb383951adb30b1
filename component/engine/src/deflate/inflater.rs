//! Decompression of messages (RFC 7692 §7.2.2), in steps of bounded size.

use alloc::vec::Vec;

use zlib_rs::{Inflate, InflateFlush, Status};

use super::{TAIL, inflate_whole};
use crate::error::{Failure, LimitError, ProtocolError};
use crate::growth;

/// Decompresses what the peer sends, message after message.
///
/// Of each message: [`whole`](Self::whole) if it is of one frame, which may do; or
/// else [`inflate`](Self::inflate) for the payload of every frame, until it is complete,
/// then [`finish`](Self::finish). After an error the connection has failed, and with it
/// the inflater.
///
/// It holds about 48 KiB from the first message on for which `whole` did not do. The
/// window is always DEFLATE's largest, so that it does for all agreed window bits.
pub(crate) struct Inflater {
    context_takeover: bool,
    stream: Option<Inflate>,
    /// `total_in` of `stream` where the message began, or where a final block
    /// let a stream begin inside it.
    stream_start: u64,
}

/// How far the input came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// All input is consumed, and all that it holds is in the output.
    Complete,
    /// The budget is used up: call again, with what is left of the input (maybe
    /// nothing), before anything else.
    Pending,
}

impl Inflater {
    /// Room that is made first, where the input is short. Room has to be cleared,
    /// so it must not be much for little input.
    const FIRST_STEP: usize = 1 << 10;

    pub(crate) fn new(context_takeover: bool) -> Self {
        Self { context_takeover, stream: None, stream_start: 0 }
    }

    /// Decompresses a whole message into `output`, which is empty, if no context is
    /// carried and the message is a usual one: of `budget` bytes and of `limit` at most,
    /// and whatever else [`inflate_whole`] asks for. Otherwise nothing has changed.
    pub(crate) fn whole(
        &mut self,
        payload: &[u8],
        output: &mut Vec<u8>,
        limit: u64,
        budget: usize,
    ) -> bool {
        let most = usize::try_from(limit).map_or(budget, |limit| limit.min(budget));
        !self.context_takeover && inflate_whole::inflate(payload, output, most).is_some()
    }

    /// Consumes from the front of `input` and appends to the message `output`,
    /// at most `budget` bytes in one call, which is at least 1.
    ///
    /// Fails on what is not DEFLATE, and once the message has more than `limit`
    /// bytes. `output` never has room for more than one byte above the limit. It
    /// grows with what came: see [`growth`], plus 4 bytes for each byte of input,
    /// or 1 KiB. After an error it has what came before what is wrong.
    pub(crate) fn inflate(
        &mut self,
        input: &mut &[u8],
        output: &mut Vec<u8>,
        limit: u64,
        budget: usize,
    ) -> Result<Progress, Failure> {
        let stream = self.stream.get_or_insert_with(new_stream);
        let within_limit = usize::try_from(limit.saturating_add(1)).unwrap_or(usize::MAX);
        let end = output.len().saturating_add(budget).min(within_limit);
        let mut step = Self::FIRST_STEP.max(input.len().saturating_mul(4));
        // What is behind is cleared room.
        let mut filled = output.len();
        loop {
            if filled == output.len() {
                let room = step.min(end.saturating_sub(filled));
                if room == 0 {
                    return within(limit, filled).map(|()| Progress::Pending);
                }
                growth::reserve(output, room, within_limit);
                output.resize(filled + room, 0);
                step = step.saturating_mul(2);
            }
            let (status, consumed, written) =
                run(stream, input, &mut output[filled..], InflateFlush::NoFlush);
            *input = &input[consumed..];
            filled += written;
            // Before the status: in what chunks the bytes come is not to decide which of the
            // two is found.
            let status = within(limit, filled).and(status.map_err(Failure::from));
            if status.is_err() {
                output.truncate(filled);
            }
            if status? == Status::StreamEnd {
                // RFC 7692 §7.2.3.4: a final block ends a stream, not the message. That what
                // follows knows no context is a choice: compressors restart there, too.
                stream.reset(false);
                self.stream_start = 0;
            } else if filled < output.len() {
                output.truncate(filled);
                return Ok(Progress::Complete);
            }
        }
    }

    /// Ends the message. RFC 7692 §7.2.2: what the sender removed is put back.
    ///
    /// Fails if that does not end a block, as the message was cut short then. A
    /// stream that got no byte is complete without it: some senders have nothing
    /// left of an empty message, or end with a final block and nothing behind it.
    pub(crate) fn finish(&mut self) -> Result<(), ProtocolError> {
        if let Some(stream) = &mut self.stream
            && stream.total_in() > self.stream_start
        {
            // `Block` makes the stream stop behind a block: the byte behind the tail is
            // left alone if and only if the tail ends one. The tail holds no data.
            let [a, b, c, d] = TAIL;
            let (status, consumed, written) =
                run(stream, &[a, b, c, d, 0x00], &mut [0], InflateFlush::Block);
            status?;
            if consumed != TAIL.len() || written != 0 {
                return Err(ProtocolError::CompressedData);
            }
        }
        if let (false, Some(stream)) = (self.context_takeover, &mut self.stream) {
            stream.reset(false);
        }
        self.stream_start = self.stream.as_ref().map_or(0, Inflate::total_in);
        Ok(())
    }

    /// Lets go of what it holds, between messages, if no context is carried.
    pub(crate) fn release(&mut self) {
        if !self.context_takeover {
            self.stream = None;
            self.stream_start = 0;
        }
    }
}

/// Fails if a message is longer than the limit.
fn within(limit: u64, len: usize) -> Result<(), Failure> {
    if len as u64 > limit { Err(LimitError::MessageBytes(len as u64).into()) } else { Ok(()) }
}

/// DEFLATE without zlib's header, largest window.
// Not inlined: it is made on the stack, 5 KiB that connections that never
// inflate would keep.
#[inline(never)]
fn new_stream() -> Inflate {
    Inflate::new(false, 15)
}

/// One step: status, bytes consumed, bytes written; these also before an error.
fn run(
    stream: &mut Inflate,
    input: &[u8],
    output: &mut [u8],
    flush: InflateFlush,
) -> (Result<Status, ProtocolError>, usize, usize) {
    let (total_in, total_out) = (stream.total_in(), stream.total_out());
    let status = stream.decompress(input, output, flush).map_err(|_| ProtocolError::CompressedData);
    // Below the slices' lengths, so that nothing is lost.
    let consumed = usize::try_from(stream.total_in() - total_in).unwrap_or(input.len());
    let written = usize::try_from(stream.total_out() - total_out).unwrap_or(output.len());
    (status, consumed, written)
}
