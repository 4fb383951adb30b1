//! The codec against RFC 7692's examples, a plain decoder, and hostile streams.

mod hostile;
pub(super) mod reference;

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::error::Failure;
use reference::Reference;

/// More than any message here holds.
const PLENTY: u64 = 1 << 24;

pub(super) fn compress(deflater: &mut Deflater, message: &[u8]) -> Vec<u8> {
    let mut payload = vec![];
    deflater.begin();
    deflater.deflate(message, &mut payload);
    deflater.finish(&mut payload);
    payload
}

pub(super) fn decompress(inflater: &mut Inflater, payload: &[u8]) -> Result<Vec<u8>, Failure> {
    decompress_in_steps(inflater, payload, payload.len().max(1), 1 << 16)
}

fn decompress_in_steps(
    inflater: &mut Inflater,
    payload: &[u8],
    frame: usize,
    budget: usize,
) -> Result<Vec<u8>, Failure> {
    let mut message = vec![];
    for mut input in payload.chunks(frame) {
        loop {
            let before = message.len();
            let progress = inflater.inflate(&mut input, &mut message, PLENTY, budget)?;
            assert!(message.len() - before <= budget);
            if progress == Progress::Complete {
                break;
            }
        }
        assert!(input.is_empty());
    }
    inflater.finish()?;
    Ok(message)
}

/// Words that repeat at all distances, so that there is something to find.
pub(super) fn compressible() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec((0_usize..60, 0_usize..90, 0_u8..4), 0..40).prop_map(|words| {
        words
            .into_iter()
            .flat_map(|(at, length, noise)| {
                let period = 100 + at * usize::from(noise);
                (at..at + length).map(move |n| u8::try_from(n * n % period % 251).unwrap())
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn messages_come_back_and_no_match_leaves_the_window(
        level in 1_u8..=9,
        window_bits in 8_u8..=15,
        context_takeover: bool,
        messages in prop::collection::vec((compressible(), any::<bool>()), 1..5),
    ) {
        let mut deflater = Deflater::new(level, window_bits, context_takeover);
        let mut inflater = Inflater::new(context_takeover);
        let mut reference = Reference::default();
        for (message, silence) in &messages {
            if *silence {
                deflater.release();
                inflater.release();
            }
            let payload = compress(&mut deflater, message);
            prop_assert_eq!(&reference.message(&payload), message);
            prop_assert_eq!(decompress(&mut inflater, &payload), Ok(message.clone()));
            if !context_takeover {
                reference.forget_context();
            }
        }
        prop_assert!(reference.longest_distance <= 1 << window_bits);
    }

    #[test]
    fn parts_of_a_message_make_the_same_message(
        message in prop::collection::vec(compressible(), 0..20).prop_map(|parts| parts.concat()),
        part in 1_usize..3000,
        frame in 1_usize..300,
        budget in 1_usize..3000,
        again in 1_usize..4,
        context_takeover: bool,
    ) {
        let mut deflater = Deflater::new(6, 15, context_takeover);
        let mut inflater = Inflater::new(context_takeover);
        for _ in 0..again {
            let mut payload = vec![];
            let mut transmitted = vec![];
            deflater.begin();
            for part in message.chunks(part) {
                deflater.deflate(part, &mut payload);
                transmitted.append(&mut payload);
            }
            deflater.finish(&mut payload);
            transmitted.append(&mut payload);
            let received = decompress_in_steps(&mut inflater, &transmitted, frame, budget);
            prop_assert_eq!(received, Ok(message.clone()));
        }
    }
}

/// Bytes without a repetition worth a match.
pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    core::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}

#[test]
fn matches_reach_to_the_end_of_the_window_and_no_further() {
    for window_bits in 8..=15 {
        let window = 1_usize << window_bits;
        let reach = (1_usize << window_bits.max(9)) - 262;
        // One level for each of the encoder's algorithms.
        for level in [1, 2, 6, 9] {
            let mut deflater = Deflater::new(level, window_bits, true);
            let mut reference = Reference::default();
            for period in [reach - 1, reach + 1, window, window + 1] {
                let message = noise(period).repeat(2);
                assert_eq!(reference.message(&compress(&mut deflater, &message)), message);
            }
            let longest = reference.longest_distance;
            assert!(
                (reach - 1..=window).contains(&longest),
                "{longest} at {window_bits} bits, level {level}"
            );
        }
    }
}

#[test]
fn a_context_is_carried_only_where_agreed() {
    let message = b"a message that is worth remembering";
    for context_takeover in [true, false] {
        let mut deflater = Deflater::new(6, 15, context_takeover);
        let first = compress(&mut deflater, message);
        let second = compress(&mut deflater, message);
        assert_eq!(second.len() < first.len() / 4, context_takeover);
        let knows_nothing = decompress(&mut Inflater::new(true), &second);
        assert_eq!(knows_nothing.is_err(), context_takeover);
    }
}

#[test]
fn an_empty_message_is_one_byte_wherever_it_stands() {
    for context_takeover in [true, false] {
        let mut deflater = Deflater::new(6, 15, context_takeover);
        let mut inflater = Inflater::new(context_takeover);
        for message in [&b""[..], b"", b"Hello", b"", b"", b"Hello", b""] {
            let payload = compress(&mut deflater, message);
            assert_eq!(payload == [0x00], message.is_empty());
            assert_eq!(decompress(&mut inflater, &payload), Ok(message.to_vec()));
        }
        let mut payload = vec![];
        deflater.begin();
        deflater.finish(&mut payload);
        assert_eq!(payload, [0x00], "no part at all");
    }
}

/// RFC 7692 §7.2.3, in order.
#[test]
fn the_examples_of_the_rfc_are_read() {
    let one_block = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..];
    let shared_window = &[0xf2, 0x00, 0x11, 0x00, 0x00][..];
    let stored = &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00][..];
    let final_block = &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..];
    let two_blocks =
        &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00][..];
    let mut inflater = Inflater::new(true);
    for payload in [one_block, shared_window, stored, final_block, two_blocks, shared_window] {
        for frame in 1..=payload.len() {
            let message = decompress_in_steps(&mut inflater, payload, frame, 1);
            assert_eq!(message, Ok(b"Hello".to_vec()), "{payload:x?} by {frame}");
        }
    }
    assert_eq!(decompress(&mut inflater, &[0x00]), Ok(vec![]));
}
