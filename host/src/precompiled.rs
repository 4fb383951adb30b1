//! The components of this crate, and what its build script compiled them to, so
//! that a process starts without a compiler's work.

use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::core_module;
use crate::exposed_state;

/// The component that echoes every message, as built into this crate.
pub const ECHO: &[u8] = include_bytes!(env!("SANDSOCK_ECHO"));

/// The component of the world `protocol`.
pub(crate) const PROTOCOL: &[u8] = include_bytes!(env!("SANDSOCK_PROTOCOL"));

/// Components with the code that they were compiled to.
const COMPONENTS: [(&[u8], &[u8]); 2] = [
    (ECHO, include_bytes!(env!("SANDSOCK_ECHO_CODE"))),
    (PROTOCOL, include_bytes!(env!("SANDSOCK_PROTOCOL_CODE"))),
];

/// The code of the core module inside [`ECHO`], with its state exposed.
const ECHO_MODULE: &[u8] = include_bytes!(env!("SANDSOCK_ECHO_MODULE_CODE"));

/// Makes a component runnable: from code compiled ahead if it is one of this
/// crate's and the code fits engine and processor, else by compiling it now.
pub(crate) fn component(engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Component> {
    let compiled = COMPONENTS.iter().find(|(component, _)| *component == bytes);
    if let Some((_, code)) = compiled
        && let Ok(component) = deserialize_component(engine, code)
    {
        return Ok(component);
    }
    Component::from_binary(engine, bytes)
}

/// A core module that is runnable.
pub(crate) struct CoreModule {
    pub(crate) module: Module,
    /// It exports all that calls change of an instance.
    pub(crate) exposes_state: bool,
}

/// [`component`] for the core module inside one, with its state exposed if that can be.
pub(crate) fn core_module(engine: &Engine, bytes: &[u8]) -> wasmtime::Result<CoreModule> {
    if core_module::find(ECHO) == Some(bytes)
        && let Ok(module) = deserialize_module(engine, ECHO_MODULE)
    {
        return Ok(CoreModule { module, exposes_state: true });
    }
    let exposed = exposed_state::expose(bytes);
    let module = Module::from_binary(engine, exposed.as_deref().unwrap_or(bytes))?;
    Ok(CoreModule { module, exposes_state: exposed.is_some() })
}

#[expect(unsafe_code, reason = "wasmtime trusts machine code, and cannot check what it does")]
fn deserialize_component(engine: &Engine, code: &'static [u8]) -> wasmtime::Result<Component> {
    // SAFETY: the code is part of this program, and was made from a component by
    // this crate's build script with the same wasmtime. Whether it fits this
    // engine's settings and this processor, wasmtime checks itself.
    unsafe { Component::deserialize(engine, code) }
}

#[expect(unsafe_code, reason = "as above")]
fn deserialize_module(engine: &Engine, code: &'static [u8]) -> wasmtime::Result<Module> {
    // SAFETY: as above.
    unsafe { Module::deserialize(engine, code) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine;
    use crate::settings::Settings;

    #[test]
    fn the_code_compiled_ahead_fits_the_engines_of_this_crate() {
        let settings = Settings { max_connections: 4, ..Settings::default() };
        let (pooling, _, _) = engine::pooling(&settings, engine::TOGETHER).unwrap();
        let on_demand = engine::on_demand(Duration::from_secs(1)).unwrap();
        for (_, code) in COMPONENTS {
            deserialize_component(&pooling, code).unwrap();
            deserialize_component(&on_demand, code).unwrap();
        }
        deserialize_module(&pooling, ECHO_MODULE).unwrap();
    }
}
