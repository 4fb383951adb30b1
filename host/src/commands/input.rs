//! The standard input as messages, a line each.

use std::io::{self, BufRead, BufReader, Read};
use std::mem;
use std::thread;

use sandsock::client::Message;
use tokio::sync::mpsc;

/// Bytes that are read at once: lines in them go on together.
const AT_ONCE: usize = 64 << 10;

/// Lines that go on together, each a message, or the reason why it is none.
type Lines = Vec<Result<Message, String>>;

/// The lines to come.
pub(crate) struct Input {
    lines: mpsc::Receiver<Lines>,
}

impl Input {
    /// Begins to read. A thread does so, which a read may block for ever: it
    /// ends with the process.
    pub(crate) fn start(binary: bool) -> io::Result<Self> {
        // Some that wait, besides those that are being sent and those that are read.
        let (sender, lines) = mpsc::channel(1);
        thread::Builder::new().name("input".to_owned()).spawn(move || {
            read(BufReader::with_capacity(AT_ONCE, io::stdin()), binary, |lines| {
                sender.blocking_send(lines).is_ok()
            });
        })?;
        Ok(Self { lines })
    }

    /// Waits for lines, and takes some; none at the end of the input.
    pub(crate) async fn next(&mut self) -> Lines {
        self.lines.recv().await.unwrap_or_default()
    }
}

/// Reads lines up to the first that cannot be sent, as long as somebody takes them: those
/// together that came at once, so that none waits for one that has yet to come.
fn read(mut reader: BufReader<impl Read>, binary: bool, mut take: impl FnMut(Lines) -> bool) {
    let mut lines = Lines::new();
    for number in 1_u64.. {
        let mut line = Vec::new();
        let message = match reader.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => message(line, binary).ok_or_else(|| {
                format!("line {number} of the input is not UTF-8: --binary sends any bytes")
            }),
            Err(error) => Err(format!("cannot read the input: {error}")),
        };
        let is_last = message.is_err();
        lines.push(message);
        if is_last {
            break;
        }
        let is_next_here = reader.buffer().contains(&b'\n');
        if !is_next_here && !take(mem::take(&mut lines)) {
            return;
        }
    }
    if !lines.is_empty() {
        take(lines);
    }
}

/// What a line says, without its end.
fn message(mut line: Vec<u8>, binary: bool) -> Option<Message> {
    if line.ends_with(b"\n") {
        line.pop();
    }
    if binary {
        return Some(Message::Binary(line));
    }
    if line.ends_with(b"\r") {
        line.pop();
    }
    String::from_utf8(line).map(Message::Text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As they go on together.
    fn read_from(reader: impl Read, binary: bool) -> Vec<Lines> {
        let mut all = Vec::new();
        read(BufReader::with_capacity(AT_ONCE, reader), binary, |lines| {
            all.push(lines);
            true
        });
        all
    }

    fn all(bytes: &[u8], binary: bool) -> Lines {
        read_from(bytes, binary).into_iter().flatten().collect()
    }

    fn texts(bytes: &[u8]) -> Vec<String> {
        let text = |message| match message {
            Ok(Message::Text(text)) => text,
            other => panic!("{other:?}"),
        };
        all(bytes, false).into_iter().map(text).collect()
    }

    #[test]
    fn each_line_is_a_message_without_its_end() {
        assert_eq!(texts(b"one\ntwo\r\n\nlast"), ["one", "two", "", "last"]);
        assert_eq!(texts(b""), [""; 0]);
    }

    #[test]
    fn a_binary_line_keeps_its_carriage_return() {
        let lines = all(b"\xff\r\n\0", true);
        let bytes = |message: &Result<Message, String>| match message {
            Ok(Message::Binary(bytes)) => bytes.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(lines.iter().map(bytes).collect::<Vec<_>>(), [&b"\xff\r"[..], b"\0"]);
    }

    #[test]
    fn text_ends_at_the_line_that_is_not_utf8_which_is_named() {
        let lines = all(b"fine\n\xff\nfine\n", false);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].as_ref().is_err_and(|error| error.contains("line 2")));
    }

    #[test]
    fn lines_that_came_at_once_go_on_together_and_wait_for_no_other() {
        // Each part is what one read gives.
        let parts = b"1\n2\n3".chain(&b"\n4\n"[..]).chain(&b"5"[..]);
        let together: Vec<_> = read_from(parts, true).iter().map(Vec::len).collect();
        assert_eq!(together, [2, 2, 1]);
    }
}
