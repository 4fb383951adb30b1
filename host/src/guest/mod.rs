//! One instance of a component of the world `plugin`: the sandbox of a connection,
//! or of several.
//!
//! There are two ways to run one, with the same results. [`component`] leaves the
//! component to wasmtime as it is: any will do. Where it is made of a single core
//! module, as most are, [`core`] instantiates that alone and calls it by the rules of
//! the component model, the canonical ABI: no adapters, no handles to lend, nothing to
//! look up for each call, and where the module lets it, fewer steps. One thing differs: an
//! output behind which the call fails is transmitted by [`core`] and lost by [`component`].

mod calls;
mod component;
mod core;
mod plugin;

pub(crate) use calls::{Guest, Handle, Output, StartArguments};
pub(crate) use plugin::Plugin;

#[cfg(test)]
mod tests;
