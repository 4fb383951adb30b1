//! Masking (§5.3): in place, on the way forward, or on the way to a list. Masking and
//! unmasking are the same operation.
//!
//! No way in is inlined: in the midst of all that a connection does, a guest's compiler
//! keeps what the loops need on the stack, not in registers.

use alloc::vec::Vec;
use core::hint;

/// A masking key (§5.3).
pub(crate) type MaskingKey = [u8; 4];

/// Masked at once: sixteen SIMD registers. A loop in a sandbox pays for each turn,
/// as the host counts them against the CPU deadline.
const BLOCK: usize = 256;
/// One SIMD register.
const LANE: usize = 16;
const WORD: usize = 4;

/// From so many bytes on it pays to have blocks begin at the address of a lane. Where
/// they do not, a processor may take twice as long to write them (measured on AMD's Zen 3).
const LONG: usize = 4096;

/// Masks or unmasks a stretch of application data that starts `offset` bytes
/// into the frame's payload.
pub(crate) fn apply_mask(payload: &mut [u8], key: MaskingKey, offset: u64) {
    move_unmasked(payload, 0, rotated(key, offset));
}

/// Appends a stretch of application data that starts `offset` bytes into the
/// frame's payload, and unmasks it on the way.
#[inline(never)]
pub(crate) fn extend_unmasked(out: &mut Vec<u8>, stretch: &[u8], key: MaskingKey, offset: u64) {
    let (blocks, rest) = stretch.as_chunks::<BLOCK>();
    let turned = rotated(key, offset);
    for block in blocks {
        // Lane by lane, in ascending order, which counts as long as the end of `out` lies
        // anywhere: a compiler that has all of a block begins with its last lane.
        out.extend(block.as_chunks::<LANE>().0.iter().flat_map(|lane| masked(*lane, turned)));
    }
    if rest.is_empty() {
        return;
    }
    let tail = out.len();
    out.extend_from_slice(rest);
    apply_mask(&mut out[tail..], key, offset);
}

/// Moves a whole payload forward by `shift` bytes, which come before it, to the front of
/// `bytes`, and unmasks it on the way: each byte is touched once. What is left behind has no
/// meaning.
#[inline(never)]
pub(crate) fn move_unmasked(bytes: &mut [u8], shift: usize, key: MaskingKey) {
    match bytes.len() - shift {
        0..WORD => {
            for (key, at) in key.into_iter().zip(shift..bytes.len()) {
                bytes[at - shift] = bytes[at] ^ key;
            }
        }
        WORD..8 => move_ends::<WORD>(bytes, shift, key),
        8..LANE => move_ends::<8>(bytes, shift, key),
        LANE..32 => move_ends::<LANE>(bytes, shift, key),
        32..64 => move_ends::<32>(bytes, shift, key),
        64..128 => move_ends::<64>(bytes, shift, key),
        128..BLOCK => move_ends::<128>(bytes, shift, key),
        BLOCK.. => move_blocks(bytes, shift, key),
    }
}

/// Moves the first `N` bytes and the last `N`, which are all there are. Those that are
/// among both are read before any is written.
#[inline]
fn move_ends<const N: usize>(bytes: &mut [u8], shift: usize, key: MaskingKey) {
    let payload = &bytes[shift..];
    let last = payload.len() - N;
    let (Some(front), Some(back)) = (payload.first_chunk::<N>(), payload.last_chunk::<N>()) else {
        return;
    };
    let front = masked(*front, key);
    let back = masked(*back, rotated(key, last as u64));
    bytes[..N].copy_from_slice(&front);
    bytes[last..][..N].copy_from_slice(&back);
}

