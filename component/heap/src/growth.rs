//! How far the heap reaches into linear memory.

use core::alloc::Layout;
use core::fmt::Debug;
use core::ptr::{self, NonNull};

use talc::base::binning::Binning;
use talc::base::{CHUNK_UNIT, Talc};
use talc::min_first_heap_size;
use talc::source::Source;

/// Bytes of a page of linear memory.
pub(crate) const PAGE: usize = 64 << 10;

/// The heap ends at multiples of this, which is what the systems beneath hand
/// out memory in: the allocator notes things at its end, which costs a page.
const STEP: usize = 4 << 10;

/// From this size on a block is a long one, which is likely to grow on: what a
/// message is received in. The heap ends right behind it, as what is free there
/// would be given to the next small block, which would be in its way.
pub(crate) const LONG: usize = 64 << 10;

/// More than a block costs besides its size and alignment.
pub(crate) const OVERHEAD: usize = 2 * CHUNK_UNIT;

/// Memory that can be grown at its end, by addresses.
pub(crate) trait Memory: Debug {
    /// Where the heap may begin.
    fn start(&self) -> usize;
    /// Where memory ends for now.
    fn end(&self) -> usize;
    /// Moves the end by so many pages, or leaves it.
    fn grow(&mut self, pages: usize) -> Result<(), ()>;
}

/// What the allocator gets memory from.
#[derive(Debug)]
pub(crate) struct Growth<M> {
    memory: M,
    /// Where the heap ends, once there is one.
    end: Option<NonNull<u8>>,
}

impl<M: Memory> Growth<M> {
    pub(crate) const fn new(memory: M) -> Self {
        Self { memory, end: None }
    }

    /// Where the last block of the heap ends, if there is a heap.
    pub(crate) fn last_block_end<B: Binning>(talc: &Talc<Self, B>) -> Option<usize> {
        // SAFETY: `end` is where the heap ends since it was last moved.
        talc.source.end.map(|end| unsafe { talc.reserved(end) }.up_to.addr().get())
    }

    /// Has the heap reach the address `wanted` at least, for a block of `size` bytes.
    pub(crate) fn reach<B: Binning>(
        talc: &mut Talc<Self, B>,
        wanted: usize,
        size: usize,
    ) -> Result<(), ()> {
        let Self { memory, end } = &mut talc.source;
        let step = if size < LONG { STEP } else { CHUNK_UNIT };
        let reached = wanted.checked_next_multiple_of(step).ok_or(())?;
        if end.is_some_and(|end| reached <= end.addr().get()) {
            // It reaches as far already: that is not what is missing.
            return Err(());
        }
        if let missing @ 1.. = reached.saturating_sub(memory.end()) {
            memory.grow(missing.div_ceil(PAGE))?;
        }
        let start = memory.start();
        let moved = match end.take() {
            // SAFETY: from `start` on, linear memory is nobody else's, up to its end.
            None => unsafe { talc.claim(ptr::with_exposed_provenance_mut(start), reached - start) },
            // SAFETY: the same; and `end` is where the heap ended until now.
            Some(end) => {
                Some(unsafe { talc.extend(end, ptr::with_exposed_provenance_mut(reached)) })
            }
        };
        talc.source.end = moved;
        moved.map(drop).ok_or(())
    }
}

// SAFETY: it uses no allocator.
unsafe impl<M: Memory> Source for Growth<M> {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let used = Self::last_block_end(talc)
            .unwrap_or_else(|| talc.source.memory.start() + min_first_heap_size::<B>());
        let needed = layout.size().checked_add(layout.align() + OVERHEAD).ok_or(())?;
        Self::reach(talc, used.checked_add(needed).ok_or(())?, layout.size())
    }
}
