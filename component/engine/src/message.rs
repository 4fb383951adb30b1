//! The receive half: bytes to frames, frames to messages (§5.4, §6.2).
//!
//! A message that lies whole in the bytes at hand is lent from them, unmasked in
//! place. Any other is joined in a buffer that grows with what has come, never
//! with what a header announces. A compressed one is inflated into that buffer, in
//! steps, so that a few bytes that inflate to many do not keep the thread.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::mem;

use crate::application::MessageKind;
use crate::close::CloseFrame;
use crate::deflate::{Inflater, Progress};
use crate::error::{Failure, LimitError, ProtocolError};
use crate::event::AgreedCompression;
use crate::frame::{CONTROL_PAYLOAD, Expected, FrameHeader, HEADER_BYTES, Opcode};
use crate::mask::apply_mask;
use crate::options::Limits;
use crate::role::Role;
use crate::utf8::{self, NotUtf8, Utf8Validator};

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
    frame: Option<Frame>,
    /// The message whose final frame is not complete.
    message: Option<Unfinished>,
    /// The front of a control frame's payload.
    control: Vec<u8>,
    /// With an agreed permessage-deflate.
    inflater: Option<Inflater>,
}

struct Frame {
    header: FrameHeader,
    /// How much of the payload was taken from the input.
    received: u64,
    /// How much of it was unmasked: more, where inflating has yet to follow.
    unmasked: u64,
}

struct Unfinished {
    kind: MessageKind,
    /// RSV1 of the initial frame (RFC 7692 §6).
    compressed: bool,
    payload: Vec<u8>,
    utf8: Utf8Validator,
    fragments: u32,
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
        self.frame.as_ref().is_some_and(|frame| frame.received == frame.header.payload_len)
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
                    Some(header) => Frame { header, received: 0, unmasked: 0 },
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
        frame: &Frame,
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
        frame: &Frame,
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
        message.append(payload, frame.header.payload_len - frame.received)?;
        self.finish_message(frame)
    }

    /// RFC 7692 §7.2.2: inflates the first `here` bytes of the input, or as many
    /// as the budget allows.
    fn inflate<'a>(
        &mut self,
        frame: &mut Frame,
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

    fn finish_message<'a>(&mut self, frame: &Frame) -> Result<Option<Received<'a>>, Failure> {
        match self.message.take_if(|_| frame.ends_message()) {
            None => Ok(None),
            Some(message) => {
                Ok(Some(Received::Message(message.kind, Cow::Owned(message.finish()?))))
            }
        }
    }
}

impl Frame {
    /// Unmasks what is here of the payload, at the front of `input`, and tells
    /// how much that is.
    fn unmask(&mut self, input: &mut [u8]) -> usize {
        let missing = self.header.payload_len - self.received;
        let here = usize::try_from(missing).map_or(input.len(), |n| n.min(input.len()));
        let ahead = usize::try_from(self.unmasked - self.received).unwrap_or(here).min(here);
        if let Some(key) = self.header.masking_key {
            apply_mask(&mut input[ahead..here], key, self.received + ahead as u64);
        }
        self.unmasked = self.received + here as u64;
        here
    }

    /// Takes `n` bytes of payload off `input`.
    fn take<'a>(&mut self, input: &mut &'a mut [u8], n: usize) -> &'a mut [u8] {
        self.received += n as u64;
        take(input, n)
    }

    fn is_complete(&self) -> bool {
        self.received == self.header.payload_len
    }

    fn ends_message(&self) -> bool {
        self.header.fin && self.is_complete()
    }

    fn kind(&self) -> MessageKind {
        match self.header.opcode {
            Opcode::Text => MessageKind::Text,
            _ => MessageKind::Binary,
        }
    }
}

impl Unfinished {
    /// The first room made, so that small fragments do not grow it one by one.
    const FIRST_ROOM: usize = 1024;

    /// The message that a frame begins.
    fn new(initial: &Frame) -> Self {
        Self {
            kind: initial.kind(),
            compressed: initial.header.compressed,
            payload: Vec::new(),
            utf8: Utf8Validator::default(),
            fragments: 1,
        }
    }

