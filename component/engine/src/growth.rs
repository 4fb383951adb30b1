//! How the buffer of a message grows: with what has come, twofold, so that
//! neither a header nor a limit alone reserves anything.

use alloc::vec::Vec;

/// Reserves space for `additional` bytes and for growth, but not for more than
/// `most` bytes in all, unless the additional ones need it.
pub(crate) fn reserve(buffer: &mut Vec<u8>, additional: usize, most: usize) {
    let len = buffer.len();
    if buffer.capacity() - len < additional {
        let grown = len.saturating_mul(2).min(most);
        buffer.reserve_exact(additional.max(grown.saturating_sub(len)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_buffer_doubles_within_its_bound() {
        let capacity = |len: usize, additional, most| {
            let mut buffer = vec![0; len];
            reserve(&mut buffer, additional, most);
            buffer.capacity()
        };
        assert_eq!(capacity(0, 100, 1000), 100);
        assert_eq!(capacity(100, 1, 1000), 200);
        assert_eq!(capacity(100, 1, 150), 150);
        assert_eq!(capacity(100, 60, 150), 160);
    }
}
