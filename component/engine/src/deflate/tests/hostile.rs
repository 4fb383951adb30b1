//! What a peer may send to waste memory or time, or to confuse.

use zlib_rs::{Deflate, DeflateFlush};

use super::*;
use crate::error::{LimitError, ProtocolError};

const BROKEN: Result<Vec<u8>, Failure> = Err(Failure::Protocol(ProtocolError::CompressedData));

/// About 1,000 bytes for each byte of payload.
fn bomb(length: usize) -> Vec<u8> {
    compress(&mut Deflater::new(9, 15, true), &vec![0; length])
}

#[test]
fn a_bomb_stops_at_the_limit_and_never_holds_more() {
    let payload = bomb(4 << 20);
    assert!(payload.len() < 5 << 10);
    for limit in [0, 1, 1023, 1024, 1 << 16, 1_000_000, (4 << 20) - 1] {
        let mut inflater = Inflater::new(true);
        let mut input = &payload[..];
        let mut message = vec![];
        let failure = loop {
            match inflater.inflate(&mut input, &mut message, limit, 1 << 16) {
                Ok(Progress::Pending) => {}
                other => break other,
            }
        };
        assert_eq!(failure, Err(LimitError::MessageBytes(limit + 1).into()));
        assert!(message.capacity() as u64 <= limit + 1, "{} for {limit}", message.capacity());
        assert_eq!(inflater.inflate(&mut input, &mut message, limit, 1 << 16), failure);
    }
}

#[test]
fn a_message_of_the_limit_is_whole() {
    let payload = bomb(1 << 20);
    let (mut input, mut message) = (&payload[..], vec![]);
    let mut inflater = Inflater::new(true);
    let progress = inflater.inflate(&mut input, &mut message, 1 << 20, usize::MAX);
    assert_eq!(progress, Ok(Progress::Complete));
    assert_eq!(inflater.finish(), Ok(()));
    assert_eq!(message, vec![0; 1 << 20]);
}

#[test]
fn memory_grows_with_what_came_and_not_with_the_limit() {
    let payload = bomb(4 << 20);
    let mut inflater = Inflater::new(true);
    let mut input = &payload[..];
    let mut message = vec![];
    while inflater.inflate(&mut input, &mut message, PLENTY, 1 << 12) == Ok(Progress::Pending) {
        let held = message.len();
        assert!(message.capacity() <= 4 * held + (1 << 12), "{} for {held}", message.capacity());
    }
    assert_eq!(message.len(), 4 << 20);
}

#[test]
fn a_bomb_in_a_carried_context_is_no_different() {
    let mut deflater = Deflater::new(9, 15, true);
    let mut inflater = Inflater::new(true);
    for _ in 0..3 {
        let payload = compress(&mut deflater, &vec![b'x'; 1 << 20]);
        assert_eq!(decompress(&mut inflater, &payload), Ok(vec![b'x'; 1 << 20]));
    }
    let payload = compress(&mut deflater, &vec![b'x'; 1 << 20]);
    let mut message = vec![];
    let failure = inflater.inflate(&mut &payload[..], &mut message, 4096, 1 << 16);
    assert_eq!(failure, Err(LimitError::MessageBytes(4097).into()));
    assert!(message.capacity() <= 4097);
}

#[test]
fn streams_that_are_not_deflate_fail_and_stay_failed() {
    let streams = [
        &[0x06][..],                     // reserved block type
        &[0x00, 0x01, 0x00, 0xff, 0xff], // lengths that do not match
        &[0x02, 0x02],                   // a match before any byte
        &[0x04, 0x00, 0xfe, 0xff],       // codes that are over-subscribed
        &[0xf2, 0x00, 0x11, 0x00, 0x00], // a match into a context that is not there
        &[0xff; 300],
    ];
    for stream in streams {
        let mut inflater = Inflater::new(true);
        assert_eq!(decompress(&mut inflater, stream), BROKEN, "{stream:x?}");
        assert_eq!(decompress(&mut inflater, &[0x00]), BROKEN, "{stream:x?}");
    }
}

