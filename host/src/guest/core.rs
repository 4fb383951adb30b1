//! An instance of the core module inside the component, called by the canonical ABI:
//! what wasmtime does for any component, done here for the functions of
//! `wit/endpoint.wit` alone. A module that says so has the host take steps of it ([`standing`])
//! that are the guest's by the ABI.
//!
//! A handle of an endpoint is what stands for it inside the guest, its
//! representation: nobody but the host holds one, and it holds one for each.

mod exports;
mod imports;
mod initial_state;
mod output;
mod standing;

use std::sync::Arc;

use exports::{Export, Exports, Function, Then};
use initial_state::InitialState;
#[cfg(test)]
pub(super) use initial_state::MOST_PAGES;
use output::{Returned, output};
use standing::Standing;
use tracing::debug;
use wasmtime::{Instance, InstancePre, Module, Result, Store, WasmParams, bail, format_err};

use super::{Guest, Handle, Output, StartArguments};
use crate::bindings::types::{self, CloseFrame, Closure, OptionError, UsageError};
use crate::canonical::{FromMemory, LinearMemory, Room, aligned, payload_offset};
use crate::passage::Passage;
use crate::store::{self, Holdings};

const ENDPOINT: &str = "sandsock:websocket/endpoint@0.1.0";
const DESTRUCTOR: &str = "sandsock:websocket/endpoint@0.1.0#[dtor]endpoint";

/// A core module that can be instantiated.
pub(crate) struct Instantiable {
    module: InstancePre<Holdings>,
    exports: Arc<Exports>,
    standing: Standing,
    /// Where instances can be restored.
    initial: Option<Arc<InitialState>>,
}

impl Instantiable {
    /// Checks what a module imports and exports, in a first instance. Fails where
    /// that is not what toolchains agree on. Where the module exposes its state, an instance
    /// can be restored.
    pub(crate) fn new(module: &Module, exposes_state: bool, memory_limit: usize) -> Result<Self> {
        let module = imports::link(module)?;
        let exports = Exports::of(module.module())?;
        let mut store = store::new(module.module().engine(), memory_limit);
        let first = module.instantiate(&mut store)?;
        exports.check(first, &mut store)?;
        let standing = Standing::of(first, &mut store);
        let memory = exports.memory(first, &mut store)?;
        let initial = if exposes_state {
            InitialState::of(first, module.module(), &memory, &mut store)
        } else {
            Err(format_err!("the module may keep state where it cannot be seen"))
        };
        let initial = initial
            .inspect(|_| debug!("instances are restored behind their connections"))
            .inspect_err(|cause| debug!("each connection has a new instance: {cause:#}"));
        let (exports, initial) = (Arc::new(exports), initial.ok().map(Arc::new));
        Ok(Self { module, exports, standing, initial })
    }

    /// The same, whose instances have their standing block for themselves.
    #[cfg(test)]
    pub(super) fn without_standing(&self) -> Self {
        Self {
            module: self.module.clone(),
            exports: Arc::clone(&self.exports),
            standing: Standing::NONE,
            initial: self.initial.clone(),
        }
    }

    pub(crate) fn instantiate(&self, memory_limit: usize) -> Result<CoreGuest> {
        let exports = Arc::clone(&self.exports);
        let mut store = store::new(self.module.module().engine(), memory_limit);
        let instance = self.module.instantiate(&mut store)?;
        let memory = exports.memory(instance, &mut store)?;
        let receive = exports.receive.of(instance, &mut store)?;
        let (standing, initial) = (self.standing, self.initial.clone());
        Ok(CoreGuest { store, instance, exports, memory, receive, standing, unused: None, initial })
    }
}

/// An instance of the core module inside a component.
pub(crate) struct CoreGuest {
    store: Store<Holdings>,
    instance: Instance,
    exports: Arc<Exports>,
    memory: LinearMemory,
    /// The one function that is called often, looked up once.
    receive: Function<(u32, u64, u32, u32)>,
    standing: Standing,
    /// Room that the guest made for bytes that did not come, and is not told of.
    unused: Option<Room>,
    initial: Option<Arc<InitialState>>,
}

impl Drop for CoreGuest {
    fn drop(&mut self) {
        self.memory.give_back(&mut self.store);
    }
}

#[cfg(test)]
impl CoreGuest {
    /// Takes the standing block for `bytes`, if it is free.
    pub(super) fn take_standing(&mut self, bytes: &[u8]) -> Option<u32> {
        let memory = self.memory.bytes_mut(&mut self.store);
        self.standing.take(memory, bytes).unwrap()
    }

    pub(super) fn memory_mut(&mut self) -> &mut [u8] {
        self.memory.bytes_mut(&mut self.store)
    }

    /// The globals that can change.
    pub(super) fn globals(&mut self) -> Vec<i32> {
        let globals = self.initial.as_ref().unwrap().globals(self.instance, &mut self.store);
        globals.iter().map(|global| global.get(&mut self.store).unwrap_i32()).collect()
    }

    pub(super) fn set_globals(&mut self, value: i32) {
        for global in self.initial.as_ref().unwrap().globals(self.instance, &mut self.store) {
            global.set(&mut self.store, value.into()).unwrap();
        }
    }
}

impl CoreGuest {
    /// Calls a function that is not called often, and has its result read. The CPU
    /// deadline is set by then.
    fn call<P: WasmParams, T>(
        &mut self,
        export: impl FnOnce(&Exports) -> &Export<P>,
        parameters: P,
        read: impl FnOnce(&[u8], u32) -> Result<T>,
    ) -> Result<T> {
        let function = export(&self.exports).of(self.instance, &mut self.store)?;
        function.call(&mut self.store, &self.memory, parameters, |memory, pointer| {
            Ok((read(memory, pointer)?, Then::PostReturn))
        })
    }

