//! What the core module exports for the functions of `wit/endpoint.wit`, by the
//! names that toolchains agree on.

use std::marker::PhantomData;

use wasmtime::{
    AsContextMut, Extern, Instance, Module, ModuleExport, Result, Store, TypedFunc, WasmParams,
    WasmResults, format_err,
};

use crate::canonical::LinearMemory;
use crate::store::Holdings;

/// Takes a number, and says nothing.
type Notified = TypedFunc<u32, ()>;

/// The exports of every instance of a module.
pub(super) struct Exports {
    memory: ModuleExport,
    realloc: ModuleExport,
    pub(super) start: Export<u32>,
    pub(super) receive: Export<(u32, u64, u32, u32)>,
    pub(super) drain: Export<(u32, u64)>,
    pub(super) receive_end: Export<(u32, u64)>,
    pub(super) reach_deadline: Export<(u32, u64)>,
    pub(super) close: Export<(u32, u64, u32, u32, u32)>,
    pub(super) closure: Export<u32>,
    destructor: Option<ModuleExport>,
}

/// A function that returns where its result lies, and one that is told when the
/// result was read.
pub(super) struct Export<P> {
    call: ModuleExport,
    post_return: Option<ModuleExport>,
    parameters: PhantomData<P>,
}

/// An [`Export`] of one instance.
pub(super) struct Function<P> {
    call: TypedFunc<P, u32>,
    post_return: Option<Notified>,
}

/// What is to be done once a result was read.
pub(super) enum Then {
    PostReturn,
    Nothing,
}

impl Exports {
    pub(super) fn of(module: &Module) -> Result<Self> {
        Ok(Self {
            memory: export(module, "memory")?,
            realloc: export(module, "cabi_realloc")?,
            start: Export::named(module, "[static]endpoint.start")?,
            receive: Export::named(module, "[method]endpoint.receive")?,
            drain: Export::named(module, "[method]endpoint.drain")?,
            receive_end: Export::named(module, "[method]endpoint.receive-end")?,
            reach_deadline: Export::named(module, "[method]endpoint.reach-deadline")?,
            close: Export::named(module, "[method]endpoint.close")?,
            closure: Export::named(module, "[method]endpoint.closure")?,
            destructor: module.get_export_index(super::DESTRUCTOR),
        })
    }

    /// Whether all of them are of the types that the functions above call for.
    pub(super) fn check(&self, instance: Instance, store: &mut Store<Holdings>) -> Result<()> {
        self.memory(instance, store)?;
        self.start.of(instance, store)?;
        self.receive.of(instance, store)?;
        self.drain.of(instance, store)?;
        self.receive_end.of(instance, store)?;
        self.reach_deadline.of(instance, store)?;
        self.close.of(instance, store)?;
        self.closure.of(instance, store)?;
        self.destructor(instance, store).map(drop)
    }

    pub(super) fn memory(
        &self,
        instance: Instance,
        store: &mut Store<Holdings>,
    ) -> Result<LinearMemory> {
        let memory = instance.get_module_export(&mut *store, &self.memory);
        let memory = memory.and_then(Extern::into_memory);
        let memory = memory.ok_or_else(|| format_err!("`memory` is none"))?;
        Ok(LinearMemory::new(memory, function(instance, store, &self.realloc)?))
    }

    pub(super) fn destructor(
        &self,
        instance: Instance,
        store: &mut Store<Holdings>,
    ) -> Result<Option<Notified>> {
        self.destructor.as_ref().map(|export| function(instance, store, export)).transpose()
    }
}

impl<P: WasmParams> Export<P> {
    fn named(module: &Module, name: &str) -> Result<Self> {
        let name = format!("{}#{name}", super::ENDPOINT);
        Ok(Self {
            call: export(module, &name)?,
            post_return: module.get_export_index(&format!("cabi_post_{name}")),
            parameters: PhantomData,
        })
    }

    pub(super) fn of(
        &self,
        instance: Instance,
        store: &mut Store<Holdings>,
    ) -> Result<Function<P>> {
        let post_return = self.post_return.as_ref();
        Ok(Function {
            call: function(instance, store, &self.call)?,
            post_return: post_return.map(|export| function(instance, store, export)).transpose()?,
        })
    }
}

impl<P: WasmParams> Function<P> {
    /// Calls it, and has its result read from the memory.
    pub(super) fn call<T>(
        &self,
        mut store: impl AsContextMut,
        memory: &LinearMemory,
        parameters: P,
        read: impl FnOnce(&mut [u8], u32) -> Result<(T, Then)>,
    ) -> Result<T> {
        let at = self.call.call(&mut store, parameters)?;
        let (result, then) = read(memory.bytes_mut(&mut store), at)?;
        if let (Then::PostReturn, Some(post_return)) = (then, &self.post_return) {
            post_return.call(&mut store, at)?;
        }
        Ok(result)
    }
}

fn export(module: &Module, name: &str) -> Result<ModuleExport> {
    module.get_export_index(name).ok_or_else(|| format_err!("`{name}` is not exported"))
}

fn function<P: WasmParams, R: WasmResults>(
    instance: Instance,
    store: &mut Store<Holdings>,
    export: &ModuleExport,
) -> Result<TypedFunc<P, R>> {
    let function = instance.get_module_export(&mut *store, export).and_then(Extern::into_func);
    function.ok_or_else(|| format_err!("an export is no function"))?.typed(&*store)
}
