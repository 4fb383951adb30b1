//! What an instance is like when it is made, so that it can be made so again.
//!
//! To make an instance takes a third as much time again as to serve a short connection:
//! most of it to have its memory cleared by the kernel, and mapped once more, page by
//! page. A memory of which few pages were written to is restored faster by copying these.

use std::hint;

use wasmtime::{
    Error, Extern, Global, Instance, Module, ModuleExport, Result, Store, Val, ensure, format_err,
};

use crate::canonical::LinearMemory;
use crate::page_map::PageMap;
use crate::store::Holdings;

/// The most pages that are restored. An instance that wrote to more of them so far is better
/// let go of, as it would keep them.
pub(in crate::guest) const MOST_PAGES: usize = 16;

/// The largest memory that is looked through behind each connection.
const MOST_BYTES: usize = 4 << 20;

/// How far into the stack it is looked at.
const STACKED: usize = 128;

/// What is different between any two instances of a module at most, where the module
/// exposes its state: memory, and the globals that can change.
pub(super) struct InitialState {
    memory: Box<[u8]>,
    globals: Vec<(ModuleExport, Val)>,
    pages: PageMap,
}

impl InitialState {
    /// That of an instance which was not called yet. Fails where the system does not tell
    /// which pages were written to, and where it would take long.
    pub(super) fn of(
        instance: Instance,
        module: &Module,
        memory: &LinearMemory,
        store: &mut Store<Holdings>,
    ) -> Result<Self> {
        let mut globals = Vec::new();
        for export in module.exports() {
            if export.ty().global().is_some_and(|kind| kind.mutability().is_var()) {
                let export = module.get_export_index(export.name()).ok_or_else(missing)?;
                let value = global(instance, &export, store)?.get(&mut *store);
                globals.push((export, value));
            }
        }
        let memory = memory.bytes_mut(&mut *store);
        let pages = PageMap::open()?;
        ensure!(memory.len() <= MOST_BYTES, "{} bytes of memory from the start", memory.len());
        pages.check(memory)?;
        Ok(Self { memory: memory.into(), globals, pages })
    }

    /// Makes an instance what it was. Returns whether it could: not where it was
    /// given more memory, or wrote to much of what it has.
    pub(super) fn restore(
        &self,
        instance: Instance,
        memory: &LinearMemory,
        store: &mut Store<Holdings>,
    ) -> bool {
        self.restore_memory(memory.bytes_mut(&mut *store))
            && self.globals.iter().all(|(export, value)| {
                global(instance, export, store)
                    .and_then(|global| global.set(&mut *store, *value))
                    .is_ok()
            })
    }

    /// Has the processor fetch the stack's first bytes: its pointer is a global, and it grows
    /// towards 0 from there.
    pub(super) fn prepare_stack(&self, memory: &[u8]) {
        for (_, value) in &self.globals {
            let top = value.i32().map(|top| top.cast_unsigned() as usize);
            let first = top.and_then(|top| memory.get(top.checked_sub(STACKED)?));
            hint::black_box(first.copied());
        }
    }

    #[cfg(test)]
    pub(super) fn globals(&self, instance: Instance, store: &mut Store<Holdings>) -> Vec<Global> {
        self.globals.iter().filter_map(|(export, _)| global(instance, export, store).ok()).collect()
    }

    fn restore_memory(&self, memory: &mut [u8]) -> bool {
        // It only grows.
        if memory.len() != self.memory.len() {
            return false;
        }
        match self.pages.written(memory) {
            // A call writes to some: a map without any is not of this memory.
            Ok(written) if (1..=MOST_PAGES).contains(&written.len()) => {
                for page in written {
                    memory[page.clone()].copy_from_slice(&self.memory[page]);
                }
                true
            }
            _ => false,
        }
    }
}

fn global(
    instance: Instance,
    export: &ModuleExport,
    store: &mut Store<Holdings>,
) -> Result<Global> {
    let export = instance.get_module_export(store, export);
    export.and_then(Extern::into_global).ok_or_else(missing)
}

fn missing() -> Error {
    format_err!("a global is not exported")
}
