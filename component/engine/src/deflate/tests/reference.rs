//! DEFLATE (RFC 1951) in its plainest form: slow, trusting, bit by bit.

use alloc::vec;
use alloc::vec::Vec;

use crate::deflate::TAIL;

/// Decompresses messages and keeps an eye on how far their matches reach back.
#[derive(Default)]
pub(in crate::deflate) struct Reference {
    context: Vec<u8>,
    pub(in crate::deflate) longest_distance: usize,
}

impl Reference {
    pub(in crate::deflate) fn message(&mut self, payload: &[u8]) -> Vec<u8> {
        let start = self.context.len();
        let bytes = [payload, &TAIL].concat();
        let mut bits = Bits { bytes: &bytes, position: 0 };
        while bits.position < bytes.len() * 8 {
            self.block(&mut bits);
        }
        self.context[start..].to_vec()
    }

    pub(in crate::deflate) fn forget_context(&mut self) {
        self.context.clear();
    }

    fn block(&mut self, bits: &mut Bits<'_>) {
        assert_eq!(bits.take(1), 0, "no block is final");
        match bits.take(2) {
            0b00 => {
                bits.position = bits.position.next_multiple_of(8);
                let length = bits.take(16);
                assert_eq!(bits.take(16), !length & 0xffff);
                for _ in 0..length {
                    self.context.push(u8::try_from(bits.take(8)).unwrap());
                }
            }
            0b01 => {
                let literal = [vec![8; 144], vec![9; 112], vec![7; 24], vec![8; 8]].concat();
                self.compressed(bits, &Code::new(&literal), &Code::new(&[5; 30]));
            }
            0b10 => {
                let (literal, distance) = dynamic_codes(bits);
                self.compressed(bits, &literal, &distance);
            }
            reserved => panic!("block type {reserved}"),
        }
    }

    fn compressed(&mut self, bits: &mut Bits<'_>, literal: &Code, distance: &Code) {
        loop {
            match literal.decode(bits) {
                symbol @ 0..=255 => self.context.push(u8::try_from(symbol).unwrap()),
                256 => return,
                symbol => {
                    let length = match symbol - 257 {
                        28 => 258,
                        n @ 0..=7 => n + 3,
                        n => ((4 + n % 4) << (n / 4 - 1)) + bits.take(n / 4 - 1) + 3,
                    };
                    let back = match distance.decode(bits) {
                        n @ 0..=3 => n + 1,
                        n => ((2 + n % 2) << (n / 2 - 1)) + bits.take(n / 2 - 1) + 1,
                    };
                    self.longest_distance = self.longest_distance.max(back);
                    for _ in 0..length {
                        self.context.push(self.context[self.context.len() - back]);
                    }
                }
            }
        }
    }
}

/// RFC 1951 §3.2.7.
fn dynamic_codes(bits: &mut Bits<'_>) -> (Code, Code) {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = bits.take(5) + 257;
    let distances = bits.take(5) + 1;
    let mut lengths_lengths = [0; 19];
    for index in &ORDER[..bits.take(4) + 4] {
        lengths_lengths[*index] = bits.take(3);
    }
    let lengths_code = Code::new(&lengths_lengths);
    let mut lengths: Vec<usize> = vec![];
    while lengths.len() < literals + distances {
        let (length, times) = match lengths_code.decode(bits) {
            16 => (*lengths.last().unwrap(), 3 + bits.take(2)),
            17 => (0, 3 + bits.take(3)),
            18 => (0, 11 + bits.take(7)),
            length => (length, 1),
        };
        lengths.extend(vec![length; times]);
    }
    (Code::new(&lengths[..literals]), Code::new(&lengths[literals..]))
}

/// A Huffman code (RFC 1951 §3.2.2): the symbols of each length of codeword,
/// in the order of their codewords, which are consecutive numbers.
struct Code([Vec<usize>; 15]);

impl Code {
    fn new(lengths: &[usize]) -> Self {
        let of_length = |length| {
            let symbols = lengths.iter().enumerate().filter(|(_, l)| **l == length);
            symbols.map(|(symbol, _)| symbol).collect()
        };
        Self(core::array::from_fn(|index| of_length(index + 1)))
    }

    fn decode(&self, bits: &mut Bits<'_>) -> usize {
        let mut codeword = 0;
        for symbols in &self.0 {
            codeword = codeword << 1 | bits.take(1);
            match symbols.get(codeword) {
                Some(symbol) => return *symbol,
                // Relative to the first codeword of the next length.
                None => codeword -= symbols.len(),
            }
        }
        panic!("not a codeword");
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Bits<'_> {
    /// The next bits as a number, the first one lowest.
    fn take(&mut self, count: usize) -> usize {
        let mut number = 0;
        for index in 0..count {
            let byte = usize::from(self.bytes[self.position / 8]);
            number |= (byte >> (self.position % 8) & 1) << index;
            self.position += 1;
        }
        number
    }
}
