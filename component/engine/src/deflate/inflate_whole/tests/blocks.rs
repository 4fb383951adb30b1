//! Blocks that no compressor writes.

use super::*;

/// Writes blocks with codes of their own (RFC 1951 §3.2.7).
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    bits: usize,
}

const END: usize = 256;

/// In the order of the header: a complete code of the symbols 0 to 18.
const LENGTHS_CODE: [u8; 19] = [4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5];
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Writer {
    fn bit(&mut self, bit: usize) {
        if self.bits.is_multiple_of(8) {
            self.bytes.push(0);
        }
        *self.bytes.last_mut().unwrap() |= u8::from(bit & 1 == 1) << (self.bits % 8);
        self.bits += 1;
    }

    fn number(&mut self, number: usize, bits: u32) {
        (0..bits).for_each(|bit| self.bit(number >> bit));
    }

    /// The codeword of a symbol in the code of these lengths.
    fn symbol(&mut self, lengths: &[u8], symbol: usize) {
        let length = lengths[symbol];
        let mut codeword = 0;
        for shorter in 1..=length {
            codeword <<= 1;
            let before = if shorter < length { lengths } else { &lengths[..symbol] };
            codeword += before.iter().map(|one| usize::from(*one == shorter)).sum::<usize>();
        }
        (0..length).rev().for_each(|bit| self.bit(codeword >> bit));
    }

    /// A header whose lengths are these symbols, with extra bits of 0.
    fn header(&mut self, is_final: bool, literals: usize, distances: usize, symbols: &[usize]) {
        self.number(usize::from(is_final), 1);
        self.number(0b10, 2);
        self.number(literals - 257, 5);
        self.number(distances - 1, 5);
        self.number(ORDER.len() - 4, 4);
        for symbol in ORDER {
            self.number(LENGTHS_CODE[symbol].into(), 3);
        }
        for symbol in symbols {
            self.symbol(&LENGTHS_CODE, *symbol);
            self.number(0, [2, 3, 7].get(symbol.wrapping_sub(16)).copied().unwrap_or(0));
        }
    }

    /// A block of these literals.
    fn block(&mut self, is_final: bool, literals: &[u8], distances: &[u8], text: &[u8]) {
        let symbols: Vec<_> = [literals, distances].concat().into_iter().map(usize::from).collect();
        self.header(is_final, literals.len(), distances.len(), &symbols);
        for byte in text {
            self.symbol(literals, usize::from(*byte));
        }
        if literals[END] > 0 {
            self.symbol(literals, END);
        }
    }

    /// Ends the message as its sender would.
    fn end(mut self) -> Vec<u8> {
        self.number(0, 3);
        self.bytes
    }
}

/// The lengths of the codewords of `a`, `b` and the end.
fn literals(a: u8, b: u8, end: u8) -> Vec<u8> {
    let mut lengths = vec![0; 257];
    lengths[usize::from(b'a')] = a;
    lengths[usize::from(b'b')] = b;
    lengths[END] = end;
    lengths
}

fn block(literals: &[u8], distances: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.block(false, literals, distances, b"aaaaaaaa");
    writer.end()
}

#[test]
fn a_sound_block_is_taken() {
    let payload = block(&literals(2, 2, 1), &[1, 1]);
    assert_eq!(inflated(&payload, MOST), Some(b"aaaaaaaa".to_vec()));
    assert_eq!(with_zlib(&payload), Some(b"aaaaaaaa".to_vec()));
}

#[test]
fn codes_that_are_none_are_refused() {
    let padded = |length| {
        let mut lengths = literals(2, 2, 1);
        lengths.resize(length, 0);
        lengths
    };
    let mut many_distances = vec![1, 1];
    many_distances.resize(31, 0);
    for (what, literals, distances) in [
        ("a literal is missing", literals(2, 3, 1), &[1, 1][..]),
        ("a literal is too many", literals(1, 2, 1), &[1, 1]),
        ("the end is missing", literals(1, 1, 0), &[1, 1]),
        ("a distance is missing", literals(2, 2, 1), &[2, 1]),
        ("a distance is too many", literals(2, 2, 1), &[1, 1, 1]),
        ("more lengths than there are", padded(287), &[1, 1]),
        ("more distances than there are", literals(2, 2, 1), &many_distances),
    ] {
        let payload = block(&literals, distances);
        assert_eq!(inflated(&payload, MOST), None, "{what}");
        assert_eq!(with_zlib(&payload), None, "{what}");
    }
}

#[test]
fn repetitions_have_something_to_repeat_and_room() {
    let sound: Vec<_> = literals(2, 2, 1).into_iter().map(usize::from).collect();
    let behind = |last: &[usize]| [&sound, last].concat();
    // Each would be sound with zeros in place of what there is not, or without the last.
    let nothing = [&[16], &behind(&[1, 1, 0])[3..]].concat();
    for symbols in [nothing, behind(&[1, 1, 18]), behind(&[1, 1, 17])] {
        let mut writer = Writer::default();
        writer.header(false, 257, 3, &symbols);
        let lengths = literals(2, 2, 1);
        writer.symbol(&lengths, usize::from(b'a'));
        writer.symbol(&lengths, END);
        let payload = writer.end();
        assert_eq!(inflated(&payload, MOST), None);
        assert_eq!(with_zlib(&payload), None);
    }
}

/// Sound, and rare.
#[test]
fn a_code_of_one_distance_is_left_to_zlib() {
    let payload = block(&literals(2, 2, 1), &[1]);
    assert_eq!(inflated(&payload, MOST), None);
    assert_eq!(with_zlib(&payload), Some(b"aaaaaaaa".to_vec()));
}

/// RFC 7692 §7.2.3.4.
#[test]
fn a_final_block_behind_others_is_left_to_zlib() {
    let mut writer = Writer::default();
    writer.block(false, &literals(2, 2, 1), &[1, 1], b"aaaaaaaa");
    writer.block(true, &literals(2, 2, 1), &[1, 1], b"b");
    let payload = writer.end();
    assert_eq!(inflated(&payload, MOST), None);
    assert_eq!(with_zlib(&payload), Some(b"aaaaaaaab".to_vec()));
}
