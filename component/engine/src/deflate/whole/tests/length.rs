//! How long a compressed message is.

use alloc::format;
use alloc::string::String;

use super::*;
use crate::deflate::{Deflater, tests};

/// Numbers that look random, always the same ones.
fn numbers() -> impl FnMut(usize) -> usize {
    let mut state = 1_u64;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    }
}

const WORDS: [&str; 32] = [
    "window",
    "the",
    "of",
    "message",
    "a",
    "connection",
    "is",
    "and",
    "to",
    "peer",
    "length",
    "what",
    "in",
    "frame",
    "byte",
    "with",
    "never",
    "that",
    "longer",
    "be",
    "context",
    "for",
    "it",
    "may",
    "without",
    "as",
    "stream",
    "which",
    "compressed",
    "on",
    "value",
    "not",
];

/// Half of the words are the first eight.
fn word(number: &mut impl FnMut(usize) -> usize) -> &'static str {
    let most = if number(2) == 0 { 8 } else { WORDS.len() };
    WORDS[number(most)]
}

fn json() -> String {
    let mut number = numbers();
    let mut text = String::new();
    while text.len() < LONGEST_MESSAGE {
        let part = format!(
            r#"{{"id":{},"user":"{}","score":{}.{},"active":{},"tags":["{}","{}"],"at":"2024-{:02}-{:02}T{:02}:{:02}Z"}},"#,
            number(1_000_000),
            word(&mut number),
            number(100),
            number(1000),
            number(2) == 0,
            word(&mut number),
            word(&mut number),
            number(12),
            number(28),
            number(24),
            number(60),
        );
        text += &part;
    }
    text
}

fn prose() -> String {
    let mut number = numbers();
    let mut text = String::new();
    while text.len() < LONGEST_MESSAGE {
        text += word(&mut number);
        text += ["", "", "s", "ed", "ing", "er", "ly", "'s"][number(8)];
        text += [" ", " ", " ", " ", ", ", ". "][number(6)];
    }
    text
}

fn source() -> String {
    let mut number = numbers();
    let mut text = String::new();
    while text.len() < LONGEST_MESSAGE {
        let part = format!(
            "    fn {}_{}(&self, {}: usize) -> u{} {{\n        self.{}[{} + {}].{}()\n    }}\n\n",
            word(&mut number),
            word(&mut number),
            word(&mut number),
            8 << number(4),
            word(&mut number),
            word(&mut number),
            number(64),
            word(&mut number),
        );
        text += &part;
    }
    text
}

#[test]
fn a_message_is_about_as_long_as_with_zlib() {
    for (name, text) in [("json", json()), ("prose", prose()), ("source", source())] {
        for length in [200, 500, 1 << 10, 3 << 10, 1 << 13, 1 << 14, 1 << 15, LONGEST_MESSAGE] {
            let message = &text.as_bytes()[..length];
            // Much of what level 9 finds in addition is matches of 3 bytes.
            for (level, percent) in [(1, 100), (6, 102), (9, 102)] {
                let zlib = tests::compress(&mut Deflater::new(level, 15, false), message).len();
                let whole = compress(message, level, 15).len();
                assert!(
                    whole * 100 <= zlib * percent,
                    "{length} bytes of {name} at level {level}: {whole}, with zlib {zlib}"
                );
            }
        }
    }
}

#[test]
fn higher_levels_make_longer_messages_shorter() {
    let length = |level| {
        compress(json().as_bytes().first_chunk::<LONGEST_MESSAGE>().unwrap(), level, 15).len()
    };
    let lengths: Vec<_> = (1..=9).map(length).collect();
    assert!(lengths.is_sorted_by(|one, next| one >= next), "{lengths:?}");
}

#[test]
fn what_cannot_be_compressed_grows_by_the_headers() {
    for length in [1, 2, 100, 5000, 65_535, LONGEST_MESSAGE] {
        let most = length + 5 * length.div_ceil(65_535) + 1;
        assert!(compress(&noise(length), 6, 15).len() <= most, "{length}");
    }
}
