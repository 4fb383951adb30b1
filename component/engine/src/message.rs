//! The receive half: bytes to frames, frames to messages (§5.4, §6.2).
//!
//! A message that lies whole in the bytes at hand is lent from them, unmasked in
//! place. Any other is joined in a buffer that grows with what has come, never
//! with what a header announces. A compressed one is inflated into that buffer, in
//! steps, so that a few bytes that inflate to many do not keep the thread.

mod arriving;
#[cfg(test)]
mod tests;
mod unfinished;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::mem;

use crate::application::MessageKind;
use crate::close::CloseFrame;
use crate::deflate::{Inflater, Progress};
use crate::error::{Failure, LimitError, ProtocolError};
use crate::event::AgreedCompression;
use crate::frame::{CONTROL_PAYLOAD, Expected, FrameHeader, HEADER_BYTES, Opcode};
use crate::options::Limits;
use crate::role::Role;
use crate::utf8::{self, NotUtf8};
use arriving::{ArrivingFrame, take};
use unfinished::Unfinished;

/// What the peer sent: a whole message, or a control frame; or less than that.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received<'a> {
    Message(MessageKind, Cow<'a, [u8]>),
    Ping(Cow<'a, [u8]>),
    Pong(Cow<'a, [u8]>),
    Close(Option<CloseFrame>),
    /// This many bytes of a message were inflated, and the budget is used up.
    /// More comes from the same input.
    Inflated(u64),
}

/// Parses the frames of one peer.
pub(crate) struct Receiver {
    sender: Role,
    limits: Limits,
    /// The front of a header whose rest has yet to come.
    header: [u8; HEADER_BYTES],
    header_len: usize,
    /// The frame whose payload is under way.
    frame: Option<ArrivingFrame>,
    /// The message whose final frame is not complete.
    message: Option<Unfinished>,
    /// The front of a control frame's payload.
    control: Vec<u8>,
    /// With an agreed permessage-deflate.
    inflater: Option<Inflater>,
}

impl Receiver {
    /// A receiver of what `sender` sends.
    pub(crate) fn new(
        sender: Role,
        limits: &Limits,
        compression: Option<&AgreedCompression>,
    ) -> Self {
        let inflater = compression.map(|agreed| {
            Inflater::new(match sender {
                Role::Client => agreed.client_context_takeover,
                Role::Server => agreed.server_context_takeover,
            })
        });
        Self {
            sender,
            limits: limits.clone(),
            header: [0; HEADER_BYTES],
            header_len: 0,
            frame: None,
            message: None,
            control: Vec::new(),
            inflater,
        }
    }

    /// Whether a call without new input would find more.
    pub(crate) fn is_inflating(&self) -> bool {
        self.frame.as_ref().is_some_and(ArrivingFrame::is_complete)
    }

    /// Takes bytes from the front of `input` up to the end of the next message
    /// or control frame, but inflates at most `budget` bytes. `None` when all of
    /// `input` is taken without one. An error is final.
    pub(crate) fn receive<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        budget: usize,
    ) -> Result<Option<Received<'a>>, Failure> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.receive_header(input)? {
                    Some(header) => ArrivingFrame::new(header),
                    None => return Ok(None),
                },
            };
            let here = frame.unmask(input);
            let received = if frame.header.opcode.is_control() {
                let payload = frame.take(input, here);
                self.receive_control(&frame, payload)?
            } else if self.is_compressed(&frame.header) {
                self.inflate(&mut frame, input, here, budget)?
            } else {
                let payload = frame.take(input, here);
                self.receive_data(&frame, payload)?
            };
            let unfinished = !frame.is_complete();
            if unfinished || matches!(received, Some(Received::Inflated(_))) {
                self.frame = Some(frame);
            }
            if unfinished || received.is_some() {
                return Ok(received);
            }
        }
    }

    fn receive_header(&mut self, input: &mut &mut [u8]) -> Result<Option<FrameHeader>, Failure> {
        let expected = Expected {
            masked: self.sender.masks(),
            compression: self.inflater.is_some(),
            in_message: self.message.is_some(),
        };
        let known = self.header_len;
        let decoded = if known == 0 {
            FrameHeader::decode(input, expected)?
        } else {
            let more = input.len().min(HEADER_BYTES - known);
            self.header[known..known + more].copy_from_slice(&input[..more]);
            FrameHeader::decode(&self.header[..known + more], expected)?
        };
        let Some((header, len)) = decoded else {
            // An undecided header is shorter than the longest, so all fits.
            let more = input.len();
            self.header[known..known + more].copy_from_slice(take(input, more));
            self.header_len += more;
            return Ok(None);
        };
        take(input, len - known);
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
                message.payload.len() as u64
            }
        };
        let total = before.saturating_add(header.payload_len);
        // What a compressed payload inflates to is limited when it inflates.
        if !compressed && total > self.limits.message_bytes {
            return Err(LimitError::MessageBytes(total));
        }
        Ok(())
    }

    fn receive_control<'a>(
        &mut self,
        frame: &ArrivingFrame,
        payload: &'a mut [u8],
    ) -> Result<Option<Received<'a>>, Failure> {
        let whole = payload.len() as u64 == frame.header.payload_len;
        if !whole {
            self.control.reserve_exact(CONTROL_PAYLOAD);
            self.control.extend_from_slice(payload);
        }
        if !frame.is_complete() {
            return Ok(None);
        }
        let payload =
            if whole { Cow::Borrowed(&*payload) } else { Cow::Owned(mem::take(&mut self.control)) };
        Ok(match frame.header.opcode {
            Opcode::Ping => Some(Received::Ping(payload)),
            Opcode::Pong => Some(Received::Pong(payload)),
            Opcode::Close => Some(Received::Close(CloseFrame::parse(&payload)?)),
            Opcode::Continuation | Opcode::Text | Opcode::Binary => None,
        })
    }

    fn receive_data<'a>(
        &mut self,
        frame: &ArrivingFrame,
        payload: &'a mut [u8],
    ) -> Result<Option<Received<'a>>, Failure> {
        if self.message.is_none() && frame.ends_message() {
            let kind = frame.kind();
            if kind == MessageKind::Text {
                // §8.1: text is UTF-8.
                utf8::validate(payload)?;
            }
            return Ok(Some(Received::Message(kind, Cow::Borrowed(payload))));
        }
        let message = self.message.get_or_insert_with(|| Unfinished::new(frame));
        message.append(payload, frame.missing())?;
        self.finish_message(frame)
    }

    /// RFC 7692 §7.2.2: inflates the first `here` bytes of the input, or as many
    /// as the budget allows.
    fn inflate<'a>(
        &mut self,
        frame: &mut ArrivingFrame,
        input: &mut &mut [u8],
        here: usize,
        budget: usize,
    ) -> Result<Option<Received<'a>>, Failure> {
        let message = self.message.get_or_insert_with(|| Unfinished::new(frame));
        let Some(inflater) = &mut self.inflater else { return Ok(None) };
        let before = message.payload.len();
        let mut deflated: &[u8] = &input[..here];
        let limit = self.limits.message_bytes;
        let progress = inflater.inflate(&mut deflated, &mut message.payload, limit, budget)?;
        let left = deflated.len();
        frame.take(input, here - left);
        message.validate(before)?;
        if progress == Progress::Pending {
            return Ok(Some(Received::Inflated((message.payload.len() - before) as u64)));
        }
        if frame.ends_message() {
            inflater.finish()?;
        }
        self.finish_message(frame)
    }

    fn is_compressed(&self, header: &FrameHeader) -> bool {
        // RFC 7692 §6: the initial frame speaks for its whole message.
        match (header.opcode, &self.message) {
            (Opcode::Continuation, Some(message)) => message.compressed,
            _ => header.compressed,
        }
    }

    fn finish_message<'a>(
        &mut self,
        frame: &ArrivingFrame,
    ) -> Result<Option<Received<'a>>, Failure> {
        match self.message.take_if(|_| frame.ends_message()) {
            None => Ok(None),
            Some(message) => {
                Ok(Some(Received::Message(message.kind, Cow::Owned(message.finish()?))))
            }
        }
    }
}

impl From<NotUtf8> for Failure {
    fn from(NotUtf8: NotUtf8) -> Self {
        Self::Protocol(ProtocolError::MessageUtf8)
    }
}
