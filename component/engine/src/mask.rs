//! Masking (§5.3), in place. Masking and unmasking are the same operation.

/// A masking key (§5.3).
pub(crate) type MaskingKey = [u8; 4];

/// The width of a SIMD register, in the guest as on common hosts.
const LANES: usize = 16;

/// Masks or unmasks a stretch of application data that starts `offset` bytes
/// into the frame's payload.
pub(crate) fn apply_mask(payload: &mut [u8], key: MaskingKey, offset: u64) {
    // §5.3: octet i is combined with octet i mod 4 of the key.
    let phase = (offset % 4) as usize;
    let pattern: [u8; LANES] = core::array::from_fn(|i| key[(phase + i) % 4]);
    let (blocks, tail) = payload.as_chunks_mut::<LANES>();
    for block in blocks {
        // A loop of fixed length over an array compiles to one SIMD operation.
        for (octet, key) in block.iter_mut().zip(pattern) {
            *octet ^= key;
        }
    }
    for (octet, key) in tail.iter_mut().zip(pattern) {
        *octet ^= key;
    }
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
