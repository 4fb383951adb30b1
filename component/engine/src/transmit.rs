//! The send half: messages and control frames to bytes for the peer (§6.1).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use crate::application::{MessageKind, MessageRef};
use crate::close::CloseFrame;
use crate::compressor::{Compressed, Compressor};
use crate::deflate::Deflater;
use crate::entropy::Keys;
use crate::event::AgreedCompression;
use crate::frame::{self, FIN, Opcode};
use crate::mask::apply_mask;
use crate::options::Compression;
use crate::payload::{Framed, Payload};
use crate::role::Role;

/// Collects the bytes for one peer.
pub(crate) struct Transmitter {
    bytes: Vec<u8>,
    /// Masking keys, in the role that masks (§5.1).
    keys: Option<Box<Keys>>,
    /// Pongs among `bytes`, and how many there may be.
    pongs: u32,
    queued_pongs: u32,
    /// The application data of the newest Ping beyond those.
    unanswered: Option<Vec<u8>>,
    /// The message that is being delivered is to be sent back as it is, before
    /// `bytes`, which held nothing yet.
    echoes: bool,
    /// With an agreed permessage-deflate.
    compressor: Option<Compressor>,
}

impl Transmitter {
    pub(crate) fn new(keys: Option<Box<Keys>>, queued_pongs: u32) -> Self {
        Self {
            bytes: Vec::new(),
            keys,
            pongs: 0,
            queued_pongs,
            unanswered: None,
            echoes: false,
            compressor: None,
        }
    }

    /// Compresses messages from here on, as `role` agreed to.
    pub(crate) fn compress(
        &mut self,
        role: Role,
        options: &Compression,
        agreed: AgreedCompression,
    ) {
        let (window_bits, context_takeover) = match role {
            Role::Client => (agreed.client_window_bits, agreed.client_context_takeover),
            Role::Server => (agreed.server_window_bits, agreed.server_context_takeover),
        };
        let deflater = Deflater::new(options.level, window_bits, context_takeover);
        let threshold = usize::try_from(options.threshold).unwrap_or(usize::MAX);
        self.compressor = Some(Compressor::new(deflater, threshold));
    }

    /// How many bytes wait to be taken.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes all bytes. They end at the end of a frame or head.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        if let Some(application_data) = self.unanswered.take() {
            self.control(Opcode::Pong, &application_data);
        }
        self.pongs = 0;
        mem::take(&mut self.bytes)
    }

    /// Queues the head of an opening handshake.
    pub(crate) fn head(&mut self, head: &[u8]) {
        self.bytes.extend_from_slice(head);
    }

    /// Queues a message, as one frame (§5.4: an unfragmented message) unless it
    /// is long and to be compressed.
    #[inline]
    pub(crate) fn message(&mut self, message: MessageRef<'_>) {
        let MessageRef { kind, payload, has_room } = message;
        match &mut self.compressor {
            Some(compressor) if compressor.wants(payload.len()) => {
                let compressed = compressor.message(opcode(kind), payload);
                put(&mut self.bytes, self.keys.as_deref_mut(), compressed);
            }
            Some(compressor) if compressor.is_busy() => {
                self.frame_behind(FIN | opcode(kind), payload);
            }
            _ if has_room && self.bytes.is_empty() && !self.echoes => self.echoes = true,
            _ => self.frame(FIN | opcode(kind), payload),
        }
    }

    /// Whether a long message is being compressed.
    pub(crate) fn is_compressing(&self) -> bool {
        self.compressor.as_ref().is_some_and(Compressor::is_busy)
    }

    /// Compresses a slice of it.
    pub(crate) fn compress_slice(&mut self) {
        let Self { compressor: Some(compressor), bytes, keys, .. } = self else { return };
        compressor.slice(|compressed| put(bytes, keys.as_deref_mut(), compressed));
    }

    /// Gives up on messages that are still being compressed.
    pub(crate) fn abandon(&mut self) {
        if let Some(compressor) = &mut self.compressor {
            compressor.abandon();
        }
    }

    /// Lets go of memory that is of use to a busy connection only.
    pub(crate) fn release(&mut self) {
        if let Some(compressor) = &mut self.compressor {
            compressor.release();
        }
    }

    /// Queues the message that was just delivered, if that is what the
    /// application sent, without copying it. Tells how many bytes of a frame
    /// now lie where the payload lay: those go before all that is queued here.
    #[inline]
    pub(crate) fn echo(&mut self, kind: MessageKind, payload: &mut Payload<'_>) -> usize {
        if !mem::take(&mut self.echoes) {
            return 0;
        }
        match payload.become_frame(FIN | opcode(kind)) {
            Framed::InPlace(len) => len,
            Framed::Joined(frame) => {
                let behind = mem::replace(&mut self.bytes, frame);
                self.bytes.extend_from_slice(&behind);
                0
            }
        }
    }

    /// Queues a Ping of at most 125 bytes (§5.5.2).
    pub(crate) fn ping(&mut self, application_data: &[u8]) {
        self.control(Opcode::Ping, application_data);
    }

    /// Answers a Ping (§5.5.2, §5.5.3). A peer that pings faster than it reads
    /// gets, beyond the limit, only the answer to its newest Ping.
    pub(crate) fn pong(&mut self, application_data: &[u8]) {
        if self.pongs < self.queued_pongs {
            self.pongs += 1;
            self.control(Opcode::Pong, application_data);
        } else {
            let newest = self.unanswered.get_or_insert_default();
            newest.clear();
            newest.extend_from_slice(application_data);
        }
    }

    /// Queues a Close frame (§5.5.1), behind any Pong that is still owed and all
    /// messages.
    pub(crate) fn close(&mut self, close: Option<&CloseFrame>) {
        if let Some(application_data) = self.unanswered.take() {
            self.control(Opcode::Pong, &application_data);
        }
        let mut body = Vec::new();
        if let Some(CloseFrame { code, reason }) = close {
            body.extend_from_slice(&code.to_be_bytes());
            body.extend_from_slice(reason.as_bytes());
        }
        if self.is_compressing() {
            self.frame_behind(FIN | Opcode::Close as u8, &body);
        } else {
            self.control(Opcode::Close, &body);
        }
    }

    fn control(&mut self, opcode: Opcode, payload: &[u8]) {
        self.frame(FIN | opcode as u8, payload);
    }

    fn frame(&mut self, first: u8, payload: &[u8]) {
        encode(&mut self.bytes, self.keys.as_deref_mut(), first, payload);
    }

    /// Queues a frame behind the messages that are being compressed.
    fn frame_behind(&mut self, first: u8, payload: &[u8]) {
        let mut frame = Vec::new();
        encode(&mut frame, self.keys.as_deref_mut(), first, payload);
        if let Some(compressor) = &mut self.compressor {
            compressor.frames(frame);
        }
    }
}

