//! What a person sees of a connection: messages on the standard output, all
//! else on the standard error.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use sandsock::client::{Agreed, Closure, Message, Pong, describe};
use url::Url;

/// Prints messages.
pub(crate) struct Output {
    is_terminal: bool,
    binary: bool,
}

impl Output {
    /// To the standard output. With `binary`, binary messages are printed as
    /// they are, unless to a terminal.
    pub(crate) fn new(binary: bool) -> Self {
        let is_terminal = io::stdout().is_terminal();
        Self { is_terminal, binary: binary && !is_terminal }
    }

    /// Prints a message. Fails when nobody reads any more, or there is no room.
    pub(crate) fn message(&self, message: &Message) -> io::Result<()> {
        let mut output = io::stdout().lock();
        match message {
            // What a stranger sends is not to control the terminal.
            Message::Text(text) if self.is_terminal => writeln!(output, "{}", escaped(text))?,
            Message::Text(text) => writeln!(output, "{text}")?,
            Message::Binary(bytes) if self.binary => output.write_all(bytes)?,
            Message::Binary(bytes) => writeln!(output, "{}", hexadecimal(bytes))?,
        }
        output.flush()
    }
}

/// Tells what happens.
pub(crate) struct Notes {
    pub(crate) quiet: bool,
}

impl Notes {
    fn tell(&self, note: &str) {
        if !self.quiet {
            // Whoever reads this may be gone.
            let _ = writeln!(io::stderr(), "-- {note}");
        }
    }

    /// The opening handshake is done.
    pub(crate) fn opened(&self, url: &str, agreed: &Agreed) {
        let mut note = format!("connected to {}", escaped(&without_password(url)));
        if let Some(subprotocol) = &agreed.subprotocol {
            let _ = write!(note, ", subprotocol {subprotocol}");
        }
        if agreed.compression.is_some() {
            note += ", compressed";
        }
        self.tell(&note);
    }

    /// A Ping came.
    pub(crate) fn ping(&self, application_data: &[u8]) {
        self.tell(&format!("ping {}", quoted(application_data)));
    }

    /// A Pong came.
    pub(crate) fn pong(&self, pong: &Pong) {
        let application_data = quoted(&pong.application_data);
        self.tell(&match pong.round_trip {
            Some(time) => format!("pong {application_data} after {time} ms"),
            None => format!("pong {application_data}, unasked"),
        });
    }

    /// The connection is closing for a reason that is ours.
    pub(crate) fn closing(&self, reason: &str) {
        self.tell(reason);
    }

    /// The connection is closed.
    pub(crate) fn closed(&self, closure: &Closure, error: Option<&io::Error>) {
        let mut note = if let Some(failure) = &closure.failure {
            format!("failed: {}", escaped(&describe(failure)))
        } else if closure.clean {
            match closure.code {
                1005 => "closed, without a code".to_owned(),
                code => format!("closed with code {code}"),
            }
        } else {
            "the peer ended the connection without a closing handshake".to_owned()
        };
        if !closure.reason.is_empty() {
            let _ = write!(note, ": {}", quoted(closure.reason.as_bytes()));
        }
        if let (Some(error), false) = (error, closure.clean) {
            let _ = write!(note, " ({error})");
        }
        self.tell(&note);
    }
}

/// A password is for the server, not for who looks on.
fn without_password(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    if url.password().is_none() || url.set_password(None).is_err() {
        return text.to_owned();
    }
    url.into()
}

/// Text on one line, in which only tabs control anything.
fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

fn quoted(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => format!("{text:?}"),
        Err(_) => hexadecimal(bytes),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_control_a_terminal_is_escaped() {
        assert_eq!(escaped("a\tb\x1b[31mü\u{9b}\n"), "a\tb\\u{1b}[31mü\\u{9b}\\n");
        assert_eq!(quoted(b"\x1b\"x"), r#""\u{1b}\"x""#);
        assert_eq!(quoted(b"\xff\x01"), "ff01");
    }
}
