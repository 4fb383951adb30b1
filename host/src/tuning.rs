//! How guests are compiled: for the engines of this crate, and ahead of time by
//! its build script, which shares this file. Code compiled one way does not run
//! in an engine set up another way; then it is compiled again.

use wasmtime::Config;

/// The whole reach of a 32-bit address. A guest whose memory has this much
/// reserved, and a guard behind, runs without bounds checks.
pub(crate) const WHOLE_REACH: u64 = 4 << 30;

/// Address space behind each memory, for offsets that reach beyond 4 GiB.
///
/// Instances use the same pages of their memories, and a processor keeps what it knows of
/// a page by the low bits of the page's number. An odd number of pages from one memory to
/// the next keeps instances from taking that from each other: 33, 9 or 3 beside the 32
/// MiB, as the host's pages have 4, 16 or 64 KiB (the pool rounds up).
pub(crate) const GUARD: u64 = (32 << 20) + 33 * (4 << 10);

/// Guests whose memories have `reach` bytes of address space.
pub(crate) fn config(reach: u64) -> Config {
    let mut config = Config::new();
    config
        .memory_reservation(reach)
        .memory_guard_size(GUARD)
        // A memory that never moves can have its base kept in a register.
        .memory_may_move(false)
        // The CPU deadline of a call.
        .epoch_interruption(true)
        // Every call of the guest ends before the next: half the cost of a call.
        .concurrency_support(false);
    config
}
