//! The component of the world `protocol`, and the instance of it that each
//! connection has.

use std::sync::LazyLock;
use std::time::Duration;

use wasmtime::Store;
use wasmtime::component::{Linker, ResourceAny};

use crate::bindings::ProtocolPre;
use crate::bindings::connection::{Drained, Guest as Exports, GuestConnection};
use crate::bindings::types::{CloseFrame, Message, OptionError, Options, Start, UsageError};
use crate::client::error::EngineFailure;
use crate::engine;
use crate::guest_failure::GuestFailure;
use crate::precompiled::{self, PROTOCOL};
use crate::settings;
use crate::store::{self, Holdings};

/// The longest that one call may take: the default of servers, too.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Loaded when it is first needed, and for the whole process.
static LOADED: LazyLock<Result<Protocol, EngineFailure>> =
    LazyLock::new(|| Protocol::load().map_err(|error| EngineFailure(format!("{error:#}"))));

struct Protocol {
    component: ProtocolPre<Holdings>,
    default_options: Options,
}

impl Protocol {
    fn load() -> wasmtime::Result<Self> {
        let engine = engine::on_demand(CALL_TIMEOUT)?;
        let mut linker = Linker::new(&engine);
        store::offer_imports(&mut linker)?;
        let component = linker.instantiate_pre(&precompiled::component(&engine, PROTOCOL)?)?;
        let component = ProtocolPre::new(component)?;

        let (mut store, exports) = instantiate(&component, usize::MAX)?;
        let default_options = exports.call_default_options(&mut store)?;
        Ok(Self { component, default_options })
    }

    fn loaded() -> Result<&'static Self, EngineFailure> {
        LOADED.as_ref().map_err(Clone::clone)
    }
}

fn instantiate(
    component: &ProtocolPre<Holdings>,
    memory_limit: usize,
) -> wasmtime::Result<(Store<Holdings>, Exports)> {
    let mut store = store::new(component.engine(), memory_limit);
    let instance = component.instantiate(&mut store)?;
    let exports = instance.sandsock_websocket_connection().clone();
    Ok((store, exports))
}

/// The component's own default options.
pub(super) fn default_options() -> Result<Options, EngineFailure> {
    Protocol::loaded().map(|protocol| protocol.default_options)
}

/// An instance with the one resource `connection` that is in it. Each method is
/// one call, named as in `wit/connection.wit`; after a failure, all of them fail.
pub(super) struct Guest {
    store: Store<Holdings>,
    exports: Exports,
    handle: ResourceAny,
}

impl Guest {
    /// `connection.start`, in a fresh instance with memory for messages of
    /// `message_bytes`.
    pub(super) fn start(
        now: u64,
        start: &Start,
        message_bytes: u64,
    ) -> Result<Result<Self, OptionError>, EngineFailure> {
        let component = &Protocol::loaded()?.component;
        let memory_limit = settings::memory_for(message_bytes);
        let memory_limit = usize::try_from(memory_limit).unwrap_or(usize::MAX);
        let started = instantiate(component, memory_limit).and_then(|(mut store, exports)| {
            let handle = exports.connection().call_start(&mut store, now, start)?;
            Ok(handle.map(|handle| Self { store, exports, handle }))
        });
        started.map_err(|error| failure(&error))
    }

    /// `connection.receive`.
    pub(super) fn receive(&mut self, now: u64, bytes: &[u8]) -> Result<(), EngineFailure> {
        self.call(|connection, store, handle| connection.call_receive(store, handle, now, bytes))
    }

    /// `connection.receive-end`.
    pub(super) fn receive_end(&mut self, now: u64) -> Result<(), EngineFailure> {
        self.call(|connection, store, handle| connection.call_receive_end(store, handle, now))
    }

    /// `connection.reach-deadline`.
    pub(super) fn reach_deadline(&mut self, now: u64) -> Result<(), EngineFailure> {
        self.call(|connection, store, handle| connection.call_reach_deadline(store, handle, now))
    }

    /// `connection.send-message`.
    pub(super) fn send_message(
        &mut self,
        now: u64,
        message: &Message,
    ) -> Result<Result<(), UsageError>, EngineFailure> {
        self.call(|connection, store, handle| {
            connection.call_send_message(store, handle, now, message)
        })
    }

    /// `connection.send-ping`.
    pub(super) fn send_ping(
        &mut self,
        now: u64,
        application_data: &[u8],
    ) -> Result<Result<(), UsageError>, EngineFailure> {
        self.call(|connection, store, handle| {
            connection.call_send_ping(store, handle, now, application_data)
        })
    }

    /// `connection.close`.
    pub(super) fn close(
        &mut self,
        now: u64,
        frame: Option<&CloseFrame>,
    ) -> Result<Result<(), UsageError>, EngineFailure> {
        self.call(|connection, store, handle| connection.call_close(store, handle, now, frame))
    }

    /// `connection.drain`.
    pub(super) fn drain(&mut self, now: u64) -> Result<Drained, EngineFailure> {
        self.call(|connection, store, handle| connection.call_drain(store, handle, now))
    }

    fn call<T>(
        &mut self,
        call: impl FnOnce(GuestConnection<'_>, &mut Store<Holdings>, ResourceAny) -> wasmtime::Result<T>,
    ) -> Result<T, EngineFailure> {
        store::begin_call(&mut self.store);
        call(self.exports.connection(), &mut self.store, self.handle)
            .map_err(|error| failure(&error))
    }
}

fn failure(error: &wasmtime::Error) -> EngineFailure {
    EngineFailure(GuestFailure::of(error, CALL_TIMEOUT).to_string())
}
