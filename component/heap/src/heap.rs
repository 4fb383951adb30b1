//! The allocator itself, as Rust has it.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;

use talc::base::{CHUNK_UNIT, Talc};
use talc::wasm::WasmBinning;

use crate::growth::{Growth, LONG, Memory, OVERHEAD};
use crate::standing::{self, Standing};

/// Bytes by which a block may end behind what was asked for, at most: its tag,
/// and what fills up the last unit. Any block behind it ends further off.
const LONGEST_TAIL: usize = size_of::<usize>() + CHUNK_UNIT - 1;

/// What is left free before a long block, when it becomes one. What a host hands
/// over meanwhile finds room there: behind the block it would be in its way, and
/// to move it leaves a hole of its size. Room that is not used is not touched.
/// Sandsock's own host reads 128 KiB at once while there is a message to join.
const ROOM: usize = (128 << 10) + 4096;

const ROOM_LAYOUT: Layout = Layout::new::<[u8; ROOM]>();

#[repr(transparent)]
pub(crate) struct Heap<M: Memory>(UnsafeCell<Parts<M>>);

#[repr(C)]
struct Parts<M: Memory> {
    /// First: what the export tells the address of.
    standing: Standing,
    talc: Talc<Growth<M>, WasmBinning>,
    /// Written before anything here is read: an instance that first reads from a page gets
    /// the one that all share, and when it writes, one of its own in place of that, of
    /// which the system has to tell every core. That took a seventh of accepting.
    is_used: bool,
}

// SAFETY: guests have one thread.
#[cfg(target_family = "wasm")]
unsafe impl<M: Memory> Sync for Heap<M> {}

impl<M: Memory> Heap<M> {
    pub(crate) const fn new(memory: M) -> Self {
        let talc = Talc::new(Growth::new(memory));
        Self(UnsafeCell::new(Parts { standing: Standing::Missing, talc, is_used: false }))
    }

    #[expect(clippy::mut_from_ref, reason = "what an allocator is: shared, and changing")]
    fn parts(&self) -> &mut Parts<M> {
        // SAFETY: there is one thread, and no call below makes another of these
        // methods run before it ends.
        unsafe { &mut *self.0.get() }
    }
}

// SAFETY: talc keeps the contract, and so does one block of its that has one user at a
// time; `realloc` does where it goes further.
unsafe impl<M: Memory> GlobalAlloc for Heap<M> {
    // Not inlined: each place that allocates would have its own.
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Parts { standing, talc, is_used } = self.parts();
        // SAFETY: a reference is what it is written through.
        unsafe { ptr::write_volatile(is_used, true) };
        // SAFETY: its size is not 0.
        let make = || unsafe { talc.allocate(standing::LAYOUT) };
        if Standing::fits(layout)
            && let Some(block) = standing.take(make)
        {
            return block.as_ptr();
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { talc.allocate(layout) }.map_or(ptr::null_mut(), ptr::NonNull::as_ptr)
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Parts { standing, talc, .. } = self.parts();
        if standing.is(block) {
            return standing.put_back();
        }
        // SAFETY: the caller's contract is the callee's.
        unsafe { talc.deallocate(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let Parts { standing, talc, .. } = self.parts();
        let is_standing = standing.is(block);
        if is_standing && new_size <= standing::BYTES {
            return block;
        }
        let becomes_long = layout.size() < LONG && LONG <= new_size;
        // SAFETY: the caller's contract is the callee's.
        if !is_standing && !becomes_long && unsafe { grow_in_place(talc, block, layout, new_size) }
        {
            return block;
        }
        // SAFETY: the caller vouches for the size; the alignment was one before.
        let moved = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: as above. To shrink never gets here, so all of the old fits.
        unsafe {
            let room = if new_size < LONG { None } else { talc.allocate(ROOM_LAYOUT) };
            let new = talc.allocate(moved);
            if let Some(room) = room {
                talc.deallocate(room.as_ptr(), ROOM_LAYOUT);
            }
            // What was kept free for later may be all that there was.
            let Some(new) = new.or_else(|| talc.allocate(moved)) else { return ptr::null_mut() };
            ptr::copy_nonoverlapping(block, new.as_ptr(), layout.size());
            if is_standing {
                standing.put_back();
            } else {
                talc.deallocate(block, layout);
            }
            new.as_ptr()
        }
    }
}

/// Resizes a block where it lies, also by growing the heap behind the last one.
///
/// # Safety
///
/// `layout` is that of the block, and the new size not 0.
unsafe fn grow_in_place<M: Memory>(
    talc: &mut Talc<Growth<M>, WasmBinning>,
    block: *mut u8,
    layout: Layout,
    new_size: usize,
) -> bool {
    // SAFETY: the caller's contract is the callee's.
    if unsafe { talc.try_realloc_in_place(block, layout, new_size) } {
        return true;
    }
    let end = block.addr() + layout.size();
    let is_last = Growth::last_block_end(talc).is_some_and(|last| last - end <= LONGEST_TAIL);
    let Some(new_end) = block.addr().checked_add(new_size) else { return false };
    // As little as will do.
    is_last
        && (CHUNK_UNIT..=OVERHEAD).step_by(CHUNK_UNIT).any(|overhead| {
            Growth::reach(talc, new_end.saturating_add(overhead), new_size).is_ok()
                // SAFETY: the block is still as it was.
                && unsafe { talc.try_realloc_in_place(block, layout, new_size) }
        })
}
