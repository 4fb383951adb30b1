//! Finding where a head ends, while it comes: no byte is looked at again as more come.

use alloc::vec::Vec;
use core::mem;

use crate::error::HandshakeError;
use crate::options::Limits;
use crate::token::is_token_byte;

/// A whole head, up to and with its blank line.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) bytes: Vec<u8>,
    pub(super) field_count: usize,
}

/// Gathers a head from reads of any size.
///
/// It knows only as much as it takes to end in time: lines, their first bytes,
/// and the bytes that no head may hold. A peer that speaks another protocol is
/// found by its first bytes rather than by the deadline: the record of a TLS
/// handshake begins with 0x16, the greeting of a mail server with `220`.
pub(super) struct HeadReader {
    bytes: Vec<u8>,
    field_count: usize,
    place: Place,
    begins: Place,
    most_bytes: usize,
    most_fields: usize,
}

/// What a response begins with, in this case (RFC 9112 §2.3).
const HTTP_NAME: &[u8] = b"HTTP/";

/// What the bytes so far end with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing; an empty line may come.
    Start,
    /// The CR of an empty line before the head.
    EmptyLine,
    /// Nothing; the first line of a request is due.
    FirstLine,
    /// So many bytes of `HTTP_NAME`, which begins the first line of a response.
    HttpName(usize),
    /// Part of a line.
    Line,
    /// A line's CR.
    LineEnd,
    /// A line's CR LF.
    NextLine,
    /// The CR of the blank line.
    BlankLine,
    /// The blank line.
    End,
}

impl HeadReader {
    /// Of a request: one empty line before it is ignored (RFC 9112 §2.2).
    pub(super) fn for_request(limits: &Limits) -> Self {
        Self::new(Place::Start, limits)
    }

    /// Of a response.
    pub(super) fn for_response(limits: &Limits) -> Self {
        Self::new(Place::HttpName(0), limits)
    }

    fn new(begins: Place, limits: &Limits) -> Self {
        Self {
            bytes: Vec::new(),
            field_count: 0,
            place: begins,
            begins,
            most_bytes: limits.head_bytes as usize,
            most_fields: limits.header_count as usize,
        }
    }

    /// Takes the head's bytes from the front of `input` and leaves what follows
    /// it; `None` while the head is incomplete. After a head comes the next.
    pub(super) fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Head>, HandshakeError> {
        let room = self.most_bytes - self.bytes.len();
        let front = &input[..room.min(input.len())];
        let mut rest = front;
        while let [byte, behind @ ..] = rest {
            self.place = self.step(*byte)?;
            rest = behind;
            match self.place {
                // Most bytes are in the midst of a line.
                Place::Line => rest = behind_line_bytes(rest),
                Place::End => return Ok(Some(self.take(input, front.len() - rest.len()))),
                _ => {}
            }
        }
        if front.len() == room {
            return Err(HandshakeError::HeadBytes);
        }
        self.bytes.extend_from_slice(input);
        *input = &[];
        Ok(None)
    }

    /// The place behind `byte`.
    fn step(&mut self, byte: u8) -> Result<Place, HandshakeError> {
        match (self.place, byte) {
            (Place::Start, b'\r') => Ok(Place::EmptyLine),
            (Place::EmptyLine, b'\n') => Ok(Place::FirstLine),
            // A method is a token (RFC 9112 §3).
            (Place::Start | Place::FirstLine, _) if is_token_byte(byte) => Ok(Place::Line),
            (Place::HttpName(len), _) if HTTP_NAME.get(len) == Some(&byte) => {
                let len = len + 1;
                Ok(if len == HTTP_NAME.len() { Place::Line } else { Place::HttpName(len) })
            }
            // So is a field's name (RFC 9110 §5.1). White space instead would be
            // obsolete line folding, which is refused (RFC 9112 §5.2).
            (Place::NextLine, _) if is_token_byte(byte) => {
                if self.field_count == self.most_fields {
                    return Err(HandshakeError::HeaderCount);
                }
                self.field_count += 1;
                Ok(Place::Line)
            }
            (Place::Line, _) if is_line_byte(byte) => Ok(Place::Line),
            (Place::Line, b'\r') => Ok(Place::LineEnd),
            (Place::LineEnd, b'\n') => Ok(Place::NextLine),
            (Place::NextLine, b'\r') => Ok(Place::BlankLine),
            (Place::BlankLine, b'\n') => Ok(Place::End),
            _ => Err(HandshakeError::MalformedHead),
        }
    }

    fn take(&mut self, input: &mut &[u8], taken: usize) -> Head {
        let (last, rest) = input.split_at(taken);
        *input = rest;
        self.bytes.extend_from_slice(last);
        self.place = self.begins;
        Head { bytes: mem::take(&mut self.bytes), field_count: mem::take(&mut self.field_count) }
    }
}

