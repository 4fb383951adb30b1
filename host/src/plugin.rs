//! A component, compiled and checked against the world `plugin`.

use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::engine;
use crate::error::Error;
use crate::exports::Exports;
use crate::guest_failure::GuestFailure;
use crate::precompiled;
use crate::settings::Settings;
use crate::store::{self, Holdings};

/// The one interface that a component may import, in any version of WASI 0.2.
const RANDOM: &str = "wasi:random/random@0.2.";

/// A component that can be instantiated, and the bounds of its instances.
pub(crate) struct Plugin {
    pub(crate) component: InstancePre<Holdings>,
    pub(crate) exports: Exports,
    /// Bytes of linear memory.
    pub(crate) memory_limit: usize,
    /// The longest that one call may take.
    pub(crate) call_timeout: Duration,
}

impl Plugin {
    /// Compiles a component and checks its imports and exports, these in a first
    /// instance.
    pub(crate) fn load(bytes: &[u8], settings: &Settings) -> Result<Self, Error> {
        let (engine, reach) = engine::pooling(settings.instances(), settings.call_timeout)?;
        let component = link(&engine, &compile(&engine, bytes)?)?;
        let mut store = store::new(&engine, reach);
        let first = component.instantiate(&mut store).map_err(|error| {
            Error::Guest(GuestFailure::of(&error, settings.call_timeout).to_string())
        })?;
        let exports = Exports::of(component.component(), first, &mut store)?;
        Ok(Self { component, exports, memory_limit: reach, call_timeout: settings.call_timeout })
    }

    /// Bounds the memory of instances to come, at most to what is mapped.
    pub(crate) fn limit_memory(&mut self, bytes: u64) {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.memory_limit = self.memory_limit.min(bytes);
    }
}

fn compile(engine: &Engine, bytes: &[u8]) -> Result<Component, Error> {
    // The preamble: magic, version, and the layer that tells the two kinds apart.
    match bytes {
        [0x00, 0x61, 0x73, 0x6d, _, _, 0x01, 0x00, ..] => {}
        [0x00, 0x61, 0x73, 0x6d, _, _, 0x00, 0x00, ..] => return Err(Error::CoreModule),
        _ => return Err(Error::NotWebAssembly),
    }
    precompiled::component(engine, bytes).map_err(|error| Error::Invalid(one_line(&error)))
}

fn link(engine: &Engine, component: &Component) -> Result<InstancePre<Holdings>, Error> {
    let mut linker = Linker::new(engine);
    store::offer_imports(&mut linker).map_err(|error| Error::Engine(one_line(&error)))?;
    linker.instantiate_pre(component).map_err(|error| {
        let missing = imports_beyond_the_world(engine, component);
        if missing.is_empty() { Error::World(one_line(&error)) } else { Error::Imports(missing) }
    })
}

/// The imports that would need somebody to implement them. An interface of
/// types alone needs nobody.
fn imports_beyond_the_world(engine: &Engine, component: &Component) -> Vec<String> {
    let component = component.component_type();
    let needs_somebody = |item: ComponentItem| match item {
        ComponentItem::ComponentInstance(instance) => {
            instance.exports(engine).any(|(_, export)| !matches!(export.ty, ComponentItem::Type(_)))
        }
        ComponentItem::Type(_) => false,
        _ => true,
    };
    let imports = component.imports(engine);
    imports
        .filter(|(name, _)| !name.starts_with(RANDOM))
        .filter(|(_, import)| needs_somebody(import.ty.clone()))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// An error of the engine with its causes, which come on several lines.
fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}