#[test]
fn a_message_that_is_cut_short_fails() {
    let payload = compress(&mut Deflater::new(6, 15, true), b"Hello, and a stored block as well");
    for length in 1..payload.len() {
        let cut = &payload[..length];
        assert_eq!(decompress(&mut Inflater::new(true), cut), BROKEN, "{length} bytes");
    }
    let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    for length in 2..stored.len() {
        let cut = &stored[..length];
        assert_eq!(decompress(&mut Inflater::new(true), cut), BROKEN, "{length} bytes");
    }
}

#[test]
fn a_tail_that_was_not_removed_fails() {
    let payload = [&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..], &TAIL].concat();
    assert_eq!(decompress(&mut Inflater::new(true), &payload), BROKEN);
}

#[test]
fn a_payload_without_a_byte_is_an_empty_message() {
    let mut inflater = Inflater::new(true);
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(decompress(&mut inflater, &[]), Ok(vec![]));
    assert_eq!(decompress(&mut inflater, &hello), Ok(b"Hello".to_vec()));
    assert_eq!(decompress(&mut inflater, &[]), Ok(vec![]));
    assert_eq!(decompress(&mut inflater, &[0xf2, 0x00, 0x11, 0x00, 0x00]), Ok(b"Hello".to_vec()));
}

/// One final block after the other: a stream that ends in each.
fn final_blocks(message: &[u8]) -> Vec<u8> {
    let mut stream = Deflate::new(6, false, 15);
    let mut payload = vec![0; 1 << 16];
    let mut length = 0;
    for part in message.chunks(100) {
        stream.compress(part, &mut payload[length..], DeflateFlush::Finish).unwrap();
        length += usize::try_from(stream.total_out()).unwrap();
        stream.reset();
    }
    payload.truncate(length);
    payload
}

#[test]
fn what_follows_a_final_block_belongs_to_the_message() {
    let message: Vec<u8> = (0..1000_u32).map(|n| n.to_be_bytes()[3]).collect();
    let payload = final_blocks(&message);
    // RFC 7692 §7.2.3.4 asks for 0x00 behind; some senders forget it.
    for payload in [[&payload[..], &[0x00]].concat(), payload] {
        for frame in [1, 7, payload.len()] {
            for context_takeover in [true, false] {
                let mut inflater = Inflater::new(context_takeover);
                for _ in 0..2 {
                    let received = decompress_in_steps(&mut inflater, &payload, frame, 64);
                    assert_eq!(received.as_ref(), Ok(&message));
                }
            }
        }
    }
}

#[test]
fn garbage_behind_a_final_block_fails() {
    let payload = [&final_blocks(b"Hello")[..], &[0x06]].concat();
    assert_eq!(decompress(&mut Inflater::new(true), &payload), BROKEN);
}

#[test]
fn a_message_cut_short_behind_a_final_block_fails() {
    let mut inflater = Inflater::new(true);
    // Longer than what follows, so that the bytes of both are not mixed up.
    let first = compress(&mut Deflater::new(6, 15, true), &noise(100));
    assert_eq!(decompress(&mut inflater, &first), Ok(noise(100)));
    let payload = [&final_blocks(b"Hello")[..], &[0xf2, 0x48]].concat();
    assert_eq!(decompress(&mut inflater, &payload), BROKEN);
}

#[test]
fn a_final_block_forgets_the_context() {
    let mut inflater = Inflater::new(true);
    let payload = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(decompress(&mut inflater, &payload), Ok(b"Hello".to_vec()));
    assert_eq!(decompress(&mut inflater, &[0xf2, 0x00, 0x11, 0x00, 0x00]), BROKEN);
}

proptest! {
    #[test]
    fn no_bytes_make_the_inflater_panic_or_leave_its_bounds(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..8),
        limit in 0_u64..2000,
        budget in 1_usize..500,
    ) {
        let mut inflater = Inflater::new(true);
        let mut message = vec![];
        for mut input in frames.iter().map(Vec::as_slice) {
            while let Ok(Progress::Pending) =
                inflater.inflate(&mut input, &mut message, limit, budget) {}
            prop_assert!(message.len() as u64 <= limit + 1);
            if inflater.finish().is_ok() {
                message.clear();
            }
        }
    }
}