    /// Calls a function that returns an output, and is not called often.
    fn call_for_output<P: WasmParams>(
        &mut self,
        export: impl FnOnce(&Exports) -> &Export<P>,
        parameters: P,
        passage: &mut Passage<'_>,
    ) -> Result<Output> {
        let function = export(&self.exports).of(self.instance, &mut self.store)?;
        function.call(&mut self.store, &self.memory, parameters, output(self.standing, passage))
    }
}

/// Which case of a result there is.
fn is_err(memory: &[u8], at: usize) -> Result<bool> {
    match u8::from_memory(memory, at)? {
        0 => Ok(false),
        1 => Ok(true),
        case => bail!("a result has no case {case}"),
    }
}

impl Guest for CoreGuest {
    fn start(&mut self, now: u64, arguments: &StartArguments) -> Result<Option<Handle>> {
        store::begin_call(&mut self.store);
        let arguments = arguments.image.copy_to(&self.memory, &mut self.store, now)?;
        self.call(
            |exports| &exports.start,
            arguments,
            |memory, pointer| {
                type Started = Result<u32, OptionError>;
                let at = aligned::<Started>(pointer)?;
                if is_err(memory, at)? {
                    return Ok(None);
                }
                let handle = u32::from_memory(memory, at + payload_offset::<Started>())?;
                Ok(Some(Handle(handle)))
            },
        )
    }

    fn receive(
        &mut self,
        Handle(endpoint): Handle,
        now: u64,
        bytes: &[u8],
        passage: &mut Passage<'_>,
    ) -> Result<Output> {
        let Self { store, memory, receive, standing, .. } = self;
        store::begin_call(store);
        let len = u32::try_from(bytes.len())?;
        let list = match standing.take(memory.bytes_mut(&mut *store), bytes)? {
            Some(block) => block,
            None => memory.hand_over(&mut *store, bytes, 1)?,
        };
        receive.call(store, memory, (endpoint, now, list, len), output(*standing, passage))
    }

    fn receive_directly(
        &mut self,
        Handle(endpoint): Handle,
        now: u64,
        len: usize,
        passage: &mut Passage<'_>,
    ) -> Result<Output> {
        let Self { store, memory, receive, standing, unused, .. } = self;
        store::begin_call(store);
        let mut room = memory.make_room(&mut *store, unused.take(), u32::try_from(len)?)?;
        let count = u32::try_from(passage.read(memory.room(&mut *store, room)?))?;
        // What took time was not the guest: there may be records to decrypt.
        store::begin_call(store);
        if count == 0 {
            *unused = Some(room);
            return self.call_for_output(|exports| &exports.drain, (endpoint, now), passage);
        }
        if count < room.len {
            // The guest gives back as many as it was told of.
            room = memory.make_room(&mut *store, Some(room), count)?;
        }
        receive.call(store, memory, (endpoint, now, room.at, room.len), output(*standing, passage))
    }

    fn drain(
        &mut self,
        Handle(endpoint): Handle,
        now: u64,
        passage: &mut Passage<'_>,
    ) -> Result<Output> {
        store::begin_call(&mut self.store);
        self.call_for_output(|exports| &exports.drain, (endpoint, now), passage)
    }

    fn receive_end(
        &mut self,
        Handle(endpoint): Handle,
        now: u64,
        passage: &mut Passage<'_>,
    ) -> Result<Output> {
        store::begin_call(&mut self.store);
        self.call_for_output(|exports| &exports.receive_end, (endpoint, now), passage)
    }

    fn reach_deadline(
        &mut self,
        Handle(endpoint): Handle,
        now: u64,
        passage: &mut Passage<'_>,
    ) -> Result<Output> {
        store::begin_call(&mut self.store);
        self.call_for_output(|exports| &exports.reach_deadline, (endpoint, now), passage)
    }

    fn close(
        &mut self,
        Handle(endpoint): Handle,
        now: u64,
        frame: &CloseFrame,
        passage: &mut Passage<'_>,
    ) -> Result<Option<Output>> {
        store::begin_call(&mut self.store);
        let reason = frame.reason.as_bytes();
        let len = u32::try_from(reason.len())?;
        let reason = self.memory.hand_over(&mut self.store, reason, 1)?;
        let parameters = (endpoint, now, frame.code.into(), reason, len);
        self.call(
            |exports| &exports.close,
            parameters,
            |memory, pointer| {
                type Closed = Result<types::Output, UsageError>;
                let at = aligned::<Closed>(pointer)?;
                if is_err(memory, at)? {
                    return Ok(None);
                }
                let at = at + payload_offset::<Closed>();
                Ok(Some(Returned::read(memory, at, passage)?.output))
            },
        )
    }

    fn closure(&mut self, Handle(endpoint): Handle) -> Result<Option<Closure>> {
        store::begin_call(&mut self.store);
        self.call(|exports| &exports.closure, endpoint, FromMemory::returned)
    }

    fn restore(&mut self) -> bool {
        self.unused = None;
        self.initial
            .as_ref()
            .is_some_and(|initial| initial.restore(self.instance, &self.memory, &mut self.store))
    }

    fn prepare(&self) {
        let memory = self.memory.bytes(&self.store);
        self.standing.prepare(memory);
        if let Some(initial) = &self.initial {
            initial.prepare_stack(memory);
        }
    }

    fn drop_endpoint(&mut self, Handle(endpoint): Handle) -> Result<()> {
        store::begin_call(&mut self.store);
        match self.exports.destructor(self.instance, &mut self.store)? {
            Some(destructor) => destructor.call(&mut self.store, endpoint),
            None => Ok(()),
        }
    }
}
