//! Compression of messages (RFC 7692 §7.2.1), in steps of the caller's size.

use alloc::vec::Vec;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

use super::{TAIL, whole};

/// Compresses what this endpoint sends, message after message.
///
/// Of each message: [`whole`](Self::whole), or [`begin`](Self::begin), then
/// [`deflate`](Self::deflate) for its parts, of any size, then
/// [`finish`](Self::finish).
///
/// It holds 160 KiB plus 4 bytes for each byte of the window (at 15 bits, 288
/// KiB) from the first message on that is carried as a context, comes in parts, or is
/// longer than [`whole::LONGEST_MESSAGE`]. Others take memory for as long as it takes to
/// compress them: see [`whole::deflate`].
pub(crate) struct Deflater {
    level: u8,
    window_bits: u8,
    context_takeover: bool,
    stream: Option<Deflate>,
}

impl Deflater {
    /// Level 1 to 9, LZ77 window bits 8 to 15.
    pub(crate) fn new(level: u8, window_bits: u8, context_takeover: bool) -> Self {
        Self { level, window_bits, context_takeover, stream: None }
    }

    /// Appends a whole message to `output`.
    pub(crate) fn whole(&mut self, message: &[u8], output: &mut Vec<u8>) {
        if self.context_takeover || message.len() > whole::LONGEST_MESSAGE {
            self.begin();
            self.deflate(message, output);
            self.finish(output);
        } else {
            whole::deflate(message, self.level, self.window_bits, output);
        }
    }

    /// Begins a message.
    ///
    /// Where no context is carried, what the last one left is cleared now rather than
    /// behind it: cleared tables are in the processor's cache, and a message looks
    /// into them at random. Between two messages of one connection are those of others.
    pub(crate) fn begin(&mut self) {
        if let (false, Some(stream)) = (self.context_takeover, &mut self.stream)
            && stream.total_in() > 0
        {
            stream.reset();
        }
    }

    /// Takes all of `input`; appends what is ready to `output`, which may be
    /// taken away between calls.
    pub(crate) fn deflate(&mut self, input: &[u8], output: &mut Vec<u8>) {
        let stream = self.stream.get_or_insert_with(|| new_stream(self.level, self.window_bits));
        run(stream, input, output, DeflateFlush::NoFlush);
    }

    /// Ends the message, and appends what is left of it.
    pub(crate) fn finish(&mut self, output: &mut Vec<u8>) {
        let start = output.len();
        if let Some(stream) = &mut self.stream {
            run(stream, &[], output, DeflateFlush::SyncFlush);
        }
        if output.len() == start {
            // RFC 7692 §7.2.3.6: an empty message is an empty stored block without its
            // tail. zlib does not flush twice in a row.
            output.push(0x00);
        } else {
            // RFC 7692 §7.2.1: the flush ends with the tail, which is removed.
            debug_assert!(output[start..].ends_with(&TAIL));
            output.truncate(output.len() - TAIL.len());
        }
    }

    /// Lets go of what it holds, between messages, if no context is carried.
    pub(crate) fn release(&mut self) {
        if !self.context_takeover {
            self.stream = None;
        }
    }
}

/// DEFLATE without zlib's header.
fn new_stream(level: u8, window_bits: u8) -> Deflate {
    Deflate::new_with_config(DeflateConfig {
        level: level.into(),
        // A match never reaches back further than a window less 262 bytes, the most
        // that zlib looks ahead. So 9 bits make 250 bytes, and keep to the 256 bytes
        // of 8 bits, which zlib does not have. The tests measure the distances.
        window_bits: -i32::from(window_bits.max(9)),
        // Blocks of 2^12 symbols. Against zlib's default, 2^14, the output is 1 %
        // longer at most (measured on JSON and source text), and 84 KiB are saved.
        mem_level: 6,
        ..DeflateConfig::default()
    })
}

/// Compresses all of `input`, and flushes as told.
fn run(stream: &mut Deflate, mut input: &[u8], output: &mut Vec<u8>, flush: DeflateFlush) {
    loop {
        let start = output.len();
        let room = input.len().max(1 << 10);
        output.resize(start + room, 0);
        let (total_in, total_out) = (stream.total_in(), stream.total_out());
        let Ok(_) = stream.compress(input, &mut output[start..], flush) else {
            // Only a stream that was ended refuses input, and none is ever ended.
            unreachable!("a stream that was not ended takes input");
        };
        // Below the slices' lengths, so that nothing is lost.
        let consumed = usize::try_from(stream.total_in() - total_in).unwrap_or(input.len());
        let written = usize::try_from(stream.total_out() - total_out).unwrap_or(room);
        input = &input[consumed..];
        output.truncate(start + written);
        // Room that was left over means that nothing is left to be written.
        if written < room {
            return;
        }
    }
}
