//! How a guest fails.

use std::time::Duration;

use thiserror::Error;
use wasmtime::Trap;

use crate::store::MemoryExhausted;

/// Why a guest is called no more for a connection, which ends. Where the guest itself failed,
/// its store is dropped with all it held; if others share it, they are told `Shared`.
#[derive(Debug, Error)]
pub(crate) enum GuestFailure {
    /// The guest did what WebAssembly forbids, or gave up itself.
    #[error("{0}")]
    Trap(Trap),
    /// It asked for memory beyond its cap.
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
    /// The peer ended its sending direction, and the guest waits for more of it.
    #[error("end: it waits for bytes, though no more will come")]
    Waits,
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
