//! Messages as a whole: against a plain decoder and zlib, at the edges of everything.

mod huffman;
mod length;

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;
use core::iter::successors;

use proptest::prelude::*;

use super::places::Places;
use super::{LONGEST_MESSAGE, deflate};
use crate::deflate::Inflater;
use crate::deflate::tests::reference::Reference;
use crate::deflate::tests::{compressible, decompress, noise};

fn compress(message: &[u8], level: u8, window_bits: u8) -> Vec<u8> {
    let mut payload = vec![];
    deflate(message, level, window_bits, &mut payload);
    payload
}

/// What a plain decoder has for it, and how far its matches reach back.
fn plainly(payload: &[u8]) -> (Vec<u8>, usize) {
    let mut reference = Reference::default();
    let message = reference.message(payload);
    (message, reference.longest_distance)
}

/// Repetitions of some period, at and around the bounds of lengths and windows.
fn repetitive() -> impl Strategy<Value = Vec<u8>> {
    let period = prop_oneof![1_usize..20, 250_usize..270, 1_usize..2000, 32_700_usize..32_800];
    let length =
        prop_oneof![0_usize..20, 250_usize..270, 32_760_usize..32_780, 1_usize..LONGEST_MESSAGE];
    (period, length)
        .prop_map(|(period, length)| noise(period).into_iter().cycle().take(length).collect())
}

fn messages() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => compressible(),
        1 => (0_usize..3000).prop_map(noise),
        1 => (any::<u8>(), 0_usize..600).prop_map(|(byte, times)| vec![byte; times]),
        1 => prop::collection::vec(0_u8..3, 0..400),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ];
    let parts = prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat());
    prop_oneof![3 => parts, 1 => repetitive()].prop_map(|mut message| {
        message.truncate(LONGEST_MESSAGE);
        message
    })
}

proptest! {
    #[test]
    fn a_message_comes_back_and_no_match_leaves_the_window(
        level in 1_u8..=9,
        window_bits in 8_u8..=15,
        message in messages(),
    ) {
        let payload = compress(&message, level, window_bits);
        let (received, longest_distance) = plainly(&payload);
        prop_assert_eq!(&received, &message);
        prop_assert!(longest_distance <= 1 << window_bits);
        prop_assert_eq!(decompress(&mut Inflater::new(false), &payload), Ok(message));
    }
}

#[test]
fn what_is_in_the_output_stays_there() {
    let mut output = b"before".to_vec();
    for message in [noise(100), vec![b'x'; 100]] {
        output.truncate(6);
        deflate(&message, 6, 15, &mut output);
        assert_eq!(output[..6], *b"before");
        assert_eq!(output[6..], compress(&message, 6, 15));
    }
}

#[test]
fn an_empty_message_is_one_byte() {
    for level in 1..=9 {
        assert_eq!(compress(b"", level, 15), [0x00]);
    }
}

/// RFC 7692 §7.2.3.1.
#[test]
fn the_example_of_the_rfc_is_written() {
    assert_eq!(compress(b"Hello", 6, 15), [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
}

#[test]
fn messages_of_all_lengths_come_back() {
    for length in (0..600).chain(LONGEST_MESSAGE - 3..=LONGEST_MESSAGE) {
        for message in [vec![b'x'; length], noise(length)] {
            assert_eq!(plainly(&compress(&message, 6, 15)).0, message, "{length}");
        }
    }
}

/// 7 bits in each byte, so that there is something to gain, but no 4 bytes twice.
fn without_matches(length: usize) -> Vec<u8> {
    let mut seen = BTreeSet::new();
    let mut message: Vec<u8> = vec![];
    for byte in noise(length) {
        message.push(byte % 128);
        while let Some(word) = message.last_chunk::<4>()
            && !seen.insert(*word)
        {
            let last = message.pop().unwrap();
            message.push((last + 1) % 128);
        }
    }
    message
}

#[test]
fn the_longest_message_may_be_literals_alone() {
    let message = without_matches(LONGEST_MESSAGE);
    let payload = compress(&message, 9, 15);
    assert!(payload.len() < message.len());
    assert!(plainly(&payload) == (message, 0));
}

#[test]
fn the_chain_of_a_long_match_leads_back_from_place_to_place() {
    let message = vec![b'x'; 1 << 14];
    let (mut heads, mut chains) = (vec![0; 1 << 14], vec![0; 1 << 14]);
    let mut places = Places { heads: &mut heads, chains: &mut chains };
    places.insert_match(&message, 0, 100, message.len());
    let chain: Vec<_> = successors(heads.iter().max().copied(), |place| {
        Some(chains[usize::from(*place)]).filter(|before| *before > 0)
    })
    .take(100)
    .collect();
    assert_eq!(chain, (91..=100).rev().chain((1..=10).rev()).collect::<Vec<_>>());
}

#[test]
fn matches_reach_to_the_end_of_the_window_and_no_further() {
    for window_bits in 8..=15 {
        let window = 1_usize << window_bits;
        for level in 1..=9 {
            for (period, expected) in [(window, window), (window + 1, 0)] {
                let mut message = noise(period);
                message.extend_from_within(..200);
                let (received, longest_distance) = plainly(&compress(&message, level, window_bits));
                assert_eq!(received, message);
                assert!(
                    longest_distance == expected || expected == 0 && longest_distance < window,
                    "{longest_distance} at {window_bits} bits, level {level}"
                );
            }
        }
    }
}
