//! The standard input as messages, a line each.

use std::io::{self, BufRead};
use std::thread;

use sandsock::client::Message;
use tokio::sync::mpsc;

/// Messages that are read ahead of the connection.
const AHEAD: usize = 256;

/// The lines to come.
pub(crate) struct Input {
    lines: mpsc::Receiver<Result<Message, String>>,
}

impl Input {
    /// Begins to read. A thread does so, which a read may block for ever: it
    /// ends with the process.
    pub(crate) fn start(binary: bool) -> io::Result<Self> {
        let (sender, lines) = mpsc::channel(AHEAD);
        thread::Builder::new().name("input".to_owned()).spawn(move || {
            for message in messages(io::stdin().lock(), binary) {
                if sender.blocking_send(message).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { lines })
    }

    /// Waits for lines, and takes all there are; none at the end of the input.
    pub(crate) async fn next(&mut self) -> Vec<Result<Message, String>> {
        let mut lines = Vec::new();
        self.lines.recv_many(&mut lines, AHEAD).await;
        lines
    }
}

/// What a reader's lines say, up to the first that cannot be sent.
fn messages(
    mut reader: impl BufRead,
    binary: bool,
) -> impl Iterator<Item = Result<Message, String>> {
    let mut number = 0;
    let mut has_failed = false;
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        if has_failed {
            return None;
        }
        match reader.read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => number += 1,
            Err(error) => {
                has_failed = true;
                return Some(Err(format!("cannot read the input: {error}")));
            }
        }
        if line.ends_with(b"\n") {
            line.pop();
        }
        if binary {
            return Some(Ok(Message::Binary(line)));
        }
        if line.ends_with(b"\r") {
            line.pop();
        }
        let text = String::from_utf8(line).map(Message::Text).map_err(|_| {
            format!("line {number} of the input is not UTF-8: --binary sends any bytes")
        });
        has_failed = text.is_err();
        Some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], binary: bool) -> Vec<Result<Message, String>> {
        messages(bytes, binary).collect()
    }

    fn texts(bytes: &[u8]) -> Vec<String> {
        let text = |message| match message {
            Ok(Message::Text(text)) => text,
            other => panic!("{other:?}"),
        };
        read(bytes, false).into_iter().map(text).collect()
    }

    #[test]
    fn each_line_is_a_message_without_its_end() {
        assert_eq!(texts(b"one\ntwo\r\n\nlast"), ["one", "two", "", "last"]);
        assert_eq!(texts(b""), [""; 0]);
    }

    #[test]
    fn a_binary_line_keeps_its_carriage_return() {
        let lines = read(b"\xff\r\n\0", true);
        let bytes = |message: &Result<Message, String>| match message {
            Ok(Message::Binary(bytes)) => bytes.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(lines.iter().map(bytes).collect::<Vec<_>>(), [&b"\xff\r"[..], b"\0"]);
    }

    #[test]
    fn text_ends_at_the_line_that_is_not_utf8_which_is_named() {
        let lines = read(b"fine\n\xff\nfine\n", false);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].as_ref().is_err_and(|error| error.contains("line 2")));
    }
}
