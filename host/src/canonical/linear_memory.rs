//! The memory of an instance, and the function that finds room in it.

#[cfg(target_os = "linux")]
use rustix::mm::{Advice, madvise};
use wasmtime::{
    AsContextMut, Memory, Result, StoreContext, StoreContextMut, TypedFunc, ensure, format_err,
};

use super::size;

/// `cabi_realloc`: takes an address, a size, an alignment, and the size to have.
type Realloc = TypedFunc<(u32, u32, u32, u32), u32>;

/// What a memory may keep for a while when its instance is gone, in bytes.
const KEPT: usize = 256 << 10;

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

    /// The same, to be written to.
    pub(crate) fn bytes_mut<'s, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'s, T>>,
    ) -> &'s mut [u8] {
        self.memory.data_mut(store)
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

    /// Gives back what there is beyond a little, once the instance is not called any more:
    /// the pool does it for several instances at a time, and that may be a while.
    pub(crate) fn give_back<'s, T: 'static>(&self, store: impl Into<StoreContextMut<'s, T>>) {
        if let Some(rest @ [_, ..]) = self.memory.data_mut(store).get_mut(KEPT..) {
            clear(rest);
        }
    }

    /// Writes over what is at `at`.
    pub(crate) fn write(&self, mut store: impl AsContextMut, at: u32, bytes: &[u8]) -> Result<()> {
        let len = u32::try_from(bytes.len())?;
        self.room(store.as_context_mut(), Room { at, len })?.copy_from_slice(bytes);
        Ok(())
    }
}

/// Hands pages back to the operating system. From then on they are as they were when the
/// instance began.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "memory changes though nobody writes to it")]
fn clear(bytes: &mut [u8]) {
    // SAFETY: the bytes are whole pages of a private mapping, as all of a linear memory
    // from a multiple of 64 KiB on; nobody else refers to them; and a `u8` may be anything.
    let cleared = unsafe { madvise(bytes.as_mut_ptr().cast(), bytes.len(), Advice::LinuxDontNeed) };
    // If not, they stay until the pool hands them back.
    let _ = cleared;
}

/// Elsewhere they stay until the pool hands them back.
#[cfg(not(target_os = "linux"))]
fn clear(_: &mut [u8]) {}
