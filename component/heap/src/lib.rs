//! The allocator of a guest: talc, on linear memory that nobody else grows.
//!
//! Three habits are added to it. The heap begins right behind the guest's data and
//! reaches only as far as it is used, so that an idle connection touches few
//! pages. The last block grows where it lies: what a message is received in
//! is that block nearly always, and has neither to be copied nor to leave holes. And
//! one block stands ready for the bytes of each call.
//!
//! A host that calls the core module itself may take that block for the bytes of a call,
//! and put it back when it has read those of the result, instead of having `cabi_realloc`
//! and post-return do so. The module exports `sandsock_standing_block` for it, the
//! address of three 32-bit numbers: 0 while there is no block, 1 while it is free and 2
//! while it is taken; where it begins; and its length in bytes. The host changes the first
//! between 1 and 2, between calls. That is for functions of `wit/endpoint.wit` whose result
//! is an `output`: to link this crate is to vouch that post-return gives back the list of
//! that and does no more, and nothing at all where it is empty, as in bindings by
//! `wit-bindgen`.
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
#[unsafe(export_name = "sandsock_standing_block")]
static HEAP: heap::Heap<linear_memory::LinearMemory> = heap::Heap::new(linear_memory::LinearMemory);
