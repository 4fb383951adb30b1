//! Codes against the best ones there are.

use super::*;
use crate::deflate::whole::huffman::{self, Counts, Scratch};

/// With symbols that do not occur, so that there are whole groups.
fn padded<T: Copy + Default>(symbols: &[T]) -> Vec<T> {
    let mut padded = symbols.to_vec();
    padded.resize(symbols.len().next_multiple_of(huffman::GROUP as usize), T::default());
    padded
}

fn lengths(frequencies: &[u16], limit: usize) -> (Vec<u8>, Counts) {
    let padded = padded(frequencies);
    let mut lengths = vec![0; padded.len()];
    let counts = huffman::lengths(&padded, limit, &mut lengths, &mut Scratch::new());
    assert_eq!(lengths.split_off(frequencies.len()).iter().max().unwrap_or(&0), &0);
    (lengths, counts)
}

/// Bits of the best code of that limit, by merging packages (Larmore and Hirschberg,
/// 1990).
fn best(frequencies: &[u16], limit: usize) -> u64 {
    let mut leaves: Vec<u64> =
        frequencies.iter().copied().filter(|f| *f > 0).map(u64::from).collect();
    leaves.sort_unstable();
    let mut packages = leaves.clone();
    for _ in 1..limit {
        packages = packages.chunks_exact(2).map(|pair| pair[0] + pair[1]).collect();
        packages.extend(&leaves);
        packages.sort_unstable();
    }
    packages[..2 * leaves.len() - 2].iter().sum()
}

/// That the code is complete, within its limit, and as long as it should be.
fn check(frequencies: &[u16], limit: usize) {
    let (lengths, counts) = lengths(frequencies, limit);
    let of_length = |length| lengths.iter().filter(|l| usize::from(**l) == length).count();
    for (length, count) in counts.iter().enumerate().skip(1) {
        assert_eq!(usize::from(*count), of_length(length));
    }
    let used = frequencies.iter().filter(|frequency| **frequency > 0).count();
    assert_eq!(lengths.len() - of_length(0), used.max(2));
    let room: usize = (1..=limit).map(|length| of_length(length) << (limit - length)).sum();
    assert_eq!(room, 1 << limit, "{lengths:?}");
    if used >= 2 {
        let cost = huffman::cost(&padded(frequencies), &padded(&lengths)) as u64;
        let (best, unlimited) = (best(frequencies, limit), best(frequencies, 32));
        if best == unlimited {
            assert_eq!(cost, best, "{frequencies:?}");
        } else {
            assert!((best..=best + best / 2).contains(&cost), "{cost}, but {best} is possible");
        }
    }
}

#[test]
fn few_symbols_have_two_codewords() {
    assert_eq!(lengths(&[0; 30], 15).0[..3], [1, 1, 0]);
    assert_eq!(lengths(&[7, 0, 0], 15).0, [1, 1, 0]);
    assert_eq!(lengths(&[0, 0, 7], 15).0, [1, 0, 1]);
}

#[test]
fn the_rarest_codes_of_all_are_within_the_limit() {
    // The deepest tree for its weight.
    let mut fibonacci = vec![1_u16, 1];
    while fibonacci.len() < 24 {
        fibonacci.push(fibonacci[fibonacci.len() - 1] + fibonacci[fibonacci.len() - 2]);
    }
    for count in 2..=24 {
        check(&fibonacci[..count], 15);
        check(&fibonacci[..count.min(19)], 7);
    }
}

proptest! {
    #[test]
    fn a_code_is_complete_and_the_best_within_its_limit(
        frequencies in prop::collection::vec((0_u32..16, any::<u16>()), 2..288),
    ) {
        let frequencies: Vec<u16> = frequencies.iter().map(|(shift, n)| (n >> shift) / 8).collect();
        check(&frequencies, 15);
        check(&frequencies[..frequencies.len().min(19)], 7);
    }
}
