//! The components of this crate, and what its build script compiled them to, so
//! that a process starts without a compiler's work.

use wasmtime::Engine;
use wasmtime::component::Component;

/// The component that echoes every message, as built into this crate.
pub const ECHO: &[u8] = include_bytes!(env!("SANDSOCK_ECHO"));

/// The component of the world `protocol`.
pub(crate) const PROTOCOL: &[u8] = include_bytes!(env!("SANDSOCK_PROTOCOL"));

/// Components with the code that they were compiled to.
const COMPILED: [(&[u8], &[u8]); 2] = [
    (ECHO, include_bytes!(env!("SANDSOCK_ECHO_COMPILED"))),
    (PROTOCOL, include_bytes!(env!("SANDSOCK_PROTOCOL_COMPILED"))),
];

/// Makes a component runnable: from code compiled ahead if it is one of this
/// crate's and the code fits engine and processor, else by compiling it now.
pub(crate) fn component(engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Component> {
    let compiled = COMPILED.iter().find(|(component, _)| *component == bytes);
    if let Some((_, code)) = compiled
        && let Ok(component) = deserialize(engine, code)
    {
        return Ok(component);
    }
    Component::from_binary(engine, bytes)
}

#[expect(unsafe_code, reason = "wasmtime trusts machine code, and cannot check what it does")]
fn deserialize(engine: &Engine, code: &'static [u8]) -> wasmtime::Result<Component> {
    // SAFETY: the code is part of this program, and was made from a component by
    // this crate's build script with the same wasmtime. Whether it fits this
    // engine's settings and this processor, wasmtime checks itself.
    unsafe { Component::deserialize(engine, code) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use std::time::Duration;

    #[test]
    fn the_code_compiled_ahead_fits_the_engines_of_this_crate() {
        let (pooling, _) = engine::pooling(4, Duration::from_secs(1)).unwrap();
        let on_demand = engine::on_demand(Duration::from_secs(1)).unwrap();
        for (_, code) in COMPILED {
            deserialize(&pooling, code).unwrap();
            deserialize(&on_demand, code).unwrap();
        }
    }
}
