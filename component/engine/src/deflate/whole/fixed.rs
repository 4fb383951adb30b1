//! The fixed code (RFC 1951 §3.2.6), computed when this is compiled: short messages use it.

use super::block::{Codewords, DISTANCES, LITERALS};
use super::huffman::Codeword;

pub(super) static FIXED: Codewords = {
    let none = Codeword::of(0, 0);
    let (mut literals, mut distances) = ([none; LITERALS], [none; DISTANCES]);
    let mut symbol = 0_u16;
    while (symbol as usize) < LITERALS {
        literals[symbol as usize] = match symbol {
            0..144 => Codeword::of(0b0011_0000 + symbol, 8),
            144..256 => Codeword::of(0b1_1001_0000 + symbol - 144, 9),
            256..280 => Codeword::of(symbol - 256, 7),
            280.. => Codeword::of(0b1100_0000 + symbol - 280, 8),
        };
        symbol += 1;
    }
    let mut symbol = 0_u16;
    while (symbol as usize) < DISTANCES {
        distances[symbol as usize] = Codeword::of(symbol, 5);
        symbol += 1;
    }
    Codewords { literals, distances }
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::whole::huffman::{self, Counts};

    /// As the RFC says, a code follows from the lengths of its codewords.
    #[test]
    fn the_fixed_code_follows_from_its_lengths() {
        let mut lengths = [8; LITERALS];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        let mut counts = Counts::default();
        counts[7..=9].copy_from_slice(&[24, 152, 112]);
        let mut literals = [Codeword::default(); LITERALS];
        huffman::codewords(&counts, &lengths, &mut literals);
        assert_eq!(literals, FIXED.literals);

        let mut counts = Counts::default();
        counts[5] = 32;
        let mut distances = [Codeword::default(); DISTANCES];
        huffman::codewords(&counts, &[5; DISTANCES], &mut distances);
        assert_eq!(distances, FIXED.distances);
    }
}
