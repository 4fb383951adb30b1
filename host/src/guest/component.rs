//! An instance that wasmtime makes of the component, and calls as such. Its outputs
//! are copied for the host before they are put out.

use slab::Slab;
use wasmtime::component::{Instance, ResourceAny};
use wasmtime::{Result, Store, format_err};

use super::{Guest, Handle, Output, StartArguments};
use crate::bindings::endpoint::{Guest as EndpointExports, GuestEndpoint};
use crate::bindings::types::{self, CloseFrame, Closure, OptionError, Options, Start};
use crate::bindings::{PluginExports, PluginPre};
use crate::passage::Passage;
use crate::read_buffer;
use crate::store::{self, Holdings};

/// A component that can be instantiated.
pub(super) struct Instantiable {
    component: PluginPre<Holdings>,
}

impl Instantiable {
    /// Checks the exports of a component, in a `first` instance.
    pub(super) fn new(
        component: PluginPre<Holdings>,
        first: &Instance,
        store: &mut Store<Holdings>,
    ) -> Result<Self> {
        PluginExports::new(store, first)?;
        Ok(Self { component })
    }

    pub(super) fn instantiate(&self, memory_limit: usize) -> Result<ComponentGuest> {
        let mut store = store::new(self.component.engine(), memory_limit);
        let instance = self.component.instantiate(&mut store)?;
        let exports = instance.sandsock_websocket_endpoint().clone();
        Ok(ComponentGuest { store, exports, endpoints: Slab::new() })
    }
}

/// An instance of a component.
pub(super) struct ComponentGuest {
    store: Store<Holdings>,
    exports: EndpointExports,
    endpoints: Slab<ResourceAny>,
}

impl ComponentGuest {
    pub(super) fn default_options(&mut self) -> Result<Options> {
        store::begin_call(&mut self.store);
        self.exports.call_default_options(&mut self.store)
    }

    pub(super) fn begin(
        &mut self,
        now: u64,
        start: &Start,
    ) -> Result<Result<ResourceAny, OptionError>> {
        store::begin_call(&mut self.store);
        self.exports.endpoint().call_start(&mut self.store, now, start)
    }

    /// What a method is called with, under a fresh CPU deadline.
    fn callee(
        &mut self,
        Handle(key): Handle,
    ) -> Result<(GuestEndpoint<'_>, &mut Store<Holdings>, ResourceAny)> {
        let endpoint = usize::try_from(key).ok().and_then(|key| self.endpoints.get(key));
        let endpoint = *endpoint.ok_or_else(|| format_err!("no endpoint has the handle {key}"))?;
        store::begin_call(&mut self.store);
        Ok((self.exports.endpoint(), &mut self.store, endpoint))
    }
}

fn put(output: types::Output, passage: &mut Passage<'_>) -> Output {
    passage.put(&output.transmit, output.ready_state);
    Output { deadline: output.deadline, next: output.next }
}

impl Guest for ComponentGuest {
    fn start(&mut self, now: u64, arguments: &StartArguments) -> Result<Option<Handle>> {
        let Ok(endpoint) = self.begin(now, &arguments.start)? else { return Ok(None) };
        Ok(Some(Handle(u32::try_from(self.endpoints.insert(endpoint))?)))
    }

    fn receive(
        &mut self,
        endpoint: Handle,
        now: u64,
        bytes: &[u8],
        passage: &mut Passage<'_>,
    ) -> Result<Output> {
        let (exports, store, endpoint) = self.callee(endpoint)?;
        Ok(put(exports.call_receive(store, endpoint, now, bytes)?, passage))
    }

    fn receive_directly(
        &mut self,
        endpoint: Handle,
        now: u64,
        len: usize,
        passage: &mut Passage<'_>,
    ) -> Result<Output> {
        // Not quite: wasmtime copies any list that it hands over, so that longer ones
        // than usual gain nothing.
        let mut bytes = vec![0; len.min(read_buffer::BYTES)];
        match passage.read(&mut bytes) {
            0 => self.drain(endpoint, now, passage),
            count => self.receive(endpoint, now, &bytes[..count], passage),
        }
    }

    fn drain(&mut self, endpoint: Handle, now: u64, passage: &mut Passage<'_>) -> Result<Output> {
        let (exports, store, endpoint) = self.callee(endpoint)?;
        Ok(put(exports.call_drain(store, endpoint, now)?, passage))
    }

    fn receive_end(
        &mut self,
        endpoint: Handle,
        now: u64,
        passage: &mut Passage<'_>,
    ) -> Result<Output> {
        let (exports, store, endpoint) = self.callee(endpoint)?;
        Ok(put(exports.call_receive_end(store, endpoint, now)?, passage))
    }

    fn reach_deadline(
        &mut self,
        endpoint: Handle,
        now: u64,
        passage: &mut Passage<'_>,
    ) -> Result<Output> {
        let (exports, store, endpoint) = self.callee(endpoint)?;
        Ok(put(exports.call_reach_deadline(store, endpoint, now)?, passage))
    }

    fn close(
        &mut self,
        endpoint: Handle,
        now: u64,
        frame: &CloseFrame,
        passage: &mut Passage<'_>,
    ) -> Result<Option<Output>> {
        let (exports, store, endpoint) = self.callee(endpoint)?;
        let closed = exports.call_close(store, endpoint, now, frame)?;
        Ok(closed.ok().map(|output| put(output, passage)))
    }

    fn closure(&mut self, endpoint: Handle) -> Result<Option<Closure>> {
        let (exports, store, endpoint) = self.callee(endpoint)?;
        exports.call_closure(store, endpoint)
    }

    /// What wasmtime has around it is out of reach.
    fn restore(&mut self) -> bool {
        false
    }

    /// What it looks up for a call is out of reach as well.
    fn prepare(&self) {}

    fn drop_endpoint(&mut self, endpoint: Handle) -> Result<()> {
        let (_, store, resource) = self.callee(endpoint)?;
        resource.resource_drop(store)?;
        self.endpoints.remove(usize::try_from(endpoint.0)?);
        Ok(())
    }
}
