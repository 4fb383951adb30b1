//! The next frame's header, judged by the rules of framing and by the limits.

use super::Receiver;
use crate::error::{Failure, LimitError};
use crate::frame::{Expected, FrameHeader, HEADER_BYTES};
use crate::receive_buffer::ReceiveBuffer;

impl Receiver {
    /// Takes the next header; `None` when all of `input` is taken without one.
    pub(super) fn receive_header(
        &mut self,
        input: &mut ReceiveBuffer,
    ) -> Result<Option<FrameHeader>, Failure> {
        let expected = Expected {
            masked: self.sender.masks(),
            compression: self.inflater.is_some(),
            in_message: self.message.is_some(),
        };
        let known = self.header_len;
        let rest = input.rest();
        let decoded = if known == 0 {
            FrameHeader::decode(rest, expected)?
        } else {
            let more = rest.len().min(HEADER_BYTES - known);
            self.header[known..known + more].copy_from_slice(&rest[..more]);
            FrameHeader::decode(&self.header[..known + more], expected)?
        };
        let Some((header, len)) = decoded else {
            // An undecided header is shorter than the longest, so all fits.
            let more = rest.len();
            self.header[known..known + more].copy_from_slice(rest);
            self.header_len += more;
            input.discard();
            return Ok(None);
        };
        input.take(len - known);
        self.header_len = 0;
        self.check_limits(&header)?;
        Ok(Some(header))
    }

    /// §10.4: limits against a peer that would exhaust this endpoint, applied
    /// before the first byte of the payload.
    fn check_limits(&mut self, header: &FrameHeader) -> Result<(), LimitError> {
        if header.opcode.is_control() {
            return Ok(());
        }
        if header.payload_len > self.limits.frame_bytes {
            return Err(LimitError::FrameBytes(header.payload_len));
        }
        let compressed = self.is_compressed(header);
        let before = match &mut self.message {
            None => 0,
            Some(message) => {
                message.fragments = message.fragments.saturating_add(1);
                if message.fragments > self.limits.fragment_count {
                    return Err(LimitError::FragmentCount(message.fragments));
                }
                message.len() as u64
            }
        };
        let total = before.saturating_add(header.payload_len);
        // What a compressed payload inflates to is limited when it inflates.
        if !compressed && total > self.limits.message_bytes {
            return Err(LimitError::MessageBytes(total));
        }
        Ok(())
    }
}
