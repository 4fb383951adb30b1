//! The block that stands ready in a guest's heap for the bytes of a call.
//!
//! For a short message, `cabi_realloc` takes that block and post-return puts it back:
//! two of the three steps into the guest that a call takes. Where a module exports what
//! has become of the block, the host does both itself. `component/heap` is the guest's
//! side of it, and says what a module vouches for that has the export.

use std::hint;

use wasmtime::{Error, Instance, Mutability, Result, Store, format_err};

use crate::store::Holdings;

/// The export whose value is an address.
const EXPORT: &str = "sandsock_standing_block";

/// What is there: what has become of the block, its address and its length, of 32 bits
/// each.
const BYTES: usize = 12;

// Before the guest has made its block it says 0.
const FREE: u32 = 1;
const TAKEN: u32 = 2;

/// Where a module's instances say what has become of their block, if they do.
#[derive(Clone, Copy)]
pub(super) struct Standing(Option<usize>);

impl Standing {
    /// They do not.
    #[cfg(test)]
    pub(super) const NONE: Self = Self(None);

    /// What one instance of a module exports, which holds for all.
    pub(super) fn of(instance: Instance, store: &mut Store<Holdings>) -> Self {
        let export = instance.get_global(&mut *store, EXPORT);
        let constant = export.filter(|global| global.ty(&*store).mutability() == Mutability::Const);
        let address = constant.and_then(|global| global.get(store).i32());
        Self(address.map(|address| address.cast_unsigned() as usize))
    }

    /// Takes the block for `bytes`, if it is free and has room for them. Returns where
    /// they are.
    pub(super) fn take(self, memory: &mut [u8], bytes: &[u8]) -> Result<Option<u32>> {
        let Some(place) = self.place(memory)? else { return Ok(None) };
        let [state, start, len] = words(place);
        if state != FREE || bytes.is_empty() || bytes.len() > len as usize {
            return Ok(None);
        }
        put(place, TAKEN);
        let block = memory.get_mut(start as usize..).and_then(|on| on.get_mut(..bytes.len()));
        block.ok_or_else(outside)?.copy_from_slice(bytes);
        Ok(Some(start))
    }

    /// Does what post-return would, if that is no more than to put the block back.
    /// Returns whether it is.
    pub(super) fn give_back(self, memory: &mut [u8], list: u32, len: u32) -> Result<bool> {
        let Some(place) = self.place(memory)? else { return Ok(false) };
        let [state, start, _] = words(place);
        if len == 0 {
            return Ok(true);
        }
        let is_block = state == TAKEN && start == list;
        if is_block {
            put(place, FREE);
        }
        Ok(is_block)
    }

    /// Has the processor fetch the block's beginning, and where it is told of.
    pub(super) fn prepare(self, memory: &[u8]) {
        let Some(address) = self.0 else { return };
        if let Some(place) = memory.get(address..).and_then(<[u8]>::first_chunk) {
            let [_, start, _] = words(place);
            hint::black_box(memory.get(start as usize).copied());
        }
    }

    fn place(self, memory: &mut [u8]) -> Result<Option<&mut [u8; BYTES]>> {
        let Some(address) = self.0 else { return Ok(None) };
        let place = memory.get_mut(address..).and_then(<[u8]>::first_chunk_mut);
        place.map(Some).ok_or_else(outside)
    }
}

fn words(place: &[u8; BYTES]) -> [u32; 3] {
    let (words, _) = place.as_chunks();
    [words[0], words[1], words[2]].map(u32::from_le_bytes)
}

fn put(place: &mut [u8; BYTES], state: u32) {
    place[..4].copy_from_slice(&state.to_le_bytes());
}

fn outside() -> Error {
    format_err!("the guest's standing block reaches beyond the memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDING: Standing = Standing(Some(4));

    /// 32 bytes of which the block has the last eight.
    fn memory(state: u32) -> Vec<u8> {
        let mut memory = vec![0; 32];
        memory[4..16].copy_from_slice([state, 24, 8].map(u32::to_le_bytes).as_flattened());
        memory
    }

    #[test]
    fn the_block_is_taken_for_what_fits_in_it_while_it_is_free() {
        let mut memory = memory(FREE);
        assert_eq!(STANDING.take(&mut memory, b"").unwrap(), None);
        assert_eq!(STANDING.take(&mut memory, b"too long.").unwrap(), None);
        assert_eq!(STANDING.take(&mut memory, b"it fits.").unwrap(), Some(24));
        assert_eq!(memory[24..], *b"it fits.");
        assert_eq!(STANDING.take(&mut memory, b"taken").unwrap(), None);
        assert_eq!(STANDING.take(&mut self::memory(0), b"missing").unwrap(), None);
    }

    #[test]
    fn what_is_returned_elsewhere_is_left_to_post_return() {
        let mut memory = memory(TAKEN);
        assert!(!STANDING.give_back(&mut memory, 16, 8).unwrap());
        assert!(STANDING.give_back(&mut memory, 1, 0).unwrap(), "nothing is to be given back");
        assert_eq!(STANDING.take(&mut memory, b"taken").unwrap(), None);
        assert!(STANDING.give_back(&mut memory, 24, 3).unwrap());
        assert!(!STANDING.give_back(&mut memory, 24, 3).unwrap(), "it is back");
        assert_eq!(STANDING.take(&mut memory, b"again").unwrap(), Some(24));
    }

    #[test]
    fn without_the_export_all_is_left_to_the_guest() {
        let mut memory = memory(FREE);
        assert_eq!(Standing::NONE.take(&mut memory, b"bytes").unwrap(), None);
        assert!(!Standing::NONE.give_back(&mut memory, 1, 0).unwrap());
    }

    #[test]
    fn what_lies_beyond_the_memory_is_an_error() {
        let beyond = Standing(Some(21));
        assert!(beyond.take(&mut memory(FREE), b"bytes").is_err());
        assert!(beyond.give_back(&mut memory(FREE), 24, 8).is_err());
        let mut memory = memory(FREE);
        memory[12] = 9;
        assert!(STANDING.take(&mut memory, b"too long.").is_err());
    }
}
