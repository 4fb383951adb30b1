//! Masking (§5.3), in place. Masking and unmasking are the same operation.

use alloc::vec::Vec;

/// A masking key (§5.3).
pub(crate) type MaskingKey = [u8; 4];

/// Masked at once: four SIMD registers. A loop in a sandbox pays for each turn,
/// as the host counts them against the CPU deadline.
const BLOCK: usize = 64;

/// What is left is masked by single registers, then byte by byte.
const LANES: usize = 16;

/// Masks or unmasks a stretch of application data that starts `offset` bytes
/// into the frame's payload.
pub(crate) fn apply_mask(payload: &mut [u8], key: MaskingKey, offset: u64) {
    let (blocks, rest) = payload.as_chunks_mut::<BLOCK>();
    let (lanes, tail) = rest.as_chunks_mut::<LANES>();
    let wide = pattern(key, offset);
    for block in blocks {
        xor(block, &wide);
    }
    let narrow = pattern(key, offset);
    for lane in lanes {
        xor(lane, &narrow);
    }
    for (octet, key) in tail.iter_mut().zip(narrow) {
        *octet ^= key;
    }
}

/// Appends a stretch of application data that starts `offset` bytes into the
/// frame's payload, and unmasks it on the way.
pub(crate) fn extend_unmasked(out: &mut Vec<u8>, stretch: &[u8], key: MaskingKey, offset: u64) {
    out.reserve(stretch.len());
    let (blocks, rest) = stretch.as_chunks::<BLOCK>();
    let wide = pattern(key, offset);
    for block in blocks {
        let mut block = *block;
        xor(&mut block, &wide);
        out.extend_from_slice(&block);
    }
    let tail = out.len();
    out.extend_from_slice(rest);
    apply_mask(&mut out[tail..], key, offset);
}

/// Moves a whole payload forward by `shift` bytes, to the front of `bytes`, and
/// unmasks it on the way: each byte is touched once. What is left behind has no
/// meaning.
pub(crate) fn move_unmasked(bytes: &mut [u8], shift: usize, key: MaskingKey) {
    let wide = pattern::<BLOCK>(key, 0);
    let mut to = 0;
    // What is written lies before all that has yet to be read.
    while let Some(block) = bytes[to + shift..].first_chunk() {
        let mut block = *block;
        xor(&mut block, &wide);
        bytes[to..to + BLOCK].copy_from_slice(&block);
        to += BLOCK;
    }
    let narrow = pattern::<LANES>(key, 0);
    while let Some(lane) = bytes[to + shift..].first_chunk() {
        let mut lane = *lane;
        xor(&mut lane, &narrow);
        bytes[to..to + LANES].copy_from_slice(&lane);
        to += LANES;
    }
    for (key, to) in narrow.into_iter().zip(to..bytes.len() - shift) {
        bytes[to] = bytes[to + shift] ^ key;
    }
}

/// The key repeated. §5.3: octet i is combined with octet i mod 4 of the key.
fn pattern<const N: usize>(key: MaskingKey, offset: u64) -> [u8; N] {
    let phase = (offset % 4) as usize;
    core::array::from_fn(|i| key[(phase + i) % 4])
}

/// Byte by byte, of which compilers make SIMD registers.
#[inline]
fn xor<const N: usize>(octets: &mut [u8; N], pattern: &[u8; N]) {
    for (octet, key) in octets.iter_mut().zip(pattern) {
        *octet ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// §5.3, letter by letter.
    fn oracle(payload: &[u8], key: MaskingKey, offset: u64) -> Vec<u8> {
        (offset..).zip(payload).map(|(i, octet)| octet ^ key[(i % 4) as usize]).collect()
    }

    proptest! {
        #[test]
        fn masking_follows_section_5_3(
            payload in prop::collection::vec(any::<u8>(), 0..200),
            key: MaskingKey,
            offset in 0u64..9,
        ) {
            let mut masked = payload.clone();
            apply_mask(&mut masked, key, offset);
            prop_assert_eq!(&masked, &oracle(&payload, key, offset));
        }

        #[test]
        fn a_payload_is_unmasked_as_it_moves(
            bytes in prop::collection::vec(any::<u8>(), 8..300),
            key: MaskingKey,
            shift in 0usize..8,
        ) {
            let mut moved = bytes.clone();
            move_unmasked(&mut moved, shift, key);
            let expected = oracle(&bytes[shift..], key, 0);
            prop_assert_eq!(&moved[..expected.len()], &expected);
        }

        #[test]
        fn masking_in_stretches_is_masking_at_once(
            payload in prop::collection::vec(any::<u8>(), 0..200),
            key: MaskingKey,
            cut in 0usize..200,
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
