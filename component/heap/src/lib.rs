//! The allocator of a guest: talc, on linear memory that nobody else grows.
//!
//! Three habits are added to it. The heap begins right behind the guest's data and
//! reaches only as far as it is used, so that an idle connection touches few
//! pages. The last block grows where it lies: what a message is received in
//! is that block nearly always, and has neither to be copied nor to leave holes. And
//! one block stands ready for the bytes of each call.
//!
//! To link this crate is to use it: `use sandsock_heap as _;`.
#![no_std]
#![allow(unsafe_code, reason = "an allocator deals in raw memory")]

#[cfg(test)]
extern crate std;

// Elsewhere there is nothing to allocate for, but tests.
#[cfg(any(test, target_family = "wasm"))]
mod growth;
#[cfg(any(test, target_family = "wasm"))]
mod heap;
#[cfg(target_family = "wasm")]
mod linear_memory;
#[cfg(any(test, target_family = "wasm"))]
mod standing;
#[cfg(test)]
mod tests;

#[cfg(target_family = "wasm")]
#[global_allocator]
static HEAP: heap::Heap<linear_memory::LinearMemory> = heap::Heap::new(linear_memory::LinearMemory);
