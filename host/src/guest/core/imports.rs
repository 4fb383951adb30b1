//! What the core module imports: the functions of `wasi:random/random` as the
//! canonical ABI has them, and those that deal with handles.

use wasmtime::{Caller, Extern, InstancePre, Linker, Module, Result, TypedFunc, bail, format_err};

use crate::canonical::LinearMemory;
use crate::store::{self, Holdings, RANDOM};

/// Links a module with all that a component of the world `plugin` may import.
pub(super) fn link(module: &Module) -> Result<InstancePre<Holdings>> {
    let mut linker = Linker::new(module.engine());
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        match name {
            "get-random-bytes" if from.starts_with(RANDOM) => {
                linker.func_wrap(from, name, random_bytes)?;
            }
            // A handle is the representation.
            "[resource-new]endpoint" | "[resource-rep]endpoint" if is_own(from) => {
                linker.func_wrap(from, name, |endpoint: u32| endpoint)?;
            }
            "[resource-drop]endpoint" if is_own(from) => {
                linker.func_wrap(from, name, drop_endpoint)?;
            }
            _ => bail!("the import `{name}` of `{from}` is not known"),
        }
    }
    linker.instantiate_pre(module)
}

/// Whether an import is about what the module itself exports.
fn is_own(from: &str) -> bool {
    from.strip_prefix("[export]") == Some(super::ENDPOINT)
}

/// Writes the address and the length of a list to `at`.
fn random_bytes(mut caller: Caller<'_, Holdings>, len: u64, at: u32) -> Result<()> {
    let bytes = store::random_bytes(len)?;
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let memory = memory.ok_or_else(|| format_err!("`memory` is not exported"))?;
    let memory = LinearMemory::new(memory, function(&mut caller, "cabi_realloc")?);
    let list = memory.hand_over(&mut caller, &bytes, 1)?;
    memory.write(&mut caller, at, &list.to_le_bytes())?;
    memory.write(&mut caller, at.saturating_add(4), &u32::try_from(bytes.len())?.to_le_bytes())
}

fn drop_endpoint(mut caller: Caller<'_, Holdings>, endpoint: u32) -> Result<()> {
    if caller.get_export(super::DESTRUCTOR).is_none() {
        return Ok(());
    }
    let destructor: TypedFunc<u32, ()> = function(&mut caller, super::DESTRUCTOR)?;
    destructor.call(caller, endpoint)
}

fn function<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
    caller: &mut Caller<'_, Holdings>,
    name: &str,
) -> Result<TypedFunc<P, R>> {
    let function = caller.get_export(name).and_then(Extern::into_func);
    function.ok_or_else(|| format_err!("`{name}` is not exported"))?.typed(&*caller)
}
