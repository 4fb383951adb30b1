//! The receive half: bytes to frames, frames to messages (§5.4, §6.2).
//!
//! A message that lies whole in the bytes at hand is lent from them. Any other is
//! joined in a buffer that grows with what has come, never with what a header
//! announces. A compressed one is inflated into that buffer, in steps, so that a
//! few bytes that inflate to many do not keep the thread.

mod arriving;
mod headers;
mod short_cuts;
#[cfg(test)]
mod tests;
mod unfinished;

use alloc::vec::Vec;
use core::mem;

use crate::application::MessageKind;
use crate::close::CloseFrame;
use crate::deflate::{Inflater, Progress};
use crate::error::{Failure, ProtocolError};
use crate::event::AgreedCompression;
use crate::frame::{self, FrameHeader, HEADER_BYTES, Opcode};
use crate::mask::MaskingKey;
use crate::options::Limits;
use crate::payload::Payload;
use crate::receive_buffer::ReceiveBuffer;
use crate::role::Role;
use crate::utf8::{self, NotUtf8};
use arriving::ArrivingFrame;
use unfinished::Unfinished;

/// What the peer sent: a whole message, or a control frame; or less than that.
#[derive(Debug)]
pub(crate) enum Received<'a> {
    Message(MessageKind, Payload<'a>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
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
        self.frame.as_ref().is_some_and(|frame| frame.inflating)
    }

    /// Lets go of memory that is of use to a busy connection only.
    pub(crate) fn release(&mut self) {
        if let (None, Some(inflater)) = (&self.message, &mut self.inflater) {
            inflater.release();
        }
    }

    /// Lets go of all that is unfinished: nothing is to be received any more.
    pub(crate) fn give_up(&mut self) {
        self.frame = None;
        self.message = None;
        self.control = Vec::new();
        self.inflater = None;
    }

    #[cfg(test)]
    pub(crate) fn is_holding(&self) -> bool {
        self.frame.is_some() || self.message.is_some() || self.inflater.is_some()
    }

    /// Takes bytes from the front of `input` up to the end of the next message
    /// or control frame, but inflates at most `budget` bytes. `None` when all of
    /// `input` is taken without one. An error is final.
    pub(crate) fn receive<'a>(
        &mut self,
        input: &'a mut ReceiveBuffer,
        budget: usize,
    ) -> Result<Option<Received<'a>>, Failure> {
        loop {
            let mut frame = if let Some(frame) = self.frame.take() {
                frame
            } else {
                self.join_whole(input)?;
                let Some(header) = self.receive_header(input)? else { return Ok(None) };
                ArrivingFrame::new(header)
            };
            if frame.here(input) == 0 && !frame.is_complete() && !frame.inflating {
                self.frame = Some(frame);
                return Ok(None);
            }
            let compressed = self.is_compressed(&frame.header);
            if let Some(len) = frame.whole(input)
                && frame.is_message()
                && !compressed
            {
                let FrameHeader { opcode, masking_key, .. } = frame.header;
                let (kind, payload) = lend(opcode, masking_key, input, len)?;
                return Ok(Some(Received::Message(kind, payload)));
            }
            let received = if frame.header.opcode.is_control() {
                let here = frame.unmask(input);
                let payload = frame.take(input, here);
                self.receive_control(&frame, payload)?
            } else if compressed {
                self.inflate(&mut frame, input, budget)?
            } else {
                let message = self.message.get_or_insert_with(|| Unfinished::new(&frame));
                let here = frame.here(input);
                message.append(&mut frame, input, here, self.limits.message_bytes)?;
                self.finish_message(&frame)?
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

    fn receive_control(
        &mut self,
        frame: &ArrivingFrame,
        payload: &[u8],
    ) -> Result<Option<Received<'static>>, Failure> {
        if self.control.is_empty() && !payload.is_empty() {
            // To the byte: it becomes an event as it is.
            self.control.reserve_exact(payload.len());
        }
        self.control.extend_from_slice(payload);
        if !frame.is_complete() {
            return Ok(None);
        }
        let application_data = mem::take(&mut self.control);
        Ok(match frame.header.opcode {
            Opcode::Ping => Some(Received::Ping(application_data)),
            Opcode::Pong => Some(Received::Pong(application_data)),
            Opcode::Close => Some(Received::Close(CloseFrame::parse(&application_data)?)),
            Opcode::Continuation | Opcode::Text | Opcode::Binary => None,
        })
    }

    /// RFC 7692 §7.2.2: inflates what is here of the payload, or as much of it
    /// as the budget allows.
    fn inflate(
        &mut self,
        frame: &mut ArrivingFrame,
        input: &mut ReceiveBuffer,
        budget: usize,
    ) -> Result<Option<Received<'static>>, Failure> {
        let is_whole = frame.is_message() && frame.whole(input).is_some() && !frame.inflating;
        let here = frame.unmask(input);
        let message = self.message.get_or_insert_with(|| Unfinished::new(frame));
        let Some(inflater) = &mut self.inflater else { return Ok(None) };
        let before = message.len();
        let mut deflated = &input.rest()[..here];
        let limit = self.limits.message_bytes;
        if is_whole && inflater.whole(deflated, message.inflated(), limit, budget) {
            frame.take(input, here);
            message.validate(before)?;
            return self.finish_message(frame);
        }
        let progress = inflater.inflate(&mut deflated, message.inflated(), limit, budget);
        let left = deflated.len();
        frame.take(input, here - left);
        // §8.1: before what is wrong behind it, as if each byte came by itself.
        message.validate(before)?;
        frame.inflating = progress? == Progress::Pending;
        if frame.inflating {
            return Ok(Some(Received::Inflated((message.len() - before) as u64)));
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

    fn finish_message(
        &mut self,
        frame: &ArrivingFrame,
    ) -> Result<Option<Received<'static>>, Failure> {
        match self.message.take_if(|_| frame.ends_message()) {
            None => Ok(None),
            Some(message) => Ok(Some(Received::Message(message.kind, message.finish()?))),
        }
    }
}

/// A message of one frame, all of which is here.
#[inline]
fn lend(
    opcode: Opcode,
    masking_key: Option<MaskingKey>,
    input: &mut ReceiveBuffer,
    len: usize,
) -> Result<(MessageKind, Payload<'_>), NotUtf8> {
    let payload = match masking_key {
        Some(key) => input.take_payload(len, key, frame::header_len(len, false)),
        // Its answer would be longer, by a masking key.
        None => Payload::lent(input.take(len), 0),
    };
    let kind = kind(opcode);
    if kind == MessageKind::Text {
        // §8.1: text is UTF-8.
        utf8::validate(payload.as_slice())?;
    }
    Ok((kind, payload))
}

/// The kind of message that a frame with this opcode begins.
fn kind(opcode: Opcode) -> MessageKind {
    match opcode {
        Opcode::Text => MessageKind::Text,
        _ => MessageKind::Binary,
    }
}

impl From<NotUtf8> for Failure {
    fn from(NotUtf8: NotUtf8) -> Self {
        Self::Protocol(ProtocolError::MessageUtf8)
    }
}
