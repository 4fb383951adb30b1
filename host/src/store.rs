//! The store of one instance: its memory cap, its CPU deadline, and all that it can
//! reach outside.

use thiserror::Error;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Engine, ResourceLimiter, Store};

use crate::bindings::random;
use crate::engine::CALL_TICKS;

/// A store for one instance, which may have so many bytes of linear memory.
pub(crate) fn new(engine: &Engine, memory_limit: usize) -> Store<Holdings> {
    let mut store = Store::new(engine, Holdings { memory_limit });
    store.limiter(|holdings| holdings);
    // What one call has the host copy is no more than the guest's memory can hold.
    store.set_hostcall_fuel(memory_limit);
    begin_call(&mut store);
    store
}

/// Puts the CPU deadline a whole call away.
pub(crate) fn begin_call(store: &mut Store<Holdings>) {
    // The first tick may be about to come, and does not count.
    store.set_epoch_deadline(CALL_TICKS + 1);
}

/// What the host holds for a guest: the cap on its linear memory, in bytes.
pub(crate) struct Holdings {
    memory_limit: usize,
}

/// A growth of linear memory that was refused. It becomes a trap: a guest
/// without memory could only guess how to go on.
#[derive(Debug, Error)]
#[error("{wanted} bytes of memory wanted, {limit} allowed")]
pub(crate) struct MemoryExhausted {
    pub(crate) wanted: usize,
    pub(crate) limit: usize,
}

impl ResourceLimiter for Holdings {
    fn memory_growing(
        &mut self,
        _current: usize,
        wanted: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = self.memory_limit;
        if wanted <= limit { Ok(true) } else { Err(MemoryExhausted { wanted, limit }.into()) }
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _wanted: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // A pool gives every table its most elements, and no more; a client's instances, which
        // have none, are of its own component.
        Ok(true)
    }
}

/// The one interface that a guest may import, in any version of WASI 0.2.
pub(crate) const RANDOM: &str = "wasi:random/random@0.2.";

/// The most bytes of one request for entropy: what `wit/` promises to stay
/// within, so that no guest can have the host fill memory.
const MOST_RANDOM_BYTES: usize = 4096;

/// What `get-random-bytes` returns.
pub(crate) fn random_bytes(len: u64) -> wasmtime::Result<Vec<u8>> {
    let len = usize::try_from(len).ok().filter(|len| *len <= MOST_RANDOM_BYTES);
    let mut bytes = vec![0; len.ok_or_else(|| wasmtime::format_err!("too many random bytes"))?];
    getrandom::fill(&mut bytes).map_err(|error| wasmtime::format_err!("{error}"))?;
    Ok(bytes)
}

impl random::Host for Holdings {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        random_bytes(len)
    }
}

/// Offers the imports of the worlds `plugin` and `protocol`, and nothing else.
pub(crate) fn offer_imports(linker: &mut Linker<Holdings>) -> wasmtime::Result<()> {
    random::add_to_linker::<_, HasSelf<Holdings>>(linker, |holdings| holdings)
}
