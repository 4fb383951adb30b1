//! Time is handed in: the engine owns no clock.

/// A point of the host's monotonic clock, in milliseconds.
pub type Instant = u64;

/// A span of time in milliseconds.
pub type Duration = u32;
