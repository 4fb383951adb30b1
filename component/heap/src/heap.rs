//! The allocator itself, as Rust has it.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;

use talc::base::{CHUNK_UNIT, Talc};
use talc::wasm::WasmBinning;

use crate::growth::{Growth, Memory, OVERHEAD};

/// Bytes by which a block may end behind what was asked for, at most: its tag,
/// and what fills up the last unit. Any block behind it ends further off.
const LONGEST_TAIL: usize = size_of::<usize>() + CHUNK_UNIT - 1;

pub(crate) struct Heap<M: Memory>(UnsafeCell<Talc<Growth<M>, WasmBinning>>);

// SAFETY: guests have one thread. Tests on other systems keep to one as well.
unsafe impl<M: Memory> Sync for Heap<M> {}

impl<M: Memory> Heap<M> {
    pub(crate) const fn new(memory: M) -> Self {
        Self(UnsafeCell::new(Talc::new(Growth::new(memory))))
    }

    #[expect(clippy::mut_from_ref, reason = "what an allocator is: shared, and changing")]
    fn talc(&self) -> &mut Talc<Growth<M>, WasmBinning> {
        // SAFETY: there is one thread, and no call below makes another of these
        // methods run before it ends.
        unsafe { &mut *self.0.get() }
    }
}

// SAFETY: talc keeps the contract, and `realloc` does where it goes further.
unsafe impl<M: Memory> GlobalAlloc for Heap<M> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.talc().allocate(layout) }.map_or(ptr::null_mut(), ptr::NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is the callee's.
        unsafe { self.talc().deallocate(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let talc = self.talc();
        // SAFETY: the caller's contract is the callee's.
        if unsafe { talc.try_realloc_in_place(block, layout, new_size) } {
            return block;
        }
        let end = block.addr() + layout.size();
        let is_last = Growth::last_block_end(talc).is_some_and(|last| last - end <= LONGEST_TAIL);
        if is_last
            && let Some(end) = block.addr().checked_add(new_size)
            && Growth::reach(talc, end.saturating_add(OVERHEAD)).is_ok()
            // SAFETY: the block is still as it was.
            && unsafe { talc.try_realloc_in_place(block, layout, new_size) }
        {
            return block;
        }
        // SAFETY: the caller vouches for the size; the alignment was one before.
        let moved = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: as above. To shrink never gets here, so all of the old fits.
        unsafe {
            let Some(new) = talc.allocate(moved) else { return ptr::null_mut() };
            ptr::copy_nonoverlapping(block, new.as_ptr(), layout.size());
            talc.deallocate(block, layout);
            new.as_ptr()
        }
    }
}
