//! The heap on memory that grows as a guest's does.

use core::alloc::{GlobalAlloc, Layout};
use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::growth::{Memory, PAGE};
use crate::heap::Heap;
use crate::standing;

/// Address space of which a front part is memory.
#[derive(Debug)]
struct Growing {
    space: &'static mut [u8],
    len: usize,
}

impl Growing {
    /// Not at the start of a page: a guest's data come first.
    const OFFSET: usize = 1000;

    fn new(most_pages: usize) -> Self {
        let space = std::vec![0; (most_pages + 1) * PAGE].leak();
        let start = space.as_ptr().align_offset(PAGE);
        space.as_ptr().expose_provenance();
        Self { space: &mut space[start..start + most_pages * PAGE], len: PAGE }
    }
}

impl Memory for Growing {
    fn start(&self) -> usize {
        self.space.as_ptr().addr() + Self::OFFSET
    }

    fn end(&self) -> usize {
        self.space.as_ptr().addr() + self.len
    }

    fn grow(&mut self, pages: usize) -> Result<(), ()> {
        let len = self.len + pages * PAGE;
        if len > self.space.len() {
            return Err(());
        }
        self.len = len;
        Ok(())
    }
}

fn bytes(size: usize) -> Layout {
    Layout::array::<u8>(size).expect("a size that fits")
}

#[test]
fn a_small_heap_touches_the_page_it_begins_in_only() {
    let memory = Growing::new(4);
    let page = memory.start() / 4096;
    let heap = Heap::new(memory);
    // SAFETY: the size is not 0.
    let block = unsafe { heap.alloc(bytes(500)) };
    assert_eq!(block.addr() / 4096, page);
    // SAFETY: the page is followed by others up to the end of memory.
    let behind = unsafe {
        let next_page = 4096 - block.addr() % 4096;
        core::slice::from_raw_parts(block.add(next_page), PAGE - 4096)
    };
    assert!(behind.iter().all(|byte| *byte == 0), "nothing is noted there");
}

#[test]
fn the_last_block_grows_where_it_lies() {
    let heap = Heap::new(Growing::new(64));
    // SAFETY: sizes are not 0, layouts are those of the block.
    unsafe {
        let other = heap.alloc(bytes(3000));
        let mut size = 2 * PAGE;
        let block = heap.alloc(bytes(size));
        while size < 40 * PAGE {
            assert_eq!(heap.realloc(block, bytes(size), size + size / 2), block);
            size += size / 2;
        }
        assert_ne!(heap.realloc(other, bytes(3000), 3100), other, "another is in its way");
        assert!(heap.realloc(block, bytes(size), 70 * PAGE).is_null(), "memory has an end");
        assert_eq!(heap.realloc(block, bytes(size), 10), block);
    }
}

#[test]
fn a_block_becomes_long_though_there_is_no_room_to_leave_before_it() {
    // Five pages have place for three, but not behind 132 KiB that are left free.
    let heap = Heap::new(Growing::new(5));
    // SAFETY: sizes are not 0, layouts are those of the blocks.
    unsafe {
        let block = heap.alloc(bytes(100));
        assert!(!heap.realloc(block, bytes(100), 3 * PAGE).is_null());
    }
}

#[test]
fn what_is_handed_over_while_a_long_block_grows_is_not_in_its_way() {
    let heap = Heap::new(Growing::new(64));
    // SAFETY: sizes are not 0, layouts are those of the blocks.
    unsafe {
        let mut block = heap.alloc(bytes(100));
        block = heap.realloc(block, bytes(100), PAGE);
        let mut size = PAGE;
        while size < 20 * PAGE {
            let handed_over = heap.alloc(bytes(2 * PAGE));
            assert!(handed_over < block);
            assert_eq!(heap.realloc(block, bytes(size), 2 * size), block);
            heap.dealloc(handed_over, bytes(2 * PAGE));
            size *= 2;
        }
    }
}

#[test]
fn one_block_stands_ready_for_bytes() {
    let heap = Heap::new(Growing::new(4));
    // SAFETY: sizes are not 0, layouts are those of the blocks.
    unsafe {
        let list = heap.alloc(bytes(131));
        let kept = heap.alloc(bytes(10));
        heap.dealloc(list, bytes(131));
        let number = heap.alloc(Layout::new::<u64>());
        assert_ne!(number, list, "for bytes only");
        assert_eq!(heap.alloc(bytes(standing::BYTES)), list);
        assert_eq!(heap.realloc(list, bytes(standing::BYTES), 127), list);
        assert_ne!(heap.alloc(bytes(1)), list, "it is taken");
        list.write(7);
        let long = heap.realloc(list, bytes(127), standing::BYTES + 1);
        assert_ne!(long, list);
        assert_eq!(long.read(), 7);
        assert_eq!(heap.alloc(bytes(1)), list, "it was left");
        heap.dealloc(kept, bytes(10));
        assert_ne!(heap.alloc(bytes(1)), list, "somebody else's was freed");
    }
}

