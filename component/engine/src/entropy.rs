//! Randomness, handed in: needed only in the client role, for the
//! `Sec-WebSocket-Key` (§4.1) and a fresh masking key for each frame (§5.3).

use alloc::boxed::Box;

/// A source of unpredictable bytes (§10.3), such as `wasi:random/random`.
pub trait Entropy {
    /// Overwrites `bytes` with fresh ones.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Entropy for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// Hands out small keys from a larger draw, so that a frame costs no call of
/// the source. No byte is handed out twice.
pub(crate) struct Keys {
    source: Box<dyn Entropy>,
    drawn: [u8; Self::DRAW],
    used: usize,
}

impl Keys {
    /// 64 masking keys at a time.
    const DRAW: usize = 256;

    pub(crate) fn new(source: Box<dyn Entropy>) -> Self {
        Self { source, drawn: [0; Self::DRAW], used: Self::DRAW }
    }

    /// The next `N` bytes; `N` is at most [`Self::DRAW`].
    pub(crate) fn next<const N: usize>(&mut self) -> [u8; N] {
        if self.used + N > Self::DRAW {
            self.source.fill(&mut self.drawn);
            self.used = 0;
        }
        let mut key = [0; N];
        let taken = &mut self.drawn[self.used..self.used + N];
        key.copy_from_slice(taken);
        // So that whoever reads this memory later finds no key that was used.
        taken.fill(0);
        self.used += N;
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn no_key_is_handed_out_twice() {
        let mut counter = 0u32;
        let mut keys = Keys::new(Box::new(move |bytes: &mut [u8]| {
            for word in bytes.chunks_exact_mut(4) {
                counter += 1;
                word.copy_from_slice(&counter.to_be_bytes());
            }
        }));
        let seen: BTreeSet<[u8; 4]> = (0..1000).map(|_| keys.next()).collect();
        assert_eq!(seen.len(), 1000);
        let nonce: [u8; 16] = keys.next();
        assert_ne!(nonce, [0; 16]);
    }
}
