//! Close codes (§7.4) and the body of a Close frame (§5.5.1).

use alloc::string::String;

use crate::error::{ProtocolError, UsageError};

/// The purpose of the connection was fulfilled (§7.4.1).
pub const NORMAL: u16 = 1000;
/// The endpoint goes away: a server shuts down, a page is left (§7.4.1).
pub const GOING_AWAY: u16 = 1001;
/// The peer broke a rule of the protocol (§7.4.1).
pub const PROTOCOL_ERROR: u16 = 1002;
/// Stands for a Close frame without a code; never on the wire (§7.4.1).
pub const NO_CODE: u16 = 1005;
/// Stands for a transport that ended without a Close frame; never on the wire
/// (§7.4.1).
pub const ABNORMAL: u16 = 1006;
/// A payload's data contradicts its type, such as text that is not UTF-8
/// (§7.4.1).
pub const INVALID_PAYLOAD: u16 = 1007;
/// A message is too big to be processed (§7.4.1).
pub const MESSAGE_TOO_BIG: u16 = 1009;
/// The endpoint met a condition that it cannot handle (§7.4.1).
pub const INTERNAL_ERROR: u16 = 1011;

/// Most bytes of a close reason: a control frame's 125 less the code (§5.5).
pub const REASON_BYTES: usize = 123;

/// The body of a Close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// Close code (§7.4). An open set: 3000-4999 belong to applications.
    pub code: u16,
    /// Close reason, at most 123 bytes.
    pub reason: String,
}

/// Whether a code may stand in a Close frame: §7.4.1, the IANA registry
/// (1012-1014 were added to it) and the ranges of §7.4.2.
pub fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

impl CloseFrame {
    /// A frame without a reason.
    pub fn new(code: u16) -> Self {
        Self { code, reason: String::new() }
    }

    /// Checks what the caller wants to send.
    pub fn validate(&self) -> Result<(), UsageError> {
        if !may_be_sent(self.code) {
            return Err(UsageError::CloseCode);
        }
        if self.reason.len() > REASON_BYTES {
            return Err(UsageError::CloseReason);
        }
        Ok(())
    }

    /// Parses the body of a received Close frame, which may be empty (§5.5.1).
    pub(crate) fn parse(body: &[u8]) -> Result<Option<Self>, ProtocolError> {
        let (code, reason) = match body {
            [] => return Ok(None),
            [_] => return Err(ProtocolError::CloseLength),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        };
        // §7.4: a code that an endpoint must not set breaks the protocol.
        if !may_be_sent(code) {
            return Err(ProtocolError::CloseCode(code));
        }
        // §5.5.1: the reason is UTF-8.
        let reason = core::str::from_utf8(reason).map_err(|_| ProtocolError::CloseUtf8)?;
        Ok(Some(Self { code, reason: reason.into() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_may_be_sent_are_those_of_section_7_4() {
        let sendable: alloc::vec::Vec<u16> = (0..=u16::MAX).filter(|c| may_be_sent(*c)).collect();
        let expected: alloc::vec::Vec<u16> =
            (1000..=1003).chain(1007..=1014).chain(3000..=4999).collect();
        assert_eq!(sendable, expected);
    }

    #[test]
    fn a_close_body_is_empty_or_starts_with_a_code() {
        assert_eq!(CloseFrame::parse(b""), Ok(None));
        assert_eq!(CloseFrame::parse(b"\x03"), Err(ProtocolError::CloseLength));
        assert_eq!(CloseFrame::parse(b"\x03\xe8"), Ok(Some(CloseFrame::new(NORMAL))));
        assert_eq!(CloseFrame::parse(b"\x03\xed"), Err(ProtocolError::CloseCode(NO_CODE)));
        assert_eq!(CloseFrame::parse(b"\x03\xe8\xc3"), Err(ProtocolError::CloseUtf8));
    }
}
