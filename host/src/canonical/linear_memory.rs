//! The memory of an instance, and the function that finds room in it.

use wasmtime::{AsContextMut, Memory, Result, StoreContext, TypedFunc, ensure};

use super::size;

/// `cabi_realloc`: takes an address, a size, an alignment, and the size to have.
type Realloc = TypedFunc<(u32, u32, u32, u32), u32>;

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

    /// Writes over what is at `at`.
    pub(crate) fn write(&self, mut store: impl AsContextMut, at: u32, bytes: &[u8]) -> Result<()> {
        let memory = self.memory.data_mut(store.as_context_mut());
        let place = memory.get_mut(size(at)..).and_then(|behind| behind.get_mut(..bytes.len()));
        let Some(place) = place else {
            wasmtime::bail!("the guest's allocator reaches beyond the memory");
        };
        place.copy_from_slice(bytes);
        Ok(())
    }
}
