//! What runs inside an endpoint: a few methods, and an outbox to answer with.

use crate::event::{Agreed, Closure, Message};
use crate::outbox::Outbox;
use crate::payload::Payload;

/// An application: one value for each connection.
///
/// Methods with an [`Outbox`] may answer through it. Answers leave in order, with the bytes
/// of the same call; but a message of more than 64 KiB that is compressed takes several
/// drains, and what is sent behind it waits for it.
pub trait Application: Default {
    /// The opening handshake is done.
    fn opened(&mut self, agreed: &Agreed, outbox: &mut Outbox) {
        let _ = (agreed, outbox);
    }

    /// A whole message came.
    fn message(&mut self, message: MessageRef<'_>, outbox: &mut Outbox);

    /// The connection ended; nothing can be sent any more.
    fn closed(&mut self, closure: &Closure) {
        let _ = closure;
    }
}

/// A whole message (§5.6), lent for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRef<'a> {
    pub(crate) kind: MessageKind,
    /// Of a text message, UTF-8: nothing else makes one.
    pub(crate) payload: &'a [u8],
    /// Sent back as it is, it need not be copied.
    pub(crate) has_room: bool,
}

/// The type of a message (§5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Opcode 0x1.
    Text,
    /// Opcode 0x2.
    Binary,
}

impl<'a> MessageRef<'a> {
    /// A message that is delivered.
    pub(crate) fn delivered(kind: MessageKind, payload: &'a Payload<'_>) -> Self {
        Self { kind, payload: payload.as_slice(), has_room: payload.has_room() }
    }

    /// Text or binary.
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// The application data. Of a text message, UTF-8 in full: checked already.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The text of a text message, `None` for a binary one.
    pub fn text(&self) -> Option<&'a str> {
        match self.kind {
            MessageKind::Text => core::str::from_utf8(self.payload).ok(),
            MessageKind::Binary => None,
        }
    }
}

impl<'a> From<&'a str> for MessageRef<'a> {
    fn from(text: &'a str) -> Self {
        Self { kind: MessageKind::Text, payload: text.as_bytes(), has_room: false }
    }
}

impl<'a> From<&'a [u8]> for MessageRef<'a> {
    fn from(payload: &'a [u8]) -> Self {
        Self { kind: MessageKind::Binary, payload, has_room: false }
    }
}

impl<'a> From<&'a Message> for MessageRef<'a> {
    fn from(message: &'a Message) -> Self {
        match message {
            Message::Text(text) => text.as_str().into(),
            Message::Binary(payload) => payload.as_slice().into(),
        }
    }
}
