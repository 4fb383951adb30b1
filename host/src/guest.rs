//! One instance of the component in a store of its own: the sandbox, its
//! memory cap and its CPU deadline.

use std::time::Duration;

use thiserror::Error;
use wasmtime::component::{HasSelf, Instance, Linker};
use wasmtime::{Engine, ResourceLimiter, Store, Trap};

use crate::bindings::random;
use crate::engine::CALL_TICKS;
use crate::exports::Callee;
use crate::plugin::Plugin;

/// Why a guest is not called again. Its store is dropped with all it held.
#[derive(Debug, Error)]
pub(crate) enum GuestFailure {
    /// The guest did what WebAssembly forbids, or gave up itself.
    #[error("{0}")]
    Trap(Trap),
    /// It asked for memory beyond its cap, or the machine had none left.
    #[error("out of memory: {wanted} bytes wanted, {limit} allowed")]
    OutOfMemory {
        /// Bytes of linear memory after the growth that failed.
        wanted: usize,
        /// The cap, in bytes.
        limit: usize,
    },
    /// One call took too long.
    #[error("CPU deadline: a call took longer than {0:?}")]
    CallTimeout(Duration),
    /// It made more output than its memory can hold.
    #[error("output: {0} bytes wait for the peer")]
    Output(usize),
    /// Another connection's call made the instance that they share fail.
    #[error("shared instance: it failed in a call for another connection")]
    Shared,
    /// The component refused options that it took when it was loaded.
    #[error("options: refused, though taken before")]
    Options,
    /// No instance could be made, or the call did not go through.
    #[error("instance: {0}")]
    Instance(String),
}

impl GuestFailure {
    pub(crate) fn of(error: &wasmtime::Error, call_timeout: Duration) -> Self {
        if let Some(&MemoryExhausted { wanted, limit }) = error.downcast_ref() {
            return Self::OutOfMemory { wanted, limit };
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Self::CallTimeout(call_timeout),
            Some(trap) => Self::Trap(*trap),
            None => Self::Instance(error.root_cause().to_string()),
        }
    }
}

/// An instance, ready to be called.
pub(crate) struct Guest {
    store: Store<Holdings>,
    instance: Instance,
}

impl Guest {
    /// Makes a fresh instance.
    pub(crate) fn new(plugin: &Plugin) -> Result<Self, GuestFailure> {
        let mut store = store(plugin.component.engine(), plugin.memory_limit);
        match plugin.component.instantiate(&mut store) {
            Ok(instance) => Ok(Self { store, instance }),
            Err(error) => Err(GuestFailure::of(&error, plugin.call_timeout)),
        }
    }

    /// Makes one call of the guest, within the CPU deadline.
    pub(crate) fn call<T>(
        &mut self,
        plugin: &Plugin,
        call: impl FnOnce(&mut Callee<'_>) -> wasmtime::Result<T>,
    ) -> Result<T, GuestFailure> {
        let Self { store, instance } = self;
        begin_call(store);
        call(&mut Callee { exports: &plugin.exports, instance: *instance, store })
            .map_err(|error| GuestFailure::of(&error, plugin.call_timeout))
    }
}

/// A store for one instance, which may have so many bytes of linear memory.
pub(crate) fn store(engine: &Engine, memory_limit: usize) -> Store<Holdings> {
    let mut store = Store::new(engine, Holdings { memory_limit });
    store.limiter(|holdings| holdings);
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
struct MemoryExhausted {
    wanted: usize,
    limit: usize,
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
        // The pool gives every table its most elements, and no more.
        Ok(true)
    }
}

/// The most bytes of one request for entropy: what `wit/` promises to stay
/// within, so that no guest can have the host fill memory.
const MOST_RANDOM_BYTES: usize = 4096;

impl random::Host for Holdings {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        let len = usize::try_from(len).ok().filter(|len| *len <= MOST_RANDOM_BYTES);
        let mut bytes = vec![0; len.ok_or_else(|| wasmtime::format_err!("too many random bytes"))?];
        getrandom::fill(&mut bytes).map_err(|error| wasmtime::format_err!("{error}"))?;
        Ok(bytes)
    }
}

/// Offers the imports of the worlds `plugin` and `protocol`, and nothing else.
pub(crate) fn offer_imports(linker: &mut Linker<Holdings>) -> wasmtime::Result<()> {
    random::add_to_linker::<_, HasSelf<Holdings>>(linker, |holdings| holdings)
}
