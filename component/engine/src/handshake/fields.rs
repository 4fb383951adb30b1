//! Looking at the fields of a parsed head. Each look goes over them once.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::str;

use super::grammar;
use crate::event::Header;

/// The most of a peer's text that an error repeats, in characters.
const EXCERPT: usize = 64;

/// The fields of a head, in its order. Names are compared without regard to
/// case (RFC 9110 §5.1).
pub(super) struct Fields<'a>(Vec<httparse::Header<'a>>);

impl<'a> Fields<'a> {
    pub(super) fn new(parsed: Vec<httparse::Header<'a>>) -> Self {
        Self(parsed)
    }

    /// The value of each field of this name.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let is_named = |field: &&httparse::Header<'_>| grammar::is_same(field.name, name);
        self.0.iter().filter(is_named).map(|field| field.value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The text of the only field of this name; `None` if there is none, if
    /// there are several, or if it is not UTF-8.
    pub(super) fn single(&self, name: &str) -> Option<&'a str> {
        let mut values = self.values(name);
        let value = values.next()?;
        if values.next().is_some() { None } else { str::from_utf8(value).ok() }
    }

    /// The text of each field of this name; `None` if one is not UTF-8.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<&'a str>> {
        self.values(name).map(|value| str::from_utf8(value).ok()).collect()
    }

    /// Whether a token is among the elements of all fields of this name, which
    /// make up one list (RFC 9110 §5.2). Case is ignored, as §4.2.1 demands of
    /// `Upgrade` and `Connection`.
    pub(super) fn has_token(&self, name: &str, token: &str) -> bool {
        self.values(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .any(|element| grammar::are_same(element.trim_ascii(), token.as_bytes()))
    }

    /// The beginning of all values of this name, for an error.
    pub(super) fn excerpt(&self, name: &str) -> String {
        let joined =
            self.values(name).flat_map(|value| [b", ".as_slice(), value]).flatten().skip(2);
        excerpt(joined.copied())
    }

    /// All of them, for the application.
    pub(super) fn to_headers(&self) -> Vec<Header> {
        self.0
            .iter()
            .map(|field| Header { name: field.name.to_owned(), value: field.value.to_owned() })
            .collect()
    }
}

/// The beginning of a peer's text, for an error that someone will print.
pub(super) fn excerpt(bytes: impl Iterator<Item = u8>) -> String {
    bytes
        .take(EXCERPT)
        .map(
            |byte| {
                if matches!(byte, b' '..=b'~') { byte.into() } else { char::REPLACEMENT_CHARACTER }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn fields() -> Fields<'static> {
        let field = |name, value| httparse::Header { name, value };
        Fields::new(vec![
            field("Connection", b"keep-alive, Upgrade".as_slice()),
            field("X-Bytes", b"caf\xe9"),
            field("connection", b",, te\t,"),
            field("Host", b"example.com"),
            field("X-Long", &[b'x'; 100]),
        ])
    }

    #[test]
    fn several_fields_of_a_name_make_up_one_list() {
        for token in ["upgrade", "KEEP-ALIVE", "te"] {
            assert!(fields().has_token("CONNECTION", token), "{token}");
        }
        for token in ["keep", "close", "keep-alive, Upgrade"] {
            assert!(!fields().has_token("connection", token), "{token}");
        }
    }

    #[test]
    fn a_single_field_is_neither_absent_nor_repeated_nor_bytes() {
        assert_eq!(fields().single("host"), Some("example.com"));
        for name in ["origin", "connection", "x-bytes"] {
            assert_eq!(fields().single(name), None, "{name}");
        }
        assert_eq!(fields().texts("x-bytes"), None);
        assert_eq!(fields().texts("origin"), Some(vec![]));
    }

    #[test]
    fn an_excerpt_is_short_and_printable() {
        assert_eq!(fields().excerpt("connection"), "keep-alive, Upgrade, ,, te\u{fffd},");
        assert_eq!(fields().excerpt("x-bytes"), "caf\u{fffd}");
        assert_eq!(fields().excerpt("x-long").len(), EXCERPT);
        assert_eq!(fields().excerpt("origin"), "");
    }
}
