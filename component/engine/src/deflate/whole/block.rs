//! Writes blocks: stored, with the fixed code, or with one of their own, whichever is
//! the shortest (RFC 1951 §3.2.3).

use super::bits::Bits;
use super::fixed::FIXED;
use super::header::Header;
use super::huffman::{self, Codeword, Counts, LONGEST_CODEWORD, Scratch};
use super::low;
use super::matches::Sequence;

/// Literals, the end of the block, and lengths; and distances. Two of either have only
/// codewords in the fixed code, and no meaning.
pub(super) const LITERALS: usize = 288;
pub(super) const DISTANCES: usize = 32;
const END: usize = 256;
const FIRST_LENGTH: usize = 257;

/// The code of the literals and lengths, and that of the distances.
pub(super) struct Codes {
    pub(super) literals: [u8; LITERALS],
    pub(super) distances: [u8; DISTANCES],
    literal_counts: Counts,
    distance_counts: Counts,
}

/// How often each symbol occurs.
struct Frequencies {
    literals: [u16; LITERALS],
    distances: [u16; DISTANCES],
    extra_bits: usize,
}

/// Appends a block of these bytes, in which these sequences are. There is one byte at
/// least, and at most 65,535 times the same symbol.
pub(super) fn write(bits: &mut Bits<'_>, bytes: &[u8], sequences: &[Sequence]) {
    let frequencies = Frequencies::of(bytes, sequences);
    let mut scratch = Scratch::new();
    let own = frequencies.codes(&mut scratch);
    let header = Header::of(&own, &mut scratch);
    let own_cost = header.cost() + frequencies.cost(&own);
    let fixed_cost = frequencies.fixed_cost();
    let cost = own_cost.min(fixed_cost);
    if stored_cost(bits, bytes) <= 3 + cost {
        return store(bits, bytes);
    }
    bits.reserve(3 + cost);
    // BFINAL, then BTYPE.
    if fixed_cost <= own_cost {
        bits.put(0b01 << 1, 3);
        compress(bits, bytes, sequences, &FIXED);
    } else {
        bits.put(0b10 << 1, 3);
        header.write(bits);
        compress(bits, bytes, sequences, &Codewords::of(&own));
    }
}

/// Bytes of the longest stored block (RFC 1951 §3.2.4).
const LONGEST_STORED: usize = 65_535;

fn stored_cost(bits: &Bits<'_>, bytes: &[u8]) -> usize {
    let blocks = bytes.len().div_ceil(LONGEST_STORED);
    // Those behind the first one begin with a whole byte.
    bits.aligned(3) + 32 + (blocks - 1) * (8 + 32) + 8 * bytes.len()
}

/// Appends stored blocks of these bytes.
fn store(bits: &mut Bits<'_>, bytes: &[u8]) {
    bits.reserve(stored_cost(bits, bytes));
    for bytes in bytes.chunks(LONGEST_STORED) {
        let length = low(bytes.len());
        bits.put(0, 3);
        bits.align();
        bits.put(u32::from(length), 16);
        bits.put(u32::from(!length), 16);
        bits.flush();
        bits.bytes(bytes);
    }
}

impl Frequencies {
    #[inline(never)]
    fn of(mut bytes: &[u8], sequences: &[Sequence]) -> Self {
        let (mut literals, mut distances, mut extra_bits) = ([0; LITERALS], [0; DISTANCES], 0);
        for sequence in sequences {
            count(&mut literals, take(&mut bytes, sequence.literals.into()));
            take(&mut bytes, sequence.length.into());
            let (length, distance) = (sequence.length_symbol(), sequence.distance_symbol());
            literals[FIRST_LENGTH + length.index as usize] += 1;
            distances[distance.index as usize] += 1;
            extra_bits += (length.extra_bits + distance.extra_bits) as usize;
        }
        count(&mut literals, bytes);
        literals[END] = 1;
        Self { literals, distances, extra_bits }
    }

    fn codes(&self, scratch: &mut Scratch) -> Codes {
        let (mut literals, mut distances) = ([0; LITERALS], [0; DISTANCES]);
        let literal_counts =
            huffman::lengths(&self.literals, LONGEST_CODEWORD, &mut literals, scratch);
        let distance_counts =
            huffman::lengths(&self.distances, LONGEST_CODEWORD, &mut distances, scratch);
        Codes { literals, distances, literal_counts, distance_counts }
    }

    /// Bits of the block's symbols.
    fn cost(&self, codes: &Codes) -> usize {
        huffman::cost(&self.literals, &codes.literals)
            + huffman::cost(&self.distances, &codes.distances)
            + self.extra_bits
    }

    /// The same in the fixed code (RFC 1951 §3.2.6): 8 bits for most literals.
    fn fixed_cost(&self) -> usize {
        let Self { literals, distances, extra_bits } = self;
        let sum = |frequencies: &[u16]| frequencies.iter().map(|one| u32::from(*one)).sum::<u32>();
        let literals = 8 * sum(literals) + sum(&literals[144..256]) - sum(&literals[256..280]);
        (literals + 5 * sum(distances)) as usize + extra_bits
    }
}

fn count(frequencies: &mut [u16; LITERALS], literals: &[u8]) {
    for literal in literals {
        frequencies[usize::from(*literal)] += 1;
    }
}

/// Takes bytes off the front.
#[inline]
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (front, rest) = bytes.split_at(count);
    *bytes = rest;
    front
}

/// The codewords of both codes.
pub(super) struct Codewords {
    pub(super) literals: [Codeword; LITERALS],
    pub(super) distances: [Codeword; DISTANCES],
}

impl Codewords {
    fn of(codes: &Codes) -> Self {
        let mut literals = [Codeword::default(); LITERALS];
        let mut distances = [Codeword::default(); DISTANCES];
        huffman::codewords(&codes.literal_counts, &codes.literals, &mut literals);
        huffman::codewords(&codes.distance_counts, &codes.distances, &mut distances);
        Self { literals, distances }
    }
}

/// Puts the symbols of the block, and its end.
#[inline(never)]
fn compress(
    bits: &mut Bits<'_>,
    mut bytes: &[u8],
    sequences: &[Sequence],
    Codewords { literals, distances }: &Codewords,
) {
    let mut sequences = sequences.iter();
    loop {
        // Behind the last one, there are only literals.
        let sequence = sequences.next();
        let before = sequence.map_or(bytes.len(), |sequence| sequence.literals.into());
        for literal in take(&mut bytes, before) {
            bits.put_codeword(literals[usize::from(*literal)]);
            bits.make_room();
        }
        bits.flush();
        let Some(sequence) = sequence else { break };
        take(&mut bytes, sequence.length.into());
        // Up to 15 + 5 + 15 + 13 bits.
        let symbol = sequence.length_symbol();
        bits.put_codeword(literals[FIRST_LENGTH + symbol.index as usize]);
        bits.put(symbol.extra, symbol.extra_bits);
        let symbol = sequence.distance_symbol();
        bits.put_codeword(distances[symbol.index as usize]);
        bits.put(symbol.extra, symbol.extra_bits);
        bits.flush();
    }
    bits.put_codeword(literals[END]);
    bits.flush();
}
