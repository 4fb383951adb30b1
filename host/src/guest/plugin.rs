//! A component, compiled and checked against the world `plugin`.

use std::time::Duration;

use tracing::debug;
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre, Linker};

use super::{Guest, StartArguments, component, core};
use crate::bindings::PluginPre;
use crate::bindings::types::{OptionError, Options};
use crate::core_module;
use crate::engine::{self, TOGETHER, Ticks};
use crate::error::Error;
use crate::guest_failure::GuestFailure;
use crate::precompiled::{self, CoreModule};
use crate::settings::Settings;
use crate::store::{self, Holdings, RANDOM};

/// An interface that has no functions, so that nothing else would miss it.
const TYPES: &str = "sandsock:websocket/types@0.1.0";

/// A component that can be instantiated, and the bounds of its instances.
pub(crate) struct Plugin {
    pub(super) component: component::Instantiable,
    /// Its core module, where calling that is the same.
    pub(super) module: Option<core::Instantiable>,
    /// Bytes of linear memory.
    pub(crate) memory_limit: usize,
    /// The longest that one call may take.
    pub(crate) call_timeout: Duration,
    /// Of the clock that stops a call.
    pub(crate) ticks: Ticks,
}

impl Plugin {
    /// Compiles a component and checks its imports and exports, these in a first
    /// instance.
    pub(crate) fn load(bytes: &[u8], settings: &Settings) -> Result<Self, Error> {
        // An instance that is called by its core module gives back at once what a long
        // message took. Another cannot, and is not to keep it until more of them leave.
        let together = if core_module::find(bytes).is_some() { TOGETHER } else { 1 };
        let (engine, ticks, reach) = engine::pooling(settings, together)?;
        let component = link(&engine, &compile(&engine, bytes)?)?;
        let mut store = store::new(&engine, reach);
        let first = component
            .instantiate(&mut store)
            .map_err(|error| fails_at_first(&error, settings.call_timeout))?;
        if component.component().get_export_index(None, TYPES).is_none() {
            return Err(Error::World(format!("it does not export {TYPES}")));
        }
        let component = PluginPre::new(component)
            .and_then(|component| component::Instantiable::new(component, &first, &mut store))
            .map_err(|error| Error::World(one_line(&error)))?;
        drop(store);
        let module = load_core_module(&engine, bytes, reach)
            .inspect(|_| debug!("the component is called by its core module"))
            .inspect_err(|cause| debug!("the component is called as such: {cause:#}"))
            .ok();
        let call_timeout = settings.call_timeout;
        Ok(Self { component, module, memory_limit: reach, call_timeout, ticks })
    }

    /// The same, whose instances are called as those of any component.
    #[cfg(test)]
    pub(crate) fn without_module(self) -> Self {
        Self { module: None, ..self }
    }

    /// Makes a fresh instance.
    pub(crate) fn guest(&self) -> Result<Box<dyn Guest>, GuestFailure> {
        let guest = match &self.module {
            Some(module) => module.instantiate(self.memory_limit).map(|guest| Box::new(guest) as _),
            None => self.component.instantiate(self.memory_limit).map(|guest| Box::new(guest) as _),
        };
        guest.map_err(|error| GuestFailure::of(&error, self.call_timeout))
    }

    /// The component's own default options.
    pub(crate) fn default_options(&self) -> Result<Options, Error> {
        self.component
            .instantiate(self.memory_limit)
            .and_then(|mut first| first.default_options())
            .map_err(|error| fails_at_first(&error, self.call_timeout))
    }

    /// Sees whether the component takes options.
    pub(crate) fn check(
        &self,
        arguments: &StartArguments,
    ) -> Result<Result<(), OptionError>, Error> {
        self.component
            .instantiate(self.memory_limit)
            .and_then(|mut first| first.begin(0, &arguments.start))
            .map(|begun| begun.map(drop))
            .map_err(|error| fails_at_first(&error, self.call_timeout))
    }

    /// Bounds the memory of instances to come, at most to what is mapped.
    pub(crate) fn limit_memory(&mut self, bytes: u64) {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.memory_limit = self.memory_limit.min(bytes);
    }
}

fn fails_at_first(error: &wasmtime::Error, call_timeout: Duration) -> Error {
    Error::Guest(GuestFailure::of(error, call_timeout).to_string())
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

/// The core module inside a component, if it can be called for the component.
fn load_core_module(
    engine: &Engine,
    component: &[u8],
    memory_limit: usize,
) -> wasmtime::Result<core::Instantiable> {
    let Some(module) = core_module::find(component) else {
        wasmtime::bail!("it is not made of one core module, in the usual way");
    };
    let CoreModule { module, exposes_state } = precompiled::core_module(engine, module)?;
    core::Instantiable::new(&module, exposes_state, memory_limit)
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
