//! Masking (§5.3), in place. Masking and unmasking are the same operation.

/// A masking key (§5.3).
pub(crate) type MaskingKey = [u8; 4];

/// Masked at once: four SIMD registers. A loop in a sandbox pays for each turn,
/// as the host counts them against the CPU deadline.
const BLOCK: usize = 64;

/// The width of a SIMD register, in the guest as on common hosts.
const LANES: usize = 16;

/// Masks or unmasks a stretch of application data that starts `offset` bytes
/// into the frame's payload.
pub(crate) fn apply_mask(payload: &mut [u8], key: MaskingKey, offset: u64) {
    // §5.3: octet i is combined with octet i mod 4 of the key.
    let phase = (offset % 4) as usize;
    let pattern: [u8; LANES] = core::array::from_fn(|i| key[(phase + i) % 4]);
    let wide = u128::from_ne_bytes(pattern);

    let (blocks, rest) = payload.as_chunks_mut::<BLOCK>();
    for block in blocks {
        let (lanes, _) = block.as_chunks_mut::<LANES>();
        let [a, b, c, d] = lanes else { continue };
        xor(a, wide);
        xor(b, wide);
        xor(c, wide);
        xor(d, wide);
    }
    let (lanes, tail) = rest.as_chunks_mut::<LANES>();
    for lane in lanes {
        xor(lane, wide);
    }
    for (octet, key) in tail.iter_mut().zip(pattern) {
        *octet ^= key;
    }
}

#[inline]
fn xor(lane: &mut [u8; LANES], wide: u128) {
    *lane = (u128::from_ne_bytes(*lane) ^ wide).to_ne_bytes();
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
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
        fn masking_in_stretches_is_masking_at_once(
            payload in prop::collection::vec(any::<u8>(), 0..200),
            key: MaskingKey,
            cut in 0usize..200,
        ) {
            let mut whole = payload.clone();
            apply_mask(&mut whole, key, 0);
            let mut parts = payload;
            let cut = cut.min(parts.len());
            let (front, back) = parts.split_at_mut(cut);
            apply_mask(front, key, 0);
            apply_mask(back, key, cut as u64);
            prop_assert_eq!(parts, whole);
        }
    }
}
