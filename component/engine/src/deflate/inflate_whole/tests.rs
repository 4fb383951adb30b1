//! Messages as a whole: against zlib, on what is right and on what is not.

mod blocks;

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use proptest::sample::Index;
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

use super::inflate;
use crate::deflate::tests::{compress, compressible, decompress, noise};
use crate::deflate::{Deflater, Inflater, TAIL, whole};

const MOST: usize = 1 << 16;

fn inflated(payload: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut message = vec![];
    let is_inflated = inflate(payload, &mut message, most).is_some();
    assert!(is_inflated || message.is_empty(), "zlib begins with what was left");
    is_inflated.then_some(message)
}

fn with_zlib(payload: &[u8]) -> Option<Vec<u8>> {
    decompress(&mut Inflater::new(false), payload).ok()
}

/// Compresses with zlib, or with this crate's own compressor.
fn compressed(message: &[u8], level: u8, is_own: bool) -> Vec<u8> {
    let mut payload = vec![];
    if is_own {
        whole::deflate(message, level, 15, &mut payload);
    } else {
        payload = compress(&mut Deflater::new(level, 15, false), message);
    }
    payload
}

fn is_dynamic(payload: &[u8]) -> bool {
    payload[0] & 0b111 == 0b100
}

/// Bytes of which some are much rarer than others: with codewords of all lengths.
fn skewed(length: usize) -> Vec<u8> {
    let rank = |byte: &u8| u8::try_from(byte.trailing_zeros()).unwrap();
    let mut ranks = noise(2 * length);
    let rest = ranks.split_off(length);
    ranks.iter().zip(rest).map(|(byte, other)| (rank(byte) << 3) ^ (other & 0x83)).collect()
}

fn messages() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => compressible(),
        1 => (0_usize..3000).prop_map(skewed),
        1 => (0_usize..200).prop_map(noise),
        1 => (any::<u8>(), 0_usize..600).prop_map(|(byte, times)| vec![byte; times]),
        1 => prop::collection::vec(0_u8..3, 0..400),
    ];
    prop::collection::vec(part, 1..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn a_message_comes_back_unless_it_is_an_unusual_one(
        message in messages(),
        level in 1_u8..=9,
        is_own: bool,
    ) {
        let payload = compressed(&message, level, is_own);
        let received = inflated(&payload, MOST);
        // More bytes may be more blocks, some of which may be stored. And where there is
        // no room left, zlib flushes twice.
        let is_usual = is_dynamic(&payload)
            && message.len() < 4000
            && !payload.ends_with(&[0x00, 0x00, 0xff, 0xff, 0x00]);
        prop_assert!(received.is_some() || !is_usual);
        prop_assert_eq!(received.unwrap_or(message.clone()), message);
    }

    #[test]
    fn what_it_takes_zlib_takes_for_the_same(
        message in messages(),
        level in 1_u8..=9,
        wrong in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        in_header: bool,
        cut in prop::option::of(any::<Index>()),
    ) {
        let mut payload = compressed(&message, level, false);
        let reach = if in_header { payload.len().min(20) } else { payload.len() };
        for (at, bits) in wrong {
            payload[at.index(reach)] ^= bits;
        }
        if let Some(cut) = cut {
            payload.truncate(cut.index(payload.len()));
        }
        if let Some(received) = inflated(&payload, MOST) {
            prop_assert_eq!(Some(received), with_zlib(&payload));
        }
    }
}

#[test]
fn a_message_has_so_many_bytes_and_no_more() {
    for length in [300, 1000, 1024, 5000, 40_000] {
        let message: Vec<u8> = skewed(100).into_iter().cycle().take(length).collect();
        let payload = compressed(&message, 6, true);
        assert!(is_dynamic(&payload));
        assert_eq!(inflated(&payload, length), Some(message));
        assert_eq!(inflated(&payload, length - 1), None, "{length}");
    }
}

#[test]
fn matches_of_all_lengths_and_distances_come_back() {
    let start = skewed(500);
    for length in 3..=258 {
        for distance in [1, 2, 15, 16, 17, 31, 32, 95, 96, 97, 255, 256, 257, 499] {
            let mut message = start.clone();
            for _ in 0..length {
                message.push(message[message.len() - distance]);
            }
            let payload = compressed(&message, 6, true);
            assert_eq!(inflated(&payload, MOST), Some(message), "{length} {distance}");
        }
    }
}

#[test]
fn many_short_blocks_are_left_to_zlib() {
    let config = DeflateConfig { window_bits: -15, mem_level: 1, ..DeflateConfig::default() };
    let mut stream = Deflate::new_with_config(config);
    let message = skewed(10_000);
    let mut payload = vec![0; 1 << 14];
    stream.compress(&message, &mut payload, DeflateFlush::SyncFlush).unwrap();
    payload.truncate(usize::try_from(stream.total_out()).unwrap() - TAIL.len());
    assert_eq!(inflated(&payload, MOST), None);
    assert_eq!(with_zlib(&payload), Some(message));
}

/// RFC 7692 §7.2.3.4.
#[test]
fn a_final_block_is_left_to_zlib() {
    let mut stream = Deflate::new(6, false, 15);
    let message = skewed(1000);
    let mut payload = vec![0; 1 << 14];
    stream.compress(&message, &mut payload, DeflateFlush::Finish).unwrap();
    payload.truncate(usize::try_from(stream.total_out()).unwrap());
    assert_eq!(inflated(&payload, MOST), None);
    assert_eq!(with_zlib(&payload), Some(message));
}