    /// Appends what came of a frame that still misses `missing` bytes.
    fn append(&mut self, stretch: &[u8], missing: u64) -> Result<(), NotUtf8> {
        let room = self.payload.capacity() - self.payload.len();
        if stretch.len() > room {
            // Room grows by doubling what has come, but not past what the frame
            // announces: a header alone reserves nothing.
            let wanted = usize::try_from(missing).unwrap_or(usize::MAX);
            let doubled = self.payload.len().max(Self::FIRST_ROOM);
            self.payload.reserve_exact(stretch.len().saturating_add(wanted.min(doubled)));
        }
        let before = self.payload.len();
        self.payload.extend_from_slice(stretch);
        self.validate(before)
    }

    /// §8.1, and fail fast: the first impossible byte is not outlived.
    fn validate(&mut self, from: usize) -> Result<(), NotUtf8> {
        match self.kind {
            MessageKind::Text => self.utf8.push(&self.payload[from..]),
            MessageKind::Binary => Ok(()),
        }
    }

    fn finish(self) -> Result<Vec<u8>, NotUtf8> {
        if self.kind == MessageKind::Text {
            self.utf8.finish()?;
        }
        Ok(self.payload)
    }
}

/// Takes the first `n` bytes off `input`.
fn take<'a>(input: &mut &'a mut [u8], n: usize) -> &'a mut [u8] {
    let (taken, rest) = mem::take(input).split_at_mut(n);
    *input = rest;
    taken
}

impl From<NotUtf8> for Failure {
    fn from(NotUtf8: NotUtf8) -> Self {
        Self::Protocol(ProtocolError::MessageUtf8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{self, FIN};

    fn limits() -> Limits {
        Limits { frame_bytes: 64, message_bytes: 100, fragment_count: 4, ..Limits::default() }
    }

    fn receive(receiver: &mut Receiver, bytes: &[u8]) -> Result<Vec<Received<'static>>, Failure> {
        let mut bytes = bytes.to_vec();
        let mut input = &mut bytes[..];
        let mut all = Vec::new();
        while let Some(received) = receiver.receive(&mut input, 1 << 16)? {
            all.push(match received {
                Received::Message(kind, payload) => {
                    Received::Message(kind, payload.into_owned().into())
                }
                Received::Ping(data) => Received::Ping(data.into_owned().into()),
                Received::Pong(data) => Received::Pong(data.into_owned().into()),
                Received::Close(frame) => Received::Close(frame),
                Received::Inflated(bytes) => Received::Inflated(bytes),
            });
        }
        assert!(input.is_empty());
        Ok(all)
    }

    fn from_server() -> Receiver {
        Receiver::new(Role::Server, &limits(), None)
    }

    #[test]
    fn fragments_are_joined_around_control_frames() {
        let all = receive(&mut from_server(), b"\x01\x02He\x89\x01!\x00\x01l\x80\x02lo").unwrap();
        let text = Received::Message(MessageKind::Text, b"Hello".into());
        assert_eq!(all, [Received::Ping(b"!".into()), text]);
    }

    #[test]
    fn an_impossible_byte_fails_inside_an_unfinished_frame() {
        let mut receiver = from_server();
        assert_eq!(receive(&mut receiver, b"\x81\x09a\xf0\x90").unwrap(), []);
        let failure = receive(&mut receiver, b"\x28").unwrap_err();
        assert_eq!(failure, ProtocolError::MessageUtf8.into());
    }

    #[test]
    fn limits_apply_before_the_payload() {
        let limit = |bytes: &[u8]| receive(&mut from_server(), bytes).unwrap_err();
        assert_eq!(limit(b"\x82\x41"), LimitError::FrameBytes(65).into());
        let mut bytes = Vec::from(b"\x02\x40");
        bytes.extend([0; 64]);
        bytes.extend(b"\x80\x25");
        assert_eq!(limit(&bytes), LimitError::MessageBytes(101).into());
        assert_eq!(limit(b"\x02\0\0\0\0\0\0\0\0\0"), LimitError::FragmentCount(5).into());
        assert!(receive(&mut from_server(), b"\x82\x40").is_ok());
    }

    #[test]
    fn room_grows_with_what_has_come_not_with_what_is_announced() {
        let limits = Limits { message_bytes: 1 << 30, frame_bytes: 1 << 30, ..limits() };
        let mut receiver = Receiver::new(Role::Server, &limits, None);
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, FIN | Opcode::Binary as u8, 1 << 30, None);
        bytes.extend([0; 100]);
        receive(&mut receiver, &bytes).unwrap();
        let capacity = receiver.message.unwrap().payload.capacity();
        assert!(capacity <= 100 + Unfinished::FIRST_ROOM, "{capacity}");
    }
}
