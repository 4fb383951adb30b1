//! The grammar of `Sec-WebSocket-Extensions` (§9.1), pulled piece by piece:
//!
//! ```text
//! extension-list  = 1#extension
//! extension       = extension-token *( ";" extension-param )
//! extension-param = token [ "=" ( token | quoted-string ) ]
//! ```
//!
//! One pass over the input, no allocation: a head's worth of parameters costs
//! its reader no more than the head itself.

use crate::token::is_token_byte;

/// A list that §9.1 does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The list that several fields of one name form together: read as if their
/// values were joined with commas (§9.1).
pub(super) struct ExtensionList<'a> {
    values: core::slice::Iter<'a, &'a str>,
    /// What is left of the current value.
    rest: &'a str,
}

/// An extension parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameter<'a> {
    pub(super) name: &'a str,
    pub(super) value: Option<Value<'a>>,
}

/// A parameter's value, a token (§9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value<'a> {
    /// May hold the backslashes of a quoted-string.
    written: &'a str,
}

impl<'a> ExtensionList<'a> {
    pub(super) fn new(values: &'a [&'a str]) -> Self {
        Self { values: values.iter(), rest: "" }
    }

    /// The name of the next extension; skips parameters left of the last one.
    /// `None` at the end of the list.
    pub(super) fn extension(&mut self) -> Result<Option<&'a str>, Malformed> {
        while self.parameter()?.is_some() {}
        loop {
            // `1#` allows empty elements (RFC 2616 §2.1).
            self.rest = self.rest.trim_start_matches([',', ' ', '\t']);
            if !self.rest.is_empty() {
                return self.token().map(Some);
            }
            match self.values.next() {
                Some(value) => self.rest = value,
                None => return Ok(None),
            }
        }
    }

    /// The next parameter of the current extension; `None` behind its last.
    pub(super) fn parameter(&mut self) -> Result<Option<Parameter<'a>>, Malformed> {
        if !self.skip(';') {
            // Two extensions, or two values, stand apart by a comma.
            let ended = self.rest.is_empty() || self.rest.starts_with(',');
            return if ended { Ok(None) } else { Err(Malformed) };
        }
        self.skip_white_space();
        let name = self.token()?;
        let value = if self.skip('=') {
            self.skip_white_space();
            Some(if self.skip('"') {
                self.quoted_string()?
            } else {
                Value { written: self.token()? }
            })
        } else {
            None
        };
        Ok(Some(Parameter { name, value }))
    }

    /// One or more characters of a token, and the white space behind it.
    fn token(&mut self) -> Result<&'a str, Malformed> {
        let end =
            self.rest.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(self.rest.len());
        // A byte that is_token_byte rejects starts a character: tokens are ASCII.
        let (token, rest) = self.rest.split_at_checked(end).ok_or(Malformed)?;
        self.rest = rest;
        self.skip_white_space();
        if token.is_empty() { Err(Malformed) } else { Ok(token) }
    }

    /// What follows an opening quote, up to and with the closing one.
    fn quoted_string(&mut self) -> Result<Value<'a>, Malformed> {
        let (written, rest) = self.rest.split_once('"').ok_or(Malformed)?;
        self.rest = rest;
        self.skip_white_space();
        let value = Value { written };
        // §9.1: after unescaping, a token. As neither `"` nor `\` may be in one,
        // the first quote ends the string, and backslashes never stand in pairs.
        let pairs = written.as_bytes().windows(2).any(|two| two == br"\\");
        let escapes_end = !pairs && !written.ends_with('\\');
        let is_a_token = value.bytes().next().is_some() && value.bytes().all(is_token_byte);
        if escapes_end && is_a_token { Ok(value) } else { Err(Malformed) }
    }

    fn skip(&mut self, separator: char) -> bool {
        match self.rest.strip_prefix(separator) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_white_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }
}

impl Value<'_> {
    /// A decimal number without leading zeros (RFC 7692 §7.1.2.1).
    pub(super) fn decimal(self) -> Option<u8> {
        if self.bytes().next() == Some(b'0') {
            return None;
        }
        self.bytes().try_fold(0_u8, |number, byte| {
            let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
            number.checked_mul(10)?.checked_add(digit)
        })
    }

    fn bytes(self) -> impl Iterator<Item = u8> {
        self.written.bytes().filter(|byte| *byte != b'\\')
    }
}

#[cfg(test)]
mod tests;
