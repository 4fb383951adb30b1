//! A block that is taken and put back with each call, and is nobody's in between.
//!
//! A host hands over a list of bytes with each call, and takes one back. To find room
//! for it, and to join what was freed with what is free beside it, took some 200 of the
//! 2,600 instructions of a call with a short message. Looking at one block takes a few.
//!
//! Whoever keeps bytes that were allocated while it was free keeps the block, and calls
//! cost what they would without one.

use core::alloc::Layout;
#[cfg(target_family = "wasm")]
use core::mem::offset_of;
use core::ptr::NonNull;

/// Bytes of the block: a frame of 1 KiB fits, and what an idle connection holds still
/// shares its page with it.
pub(crate) const BYTES: usize = 1280;

/// As the allocator has it. Bytes need no alignment, and nothing else is put in it: what
/// else is allocated is mostly kept.
pub(crate) const LAYOUT: Layout = Layout::new::<[u8; BYTES]>();

/// The block, once there is one. Hosts may look at it and change it, as the crate says.
#[repr(C, u32)]
pub(crate) enum Standing {
    /// Nobody has asked for one.
    Missing = 0,
    Free(Block) = 1,
    Taken(Block) = 2,
}

/// Where the block lies.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Block {
    start: NonNull<u8>,
    len: usize,
}

/// What the export promises. It comes first in the heap.
#[cfg(target_family = "wasm")]
const _: () = {
    assert!(size_of::<Standing>() == 12);
    assert!(offset_of!(Block, start) == 0 && offset_of!(Block, len) == 4);
};

impl Standing {
    /// Whether an allocation would fit in the block.
    pub(crate) const fn fits(layout: Layout) -> bool {
        layout.align() == 1 && layout.size() <= BYTES
    }

    /// Whether this is the block, which is taken then.
    pub(crate) fn is(&self, block: *mut u8) -> bool {
        matches!(self, Self::Taken(Block { start, .. }) if start.as_ptr() == block)
    }

    /// Takes the block if it is free. `make` makes it the first time.
    pub(crate) fn take(
        &mut self,
        make: impl FnOnce() -> Option<NonNull<u8>>,
    ) -> Option<NonNull<u8>> {
        let block = match *self {
            Self::Missing => Block { start: make()?, len: BYTES },
            Self::Free(block) => block,
            Self::Taken(_) => return None,
        };
        *self = Self::Taken(block);
        Some(block.start)
    }

    /// Puts the block back.
    pub(crate) fn put_back(&mut self) {
        if let Self::Taken(block) = *self {
            *self = Self::Free(block);
        }
    }
}
