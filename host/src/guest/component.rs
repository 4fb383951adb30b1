//! An instance that wasmtime makes of the component, and calls as such.

mod exports;

use std::sync::Arc;

use exports::{Exports, Function, Signature};
use slab::Slab;
use wasmtime::component::{Instance, InstancePre, ResourceAny};
use wasmtime::{Result, Store, format_err};

use super::{Guest, Handle, Output, StartArguments};
use crate::bindings::types::{CloseFrame, Closure, OptionError, Options, Start};
use crate::error::Error;
use crate::guest_failure::Refused;
use crate::store::{self, Holdings};

/// A component that can be instantiated.
pub(super) struct Instantiable {
    component: InstancePre<Holdings>,
    exports: Arc<Exports>,
}

impl Instantiable {
    /// Checks the exports of a component, in a `first` instance.
    pub(super) fn new(
        component: InstancePre<Holdings>,
        first: Instance,
        store: &mut Store<Holdings>,
    ) -> Result<Self, Error> {
        let exports = Exports::of(component.component(), first, store)?;
        Ok(Self { component, exports: Arc::new(exports) })
    }

    pub(super) fn instantiate(&self, memory_limit: usize) -> Result<ComponentGuest> {
        let mut store = store::new(self.component.engine(), memory_limit);
        let instance = self.component.instantiate(&mut store)?;
        let exports = Arc::clone(&self.exports);
        Ok(ComponentGuest { store, instance, exports, endpoints: Slab::new() })
    }
}

/// An instance of a component.
pub(super) struct ComponentGuest {
    store: Store<Holdings>,
    instance: Instance,
    exports: Arc<Exports>,
    endpoints: Slab<ResourceAny>,
}

impl ComponentGuest {
    pub(super) fn default_options(&mut self) -> Result<Options> {
        self.call(|exports| &exports.default_options, ())
    }

    pub(super) fn begin(
        &mut self,
        now: u64,
        start: &Start,
    ) -> Result<Result<ResourceAny, OptionError>> {
        self.call(|exports| &exports.start, (now, start))
    }

    fn endpoint(&self, Handle(key): Handle) -> Result<ResourceAny> {
        let endpoint = usize::try_from(key).ok().and_then(|key| self.endpoints.get(key));
        endpoint.copied().ok_or_else(|| format_err!("no endpoint has the handle {key}"))
    }

    fn call<S: Signature>(
        &mut self,
        function: impl FnOnce(&Exports) -> &Function<S>,
        parameters: S::Parameters<'_>,
    ) -> Result<S::Result> {
        store::begin_call(&mut self.store);
        function(&self.exports).call(self.instance, &mut self.store, parameters)
    }
}

impl Guest for ComponentGuest {
    fn start(&mut self, now: u64, arguments: &StartArguments) -> Result<Handle> {
        let endpoint = self.begin(now, &arguments.start)?.map_err(|_| Refused)?;
        Ok(Handle(u32::try_from(self.endpoints.insert(endpoint))?))
    }

    fn receive(&mut self, endpoint: Handle, now: u64, bytes: &[u8]) -> Result<Output> {
        let endpoint = self.endpoint(endpoint)?;
        self.call(|exports| &exports.receive, (endpoint, now, bytes))
    }

    fn drain(&mut self, endpoint: Handle, now: u64) -> Result<Output> {
        let endpoint = self.endpoint(endpoint)?;
        self.call(|exports| &exports.drain, (endpoint, now))
    }

    fn receive_end(&mut self, endpoint: Handle, now: u64) -> Result<Output> {
        let endpoint = self.endpoint(endpoint)?;
        self.call(|exports| &exports.receive_end, (endpoint, now))
    }

    fn reach_deadline(&mut self, endpoint: Handle, now: u64) -> Result<Output> {
        let endpoint = self.endpoint(endpoint)?;
        self.call(|exports| &exports.reach_deadline, (endpoint, now))
    }

    fn close(&mut self, endpoint: Handle, now: u64, frame: &CloseFrame) -> Result<Option<Output>> {
        let endpoint = self.endpoint(endpoint)?;
        self.call(|exports| &exports.close, (endpoint, now, frame)).map(Result::ok)
    }

    fn closure(&mut self, endpoint: Handle) -> Result<Option<Closure>> {
        let endpoint = self.endpoint(endpoint)?;
        self.call(|exports| &exports.closure, (endpoint,))
    }

    fn drop_endpoint(&mut self, endpoint: Handle) -> Result<()> {
        let resource = self.endpoint(endpoint)?;
        self.endpoints.remove(usize::try_from(endpoint.0)?);
        store::begin_call(&mut self.store);
        resource.resource_drop(&mut self.store)
    }
}
