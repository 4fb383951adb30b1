//! The linear memory of this module, behind what the linker put there.

use core::arch::wasm32::{memory_grow, memory_size};

use crate::growth::{Memory, PAGE};

unsafe extern "C" {
    /// Where the linker's own part ends; only its address means something.
    static __heap_base: u8;
}

#[derive(Debug)]
pub(crate) struct LinearMemory;

impl Memory for LinearMemory {
    fn start(&self) -> usize {
        (&raw const __heap_base).expose_provenance()
    }

    fn end(&self) -> usize {
        memory_size::<0>().saturating_mul(PAGE)
    }

    fn grow(&mut self, pages: usize) -> Result<(), ()> {
        if memory_grow::<0>(pages) == usize::MAX { Err(()) } else { Ok(()) }
    }
}