/// Whether a line may hold this byte before its end (RFC 9110 §5.5).
fn is_line_byte(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..)
}

fn behind_line_bytes(mut bytes: &[u8]) -> &[u8] {
    // A block at once, which compilers make one step of.
    while let Some((block, behind)) = bytes.split_first_chunk::<16>()
        && block.iter().fold(true, |all, byte| all & is_line_byte(*byte))
    {
        bytes = behind;
    }
    let line_bytes = bytes.iter().take_while(|byte| is_line_byte(**byte)).count();
    &bytes[line_bytes..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(head_bytes: u32, header_count: u32) -> Limits {
        Limits { head_bytes, header_count, ..Limits::default() }
    }

    #[test]
    fn the_limits_are_inclusive() {
        let text = b"GET / HTTP/1.1\r\na: b\r\nc: d\r\n\r\n";
        let length = u32::try_from(text.len()).unwrap();
        let read = |limits| HeadReader::for_request(&limits).receive(&mut &text[..]);
        assert_eq!(read(limits(length, 2)).unwrap().unwrap().field_count, 2);
        assert_eq!(read(limits(length - 1, 2)).unwrap_err(), HandshakeError::HeadBytes);
        assert_eq!(read(limits(length, 1)).unwrap_err(), HandshakeError::HeaderCount);
    }

    #[test]
    fn a_dribbled_head_is_scanned_once_and_refused_at_the_limit() {
        let mut reader = HeadReader::for_request(&Limits::default());
        let endless = b"GET / HTTP/1.1\r\na: ".iter().chain(core::iter::repeat(&b'x'));
        let mut scanned = 0;
        for byte in endless.take(64 << 10) {
            scanned += 1;
            match reader.receive(&mut core::slice::from_ref(byte)) {
                Ok(head) => assert!(head.is_none()),
                Err(error) => {
                    assert_eq!(error, HandshakeError::HeadBytes);
                    break;
                }
            }
            // Nothing waits to be scanned again, nothing is held twice.
            assert_eq!(reader.bytes.len(), scanned);
        }
        assert_eq!(scanned, 16 << 10);
    }

    #[test]
    fn what_no_head_may_hold_is_refused_with_its_first_byte() {
        let heads = [
            "\n",
            " ",
            "{",
            "\x16",
            "\ra",
            "\r\n\r",
            "A\n",
            "A\0",
            "A\x7f",
            "A\ra",
            "A\r\r",
            "A\r\n ",
            "A\r\n\t",
            "A\r\n\n",
            "A\r\n:",
            "A\r\nb:\r\n\ra",
        ];
        for head in heads {
            let (sound, bad) = head.split_at(head.len() - 1);
            let mut reader = HeadReader::for_request(&Limits::default());
            assert!(reader.receive(&mut sound.as_bytes()).unwrap().is_none(), "{head:?}");
            let error = reader.receive(&mut bad.as_bytes()).unwrap_err();
            assert_eq!(error, HandshakeError::MalformedHead, "{head:?}");
        }
    }

    #[test]
    fn a_line_of_any_length_ends_where_a_byte_ends_it() {
        let ends =
            [("\r\n\r\n", Some(0)), ("\r\n\r\nmore", Some(4)), ("\0more than a block", None)];
        for (len, (end, left)) in (0..50).flat_map(|len| ends.map(|end| (len, end))) {
            let head = ["A", &"x".repeat(len), end].concat();
            let mut input = head.as_bytes();
            let read = HeadReader::for_request(&Limits::default()).receive(&mut input);
            let is_whole = read.is_ok_and(|head| head.is_some());
            assert_eq!(is_whole.then_some(input.len()), left, "{head:?}");
        }
    }

    #[test]
    fn a_server_of_another_protocol_is_refused_with_its_first_byte() {
        for greeting in ["2", "S", "+", "\r", "h", "Ht", "HTTP:"] {
            let (sound, bad) = greeting.split_at(greeting.len() - 1);
            let mut reader = HeadReader::for_response(&Limits::default());
            assert!(reader.receive(&mut sound.as_bytes()).unwrap().is_none(), "{greeting:?}");
            let error = reader.receive(&mut bad.as_bytes()).unwrap_err();
            assert_eq!(error, HandshakeError::MalformedHead, "{greeting:?}");
        }
    }

    #[test]
    fn one_head_after_another_is_read_from_the_same_bytes() {
        let mut reader = HeadReader::for_response(&Limits::default());
        let mut input = &b"HTTP/\r\nb:\r\n\r\nHTTP/2\r\n\r\n\x81"[..];
        assert_eq!(reader.receive(&mut input).unwrap().unwrap().bytes, b"HTTP/\r\nb:\r\n\r\n");
        let second = reader.receive(&mut input).unwrap().unwrap();
        assert_eq!((&second.bytes[..], second.field_count), (&b"HTTP/2\r\n\r\n"[..], 0));
        assert_eq!(input, b"\x81");
    }
}