/// Queues what came out of a compressor.
fn put(out: &mut Vec<u8>, keys: Option<&mut Keys>, compressed: Compressed) {
    match compressed {
        Compressed::Frame(first, payload) => encode(out, keys, first, &payload),
        Compressed::Frames(frames) => out.extend_from_slice(&frames),
        Compressed::Nothing => {}
    }
}

fn encode(out: &mut Vec<u8>, keys: Option<&mut Keys>, first: u8, payload: &[u8]) {
    // §5.3: a fresh, unpredictable key for each frame.
    let masking_key = keys.map(Keys::next);
    let header = frame::encode(first, payload.len(), masking_key);
    // To the byte: a lone frame then leaves nothing to give back.
    out.reserve(header.len() + payload.len());
    out.extend_from_slice(&header);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = masking_key {
        apply_mask(&mut out[start..], key, 0);
    }
}

fn opcode(kind: MessageKind) -> u8 {
    match kind {
        MessageKind::Text => Opcode::Text as u8,
        MessageKind::Binary => Opcode::Binary as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_only_the_newest_ping_is_answered() {
        let mut transmitter = Transmitter::new(None, 2);
        for n in 0..100u8 {
            transmitter.pong(&[n]);
        }
        assert_eq!(transmitter.take(), [0x8a, 1, 0, 0x8a, 1, 1, 0x8a, 1, 99]);
        transmitter.pong(&[7]);
        assert_eq!(transmitter.take(), [0x8a, 1, 7]);
    }

    #[test]
    fn an_owed_pong_goes_before_the_close_frame() {
        let mut transmitter = Transmitter::new(None, 1);
        transmitter.pong(&[1]);
        transmitter.pong(&[2]);
        transmitter.close(Some(&CloseFrame::new(crate::close::NORMAL)));
        assert_eq!(transmitter.take(), [0x8a, 1, 1, 0x8a, 1, 2, 0x88, 2, 0x03, 0xe8]);
    }

    #[test]
    fn each_frame_of_a_client_has_a_key_of_its_own() {
        let mut next = 0u8;
        let source = move |bytes: &mut [u8]| {
            for byte in bytes {
                next = next.wrapping_add(1);
                *byte = next;
            }
        };
        let keys = Box::new(Keys::new(Box::new(source)));
        let mut transmitter = Transmitter::new(Some(keys), 1);
        transmitter.ping(b"\0\0");
        transmitter.ping(b"\0\0");
        let expected = [0x89, 0x82, 1, 2, 3, 4, 1, 2, 0x89, 0x82, 5, 6, 7, 8, 5, 6];
        assert_eq!(transmitter.take(), expected);
    }
}
