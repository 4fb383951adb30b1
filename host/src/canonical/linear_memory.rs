//! The memory of an instance, and the function that finds room in it.

use wasmtime::{
    AsContextMut, Memory, Result, StoreContext, StoreContextMut, TypedFunc, ensure, format_err,
};

use super::size;

/// `cabi_realloc`: takes an address, a size, an alignment, and the size to have.
type Realloc = TypedFunc<(u32, u32, u32, u32), u32>;

/// Where the guest's allocator found room for so many bytes.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    pub(crate) at: u32,
    pub(crate) len: u32,
}

/// The memory of an instance.
pub(crate) struct LinearMemory {
    memory: Memory,
    realloc: Realloc,
}

impl LinearMemory {
    pub(crate) fn new(memory: Memory, realloc: Realloc) -> Self {
        Self { memory, realloc }
    }

    /// All of it.
    pub(crate) fn bytes<'s, T: 'static>(&self, store: impl Into<StoreContext<'s, T>>) -> &'s [u8] {
        self.memory.data(store)
    }

    /// Copies bytes to room that the guest finds for them, and then owns. Returns
    /// where.
    pub(crate) fn hand_over(
        &self,
        mut store: impl AsContextMut,
        bytes: &[u8],
        align: u32,
    ) -> Result<u32> {
        let len = u32::try_from(bytes.len())?;
        let at = self.realloc.call(&mut store, (0, 0, align, len))?;
        ensure!(at.is_multiple_of(align), "the guest's allocator does not align");
        self.write(store, at, bytes)?;
        Ok(at)
    }

    /// Has the guest find room for `len` bytes, or give a `former` room that length.
    /// The bytes that fit both are kept.
    pub(crate) fn make_room(
        &self,
        store: impl AsContextMut,
        former: Option<Room>,
        len: u32,
    ) -> Result<Room> {
        let Room { at, len: before } = former.unwrap_or(Room { at: 0, len: 0 });
        let at = self.realloc.call(store, (at, before, 1, len))?;
        Ok(Room { at, len })
    }

    /// What is in a room.
    pub(crate) fn room<'s, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'s, T>>,
        Room { at, len }: Room,
    ) -> Result<&'s mut [u8]> {
        let memory = self.memory.data_mut(store);
        let place = memory.get_mut(size(at)..).and_then(|behind| behind.get_mut(..size(len)));
        place.ok_or_else(|| format_err!("the guest's allocator reaches beyond the memory"))
    }

    /// Writes over what is at `at`.
    pub(crate) fn write(&self, mut store: impl AsContextMut, at: u32, bytes: &[u8]) -> Result<()> {
        let len = u32::try_from(bytes.len())?;
        self.room(store.as_context_mut(), Room { at, len })?.copy_from_slice(bytes);
        Ok(())
    }
}
