//! What each level does to find matches.

/// Bounds on the search.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    /// Candidates that are compared with a place.
    pub(super) candidates: u16,
    /// A match of that many bytes is good enough to look at no other candidate.
    pub(super) nice: u16,
    /// Behind a match of fewer bytes, a longer one is looked for at the next byte.
    pub(super) lazy: u16,
    /// Behind one of that many bytes, with a quarter of the candidates.
    pub(super) good: u16,
}

const fn effort(candidates: u16, nice: u16, lazy: u16, good: u16) -> Effort {
    Effort { candidates, nice, lazy, good }
}

const EFFORTS: [Effort; 9] = [
    effort(2, 16, 0, 16),
    effort(4, 24, 0, 24),
    effort(8, 32, 0, 32),
    effort(8, 32, 8, 6),
    effort(16, 64, 16, 8),
    effort(64, 64, 32, 8),
    effort(128, 128, 64, 16),
    effort(512, 258, 128, 32),
    effort(2048, 258, 258, 32),
];

impl Effort {
    /// Of level 1 to 9.
    pub(super) fn of(level: u8) -> Self {
        EFFORTS[usize::from(level.clamp(1, 9)) - 1]
    }
}