/// Moves a payload of a block or more.
#[inline(never)]
fn move_blocks(bytes: &mut [u8], shift: usize, key: MaskingKey) {
    let mut at = before_lane(&bytes[..bytes.len() - shift]);
    if at > 0 {
        move_unmasked(&mut bytes[..at + shift], shift, key);
    }
    let key = rotated(key, at as u64);
    // What is written lies before all that has yet to be read.
    while let Some(block) = bytes.get(at + shift..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        let block = masked(*block, key);
        bytes[at..][..BLOCK].copy_from_slice(&block);
        // A number like any other: of one that it counts up itself, the compiler for wasm
        // adds up the address of each lane anew.
        at = hint::black_box(at + BLOCK);
    }
    if at + shift < bytes.len() {
        move_unmasked(&mut bytes[at..], shift, key);
    }
}

/// How many bytes come before the address of a lane, where that counts.
#[inline]
fn before_lane(bytes: &[u8]) -> usize {
    if bytes.len() < LONG { 0 } else { bytes.as_ptr().align_offset(LANE) }
}

/// The key as it is where a stretch starts. §5.3: octet i is combined with octet
/// i mod 4 of the key.
fn rotated(key: MaskingKey, offset: u64) -> MaskingKey {
    let octets = (offset % 4) as u32;
    u32::from_le_bytes(key).rotate_right(8 * octets).to_le_bytes()
}

/// Word by word, of which compilers make SIMD registers without first writing
/// the key out as many times.
#[inline]
fn masked<const N: usize>(mut octets: [u8; N], key: MaskingKey) -> [u8; N] {
    let key = u32::from_ne_bytes(key);
    for word in octets.as_chunks_mut::<WORD>().0 {
        *word = (u32::from_ne_bytes(*word) ^ key).to_ne_bytes();
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// §5.3, letter by letter.
    fn oracle(payload: &[u8], key: MaskingKey, offset: u64) -> Vec<u8> {
        (offset..).zip(payload).map(|(i, octet)| octet ^ key[(i % 4) as usize]).collect()
    }

    /// Bytes, so many that there are whole blocks, or so many that their address counts.
    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let len = prop_oneof![0usize..1100, LONG - 9..LONG + 1100];
        len.prop_flat_map(|len| prop::collection::vec(any::<u8>(), len))
    }

    proptest! {
        #[test]
        fn masking_follows_section_5_3(
            payload in octets(),
            key: MaskingKey,
            offset in 0u64..9,
            start in 0usize..20,
        ) {
            let start = start.min(payload.len());
            let mut masked = payload.clone();
            apply_mask(&mut masked[start..], key, offset);
            let expected = oracle(&payload[start..], key, offset);
            prop_assert_eq!(masked, [&payload[..start], &expected].concat());
        }

        #[test]
        fn a_payload_is_unmasked_as_it_moves(
            bytes in octets(),
            key: MaskingKey,
            shift in 0usize..=40,
            start in 0usize..20,
        ) {
            let start = start.min(bytes.len());
            let shift = shift.min(bytes.len() - start);
            let mut moved = bytes.clone();
            move_unmasked(&mut moved[start..], shift, key);
            let expected = oracle(&bytes[start + shift..], key, 0);
            let end = start + expected.len();
            prop_assert_eq!(&moved[..end], [&bytes[..start], &expected].concat());
        }

        #[test]
        fn masking_in_stretches_is_masking_at_once(
            payload in octets(),
            key: MaskingKey,
            cut in 0usize..1100,
        ) {
            let mut whole = payload.clone();
            apply_mask(&mut whole, key, 0);
            let mut parts = payload.clone();
            let cut = cut.min(parts.len());
            let (front, back) = parts.split_at_mut(cut);
            apply_mask(front, key, 0);
            apply_mask(back, key, cut as u64);
            prop_assert_eq!(&parts, &whole);
            let (front, back) = payload.split_at(cut);
            let mut extended = Vec::new();
            extend_unmasked(&mut extended, front, key, 0);
            extend_unmasked(&mut extended, back, key, cut as u64);
            prop_assert_eq!(extended, whole);
        }
    }
}
