//! Bytes as text: hex, with `*` for repetition, as in `81 05 61*5`.

/// Parses hex. White space separates; `xx*n` is the byte `xx`, `n` times.
pub(crate) fn parse(text: &str) -> Vec<u8> {
    text.split_whitespace().flat_map(parse_word).collect()
}

fn parse_word(word: &str) -> Vec<u8> {
    let (digits, count) = match word.split_once('*') {
        Some((digits, count)) => (digits, count.parse().expect("a count behind `*`")),
        None => (word, 1),
    };
    assert!(digits.len().is_multiple_of(2), "half a byte in {word:?}");
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex digits");
    let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes.repeat(count)
}

/// Writes hex; long runs of one byte are written `xx*n`.
pub(crate) fn show(bytes: &[u8]) -> String {
    let runs = bytes.chunk_by(|a, b| a == b);
    let words = runs.map(|run| match run.len() {
        count @ 0..=8 => format!("{:02x}", run[0]).repeat(count),
        count => format!(" {:02x}*{count} ", run[0]),
    });
    words.collect::<String>().trim().replace("  ", " ")
}

#[test]
fn hex_is_read_as_it_is_written() {
    for bytes in [&b""[..], b"\x81\x05Hello", &[[0; 300].as_slice(), &[7; 9], &[1]].concat()] {
        assert_eq!(parse(&show(bytes)), bytes);
    }
}