#[test]
fn a_host_can_take_the_block_and_put_it_back() {
    let heap = Heap::new(Growing::new(4));
    // As the export has it, but for the size of addresses.
    let words = (&raw const heap).cast::<usize>().cast_mut();
    let state = words.cast::<u32>();
    // SAFETY: they are where the heap has them; sizes are not 0; layouts are the block's.
    unsafe {
        assert_eq!(state.read(), 0);
        let list = heap.alloc(bytes(131));
        assert_eq!([words.add(1).read(), words.add(2).read()], [list.addr(), standing::BYTES]);
        assert_eq!(state.read(), 2);
        heap.dealloc(list, bytes(131));
        assert_eq!(state.read(), 1);
        state.write(2);
        assert_ne!(heap.alloc(bytes(1)), list, "the host has it");
        assert_eq!(heap.realloc(list, bytes(131), 127), list);
        state.write(1);
        assert_eq!(heap.alloc(bytes(1)), list);
    }
}

#[test]
fn more_than_there_is_is_refused_and_nothing_is_lost() {
    let heap = Heap::new(Growing::new(4));
    // SAFETY: sizes are not 0, layouts are those of the blocks.
    unsafe {
        assert!(heap.alloc(bytes(4 * PAGE)).is_null());
        assert!(heap.alloc(bytes(isize::MAX as usize)).is_null());
        let block = heap.alloc(bytes(2 * PAGE));
        assert!(!block.is_null());
        heap.dealloc(block, bytes(2 * PAGE));
        assert_eq!(heap.alloc(bytes(3 * PAGE)), block);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Allocate(usize, usize),
    Resize(usize, usize),
    Free(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![1..200_usize, 1..20_000_usize, 1..300_000_usize];
    prop_oneof![
        (size.clone(), 0..7_usize).prop_map(|(size, shift)| Step::Allocate(size, 1 << shift)),
        (any::<usize>(), size).prop_map(|(which, size)| Step::Resize(which, size)),
        any::<usize>().prop_map(Step::Free),
    ]
}

proptest! {
    #[test]
    fn blocks_keep_what_is_written_to_them(steps in vec(step(), 1..200)) {
        let heap = Heap::new(Growing::new(512));
        let mut blocks: Vec<(*mut u8, Layout, u8)> = Vec::new();
        for (mark, step) in (0..=u8::MAX).cycle().zip(steps) {
            let count = blocks.len().max(1);
            match step {
                Step::Allocate(size, align) => {
                    let layout = Layout::from_size_align(size, align).expect("small");
                    // SAFETY: the size is not 0; the block is written within its size.
                    unsafe {
                        let block = heap.alloc(layout);
                        prop_assert!(!block.is_null() && block.addr().is_multiple_of(align));
                        block.write_bytes(mark, size);
                        blocks.push((block, layout, mark));
                    }
                }
                Step::Resize(which, size) => {
                    let Some((block, layout, mark)) = blocks.get_mut(which % count) else { continue };
                    // SAFETY: the layout is the block's, the size not 0.
                    unsafe {
                        *block = heap.realloc(*block, *layout, size);
                        prop_assert!(!block.is_null());
                        let kept = layout.size().min(size);
                        let kept = core::slice::from_raw_parts(*block, kept);
                        prop_assert!(kept.iter().all(|byte| byte == mark));
                        block.write_bytes(*mark, size);
                    }
                    *layout = Layout::from_size_align(size, layout.align()).expect("small");
                }
                Step::Free(which) if !blocks.is_empty() => {
                    let (block, layout, mark) = blocks.swap_remove(which % count);
                    // SAFETY: the layout is the block's.
                    unsafe {
                        let kept = core::slice::from_raw_parts(block, layout.size());
                        prop_assert!(kept.iter().all(|byte| *byte == mark));
                        heap.dealloc(block, layout);
                    }
                }
                Step::Free(_) => {}
            }
        }
        // SAFETY: each layout is its block's.
        for (block, layout, mark) in blocks {
            let kept = unsafe { core::slice::from_raw_parts(block, layout.size()) };
            prop_assert!(kept.iter().all(|byte| *byte == mark));
        }
    }
}
