//! Short cuts past [`Receiver::receive`] for what most frames are: a client's,
//! uncompressed, of less than 64 KiB, and all here.
//!
//! `receive` would make the same of them. But it deals with everything, and a
//! guest's compiler runs out of registers in it.

use super::{Receiver, lend};
use crate::application::MessageKind;
use crate::error::Failure;
use crate::frame::{FIN, Opcode, ShortHeader};
use crate::payload::Payload;
use crate::receive_buffer::ReceiveBuffer;

const TEXT: u8 = FIN | Opcode::Text as u8;
const BINARY: u8 = FIN | Opcode::Binary as u8;
/// Neither the initial frame of a message nor its final one (§5.4).
const MIDDLE: u8 = Opcode::Continuation as u8;

impl Receiver {
    /// Takes the next message if it is by itself in such a frame. `None` for
    /// anything else, of which nothing is taken.
    #[inline]
    pub(crate) fn receive_whole<'a>(
        &mut self,
        input: &'a mut ReceiveBuffer,
    ) -> Result<Option<(MessageKind, Payload<'a>)>, Failure> {
        if !self.is_between_frames() || self.message.is_some() || !self.sender.masks() {
            return Ok(None);
        }
        let Some(header) = ShortHeader::decode(input.rest()) else { return Ok(None) };
        let opcode = match header.first {
            TEXT => Opcode::Text,
            BINARY => Opcode::Binary,
            _ => return Ok(None),
        };
        let most = self.limits.frame_bytes.min(self.limits.message_bytes);
        if !is_here(&header, input) || header.payload_len as u64 > most {
            return Ok(None);
        }
        input.take(header.len);
        Ok(Some(lend(opcode, Some(header.masking_key), input, header.payload_len)?))
    }

    /// Takes such frames of an unfinished message for as long as there are any. Its
    /// final frame is not among them, nor any that goes beyond a limit.
    // Not inlined: see above.
    #[inline(never)]
    pub(super) fn join_whole(&mut self, input: &mut ReceiveBuffer) -> Result<(), Failure> {
        if !self.is_between_frames() || !self.sender.masks() {
            return Ok(());
        }
        let Some(message) = self.message.as_mut().filter(|message| !message.compressed) else {
            return Ok(());
        };
        while let Some(header) = ShortHeader::decode(input.rest()) {
            let most = self.limits.message_bytes.saturating_sub(message.len() as u64);
            let most = most.min(self.limits.frame_bytes);
            if header.first != MIDDLE
                || !is_here(&header, input)
                || header.payload_len as u64 > most
                || message.fragments >= self.limits.fragment_count
            {
                return Ok(());
            }
            message.fragments += 1;
            input.take(header.len);
            let payload = input.take(header.payload_len);
            message.join(payload, Some(header.masking_key), 0, self.limits.message_bytes)?;
        }
        Ok(())
    }

    /// Whether the next byte is the first one of a frame.
    fn is_between_frames(&self) -> bool {
        self.header_len == 0 && self.frame.is_none()
    }
}

/// Whether all of a frame is at the front of the input.
fn is_here(header: &ShortHeader, input: &ReceiveBuffer) -> bool {
    header.payload_len <= input.rest().len() - header.len
}
