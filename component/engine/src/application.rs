//! What runs inside an endpoint: a few methods, and an outbox to answer with.

use crate::connection::Outbox;
use crate::event::{Agreed, Closure};

/// An application: one value for each connection.
///
/// Every method may answer through its [`Outbox`]; the answers leave with the
/// bytes of the same call, in order.
pub trait Application: Default {
    /// The opening handshake is done.
    fn opened(&mut self, agreed: &Agreed, outbox: &mut Outbox<'_>) {
        let _ = (agreed, outbox);
    }

    /// A whole message came.
    fn message(&mut self, message: MessageRef<'_>, outbox: &mut Outbox<'_>);

    /// The connection ended; nothing can be sent any more.
    fn closed(&mut self, closure: &Closure) {
        let _ = closure;
    }
}

/// A whole message (§5.6), lent for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRef<'a> {
    /// Text or binary.
    pub kind: MessageKind,
    /// The application data. Of a text message, UTF-8 in full: checked already.
    pub payload: &'a [u8],
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
    /// The text of a text message, `None` for a binary one.
    pub fn text(&self) -> Option<&'a str> {
        match self.kind {
            MessageKind::Text => core::str::from_utf8(self.payload).ok(),
            MessageKind::Binary => None,
        }
    }
}
