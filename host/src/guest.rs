//! One instance of a component of the world `plugin`: the sandbox of a connection,
//! or of several.

use wasmtime::Store;
use wasmtime::component::Instance;

use crate::exports::Callee;
use crate::guest_failure::GuestFailure;
use crate::plugin::Plugin;
use crate::store::{self, Holdings};

/// An instance, ready to be called.
pub(crate) struct Guest {
    store: Store<Holdings>,
    instance: Instance,
}

impl Guest {
    /// Makes a fresh instance.
    pub(crate) fn new(plugin: &Plugin) -> Result<Self, GuestFailure> {
        let mut store = store::new(plugin.component.engine(), plugin.memory_limit);
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
        store::begin_call(store);
        call(&mut Callee { exports: &plugin.exports, instance: *instance, store })
            .map_err(|error| GuestFailure::of(&error, plugin.call_timeout))
    }
}
