//! What messages hold.

/// Sentences in several scripts: characters of one to four bytes.
const SCRIPTS: &str = "The harbour is quiet. Der Fluß fließt träge vorbei. \
    Το πλοίο φεύγει αύριο. Завтра будет ясная погода. البحر هادئ اليوم. \
    הגשם ירד בלילה. 港に船が着いた。今天风很大。바람이 분다. नाव किनारे पर है। 🚢🌊⚓ ";

/// The kind of the messages of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Binary messages of bytes without a pattern.
    Binary,
    /// Text messages of mixed scripts.
    Text,
    /// Text messages of JSON, to be compressed.
    Json,
}

impl Content {
    pub(crate) const fn is_text(self) -> bool {
        !matches!(self, Self::Binary)
    }

    /// The payload of message `index`: exactly `size` bytes, and different from
    /// those of other messages, so that no echo can pass for another.
    pub(crate) fn payload(self, index: usize, size: usize) -> Vec<u8> {
        match self {
            Self::Binary => binary(index, size),
            Self::Text => filled(size, scripts(index)),
            Self::Json => filled(size, records(index)),
        }
    }
}

/// A xorshift generator, seeded with the index.
fn binary(index: usize, size: usize) -> Vec<u8> {
    let mut state = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = Vec::with_capacity(size + 7);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// The index, and then the sentences for ever.
fn scripts(index: usize) -> impl Iterator<Item = String> {
    let words = SCRIPTS.split_inclusive(' ').cycle().skip(index).map(str::to_owned);
    std::iter::once(format!("{index} ")).chain(words)
}

/// Records such as a feed would send: names repeat, numbers do not.
fn records(index: usize) -> impl Iterator<Item = String> {
    (0_usize..).map(move |line| {
        let number = (index * 64 + line).wrapping_mul(2_654_435_761) % 1_000_000;
        format!("{{\"sensor\":\"buoy-{index}\",\"sequence\":{line},\"pressure\":{number}}}\n")
    })
}

/// As many whole pieces as fit into `size` bytes, and full stops behind them.
fn filled(size: usize, pieces: impl Iterator<Item = String>) -> Vec<u8> {
    let mut text = String::with_capacity(size);
    for piece in pieces {
        if text.len() + piece.len() > size {
            break;
        }
        text.push_str(&piece);
    }
    let mut bytes = text.into_bytes();
    bytes.resize(size, b'.');
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn payloads_have_the_size_asked_for_and_differ() {
        for content in [Content::Binary, Content::Text, Content::Json] {
            for size in [16, 125, 1024] {
                let payloads: HashSet<_> = (0..200).map(|i| content.payload(i, size)).collect();
                assert!(payloads.iter().all(|payload| payload.len() == size));
                let distinct = payloads.len();
                // A record does not fit into 16 bytes.
                assert!(distinct == 200 || (content == Content::Json && size == 16), "{distinct}");
            }
        }
    }

    #[test]
    fn text_is_utf_8_of_characters_of_one_to_four_bytes() {
        let payload = Content::Text.payload(3, 1024);
        let text = std::str::from_utf8(&payload).unwrap();
        let lengths: HashSet<_> = text.chars().map(char::len_utf8).collect();
        assert_eq!(lengths, HashSet::from([1, 2, 3, 4]));
    }
}
