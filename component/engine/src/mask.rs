//! Masking (§5.3), in place. Masking and unmasking are the same operation.
//!
//! None of it is inlined: in the midst of all that a connection does, a guest's
//! compiler keeps what the loops need on the stack, not in registers.

use alloc::vec::Vec;

/// A masking key (§5.3).
pub(crate) type MaskingKey = [u8; 4];

/// Masked at once: sixteen SIMD registers. A loop in a sandbox pays for each turn,
/// as the host counts them against the CPU deadline. What is left is masked in
/// halves of this, each at most once.
const BLOCK: usize = 256;
/// One SIMD register.
const LANE: usize = 16;
const WORD: usize = 4;

/// From so many bytes on it pays to have blocks begin at the address of a lane. Where
/// they do not, a processor may take twice as long to write them (measured on AMD's Zen 3).
const LONG: usize = 4096;

/// Masks or unmasks a stretch of application data that starts `offset` bytes
/// into the frame's payload.
#[inline(never)]
pub(crate) fn apply_mask(payload: &mut [u8], key: MaskingKey, offset: u64) {
    let (front, payload) = payload.split_at_mut(before_lane(payload));
    if !front.is_empty() {
        apply_mask(front, key, offset);
    }
    let key = rotated(key, offset + front.len() as u64);
    let (blocks, rest) = payload.as_chunks_mut::<BLOCK>();
    for block in blocks {
        *block = masked(*block, key);
    }
    let rest = mask_chunk::<128>(rest, key);
    let rest = mask_chunk::<64>(rest, key);
    let rest = mask_chunk::<32>(rest, key);
    let rest = mask_chunk::<LANE>(rest, key);
    let rest = mask_chunk::<8>(rest, key);
    let rest = mask_chunk::<WORD>(rest, key);
    for (octet, key) in rest.iter_mut().zip(key) {
        *octet ^= key;
    }
}

/// How many bytes come before the address of a lane, where that counts.
#[inline]
fn before_lane(bytes: &[u8]) -> usize {
    if bytes.len() < LONG { 0 } else { bytes.as_ptr().align_offset(LANE) }
}

/// Masks the first `N` bytes, if there are as many; returns those behind.
#[inline]
fn mask_chunk<const N: usize>(bytes: &mut [u8], key: MaskingKey) -> &mut [u8] {
    if bytes.len() < N {
        return bytes;
    }
    // Never else: a `None` here could not give `bytes` back.
    let Some((chunk, rest)) = bytes.split_first_chunk_mut::<N>() else { return &mut [] };
    *chunk = masked(*chunk, key);
    rest
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
    let len = bytes.len() - shift;
    // What is left behind the last whole lane is masked with some of that lane once more:
    // in one go, but read before that lane is written.
    let last = bytes[shift..].last_chunk::<LANE>();
    let last = last.map(|last| masked(*last, rotated(key, len as u64)));
    let before = before_lane(&bytes[..len]);
    if before > 0 {
        move_unmasked(&mut bytes[..before + shift], shift, key);
    }
    let key = rotated(key, before as u64);
    let mut at = before + shift;
    // What is written lies before all that has yet to be read.
    while move_chunk::<BLOCK>(bytes, &mut at, shift, key) {}
    move_chunk::<128>(bytes, &mut at, shift, key);
    move_chunk::<64>(bytes, &mut at, shift, key);
    move_chunk::<32>(bytes, &mut at, shift, key);
    move_chunk::<LANE>(bytes, &mut at, shift, key);
    if at == bytes.len() {
        return;
    }
    if let Some(last) = last {
        bytes[len - LANE..len].copy_from_slice(&last);
        return;
    }
    move_chunk::<8>(bytes, &mut at, shift, key);
    move_chunk::<WORD>(bytes, &mut at, shift, key);
    for (key, at) in key.into_iter().zip(at..bytes.len()) {
        bytes[at - shift] = bytes[at] ^ key;
    }
}

/// Moves the `N` bytes at `at`, if there are as many, and `at` behind them.
#[inline]
fn move_chunk<const N: usize>(
    bytes: &mut [u8],
    at: &mut usize,
    shift: usize,
    key: MaskingKey,
) -> bool {
    let Some(chunk) = bytes.get(*at..).and_then(<[u8]>::first_chunk::<N>) else { return false };
    let chunk = masked(*chunk, key);
    bytes[*at - shift..][..N].copy_from_slice(&chunk);
    *at += N;
    true
}

/// The key as it is where a stretch starts. §5.3: octet i is combined with octet
/// i mod 4 of the key.
fn rotated(key: MaskingKey, offset: u64) -> MaskingKey {
    let octets = (offset % 4) as u32;
    u32::from_be_bytes(key).rotate_left(8 * octets).to_be_bytes()
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
