//! The functions that an instance exports: those of `wit/endpoint.wit`.
//!
//! Wasmtime compares the type of a function with the one asked for each time it is
//! looked up, which for all of them is much of a short connection. So it is done once
//! for a component: its instances are alike.

use std::marker::PhantomData;

use wasmtime::Store;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower, ResourceAny,
    TypedFunc,
};

use crate::bindings::types::{CloseFrame, Closure, OptionError, Options, Start, UsageError};
use crate::error::Error;
use crate::guest::Output;
use crate::store::Holdings;

/// The interface that a component exports to be driven, and that of its types.
const ENDPOINT: &str = "sandsock:websocket/endpoint@0.1.0";
const TYPES: &str = "sandsock:websocket/types@0.1.0";

/// The name and the type of a function.
pub(super) trait Signature {
    const NAME: &str;
    type Parameters<'a>: ComponentNamedList + Lower;
    type Result: Lift + 'static;
}

macro_rules! signatures {
    ($($signature:ident $name:literal: $parameters:ty => $result:ty;)*) => {$(
        pub(super) struct $signature;

        impl Signature for $signature {
            const NAME: &str = $name;
            type Parameters<'a> = $parameters;
            type Result = $result;
        }
    )*};
}

signatures! {
    DefaultOptions "default-options": () => Options;
    Begin "[static]endpoint.start": (u64, &'a Start) => Result<ResourceAny, OptionError>;
    Receive "[method]endpoint.receive": (ResourceAny, u64, &'a [u8]) => Output;
    Drain "[method]endpoint.drain": (ResourceAny, u64) => Output;
    ReceiveEnd "[method]endpoint.receive-end": (ResourceAny, u64) => Output;
    ReachDeadline "[method]endpoint.reach-deadline": (ResourceAny, u64) => Output;
    Close "[method]endpoint.close": (ResourceAny, u64, &'a CloseFrame) => Result<Output, UsageError>;
    HowItEnded "[method]endpoint.closure": (ResourceAny,) => Option<Closure>;
    RoundTrip "[method]endpoint.round-trip": (ResourceAny,) => Option<u32>;
}

/// A function of every instance of a component, of the type of its signature.
pub(super) struct Function<S>(ComponentExportIndex, PhantomData<S>);

/// The functions of every instance of a component.
pub(super) struct Exports {
    pub(super) default_options: Function<DefaultOptions>,
    pub(super) start: Function<Begin>,
    pub(super) receive: Function<Receive>,
    pub(super) drain: Function<Drain>,
    pub(super) receive_end: Function<ReceiveEnd>,
    pub(super) reach_deadline: Function<ReachDeadline>,
    pub(super) close: Function<Close>,
    pub(super) closure: Function<HowItEnded>,
}

impl Exports {
    /// Finds the functions of a component, and checks their types in an instance.
    pub(super) fn of(
        component: &Component,
        instance: Instance,
        store: &mut Store<Holdings>,
    ) -> Result<Self, Error> {
        let interface = |name| {
            component
                .get_export_index(None, name)
                .ok_or_else(|| Error::World(format!("it does not export {name}")))
        };
        interface(TYPES)?;
        let endpoint = interface(ENDPOINT)?;
        let mut search = Search { component, endpoint, instance, store };
        // Belongs to the world, though nothing here calls it.
        search.function::<RoundTrip>()?;
        Ok(Self {
            default_options: search.function()?,
            start: search.function()?,
            receive: search.function()?,
            drain: search.function()?,
            receive_end: search.function()?,
            reach_deadline: search.function()?,
            close: search.function()?,
            closure: search.function()?,
        })
    }
}

impl<S: Signature> Function<S> {
    /// Calls it in one of the instances.
    pub(super) fn call(
        &self,
        instance: Instance,
        mut store: &mut Store<Holdings>,
        parameters: S::Parameters<'_>,
    ) -> wasmtime::Result<S::Result> {
        let Some(function) = instance.get_func(&mut store, self.0) else {
            wasmtime::bail!("`{}` is of another component", S::NAME);
        };
        // SAFETY: `Search` has compared the type with that of an instance of the
        // same component; an index of another component is found in no instance.
        #[expect(unsafe_code, reason = "the type is not compared again for each call")]
        let function =
            unsafe { TypedFunc::<S::Parameters<'_>, (S::Result,)>::new_unchecked(function) };
        function.call(store, parameters).map(|(result,)| result)
    }
}

struct Search<'s> {
    component: &'s Component,
    endpoint: ComponentExportIndex,
    instance: Instance,
    store: &'s mut Store<Holdings>,
}

impl Search<'_> {
    fn function<S: Signature>(&mut self) -> Result<Function<S>, Error> {
        let unfit = |cause| Error::World(format!("`{}` of {ENDPOINT}: {cause}", S::NAME));
        let index = self
            .component
            .get_export_index(Some(&self.endpoint), S::NAME)
            .ok_or_else(|| unfit("not exported".to_owned()))?;
        self.instance
            .get_typed_func::<S::Parameters<'_>, (S::Result,)>(&mut *self.store, index)
            .map_err(|error| unfit(format!("{error:#}")))?;
        Ok(Function(index, PhantomData))
    }
}
