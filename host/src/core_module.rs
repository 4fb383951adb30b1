//! The core module inside a component. The build script shares this file.
//!
//! A component that a toolchain makes of one core module, as `wit-component` does,
//! is that module with names around it, and adapters that lend its imports its
//! memory. Which export of the module is which function of the component is a
//! convention of these tools: `INTERFACE#FUNCTION`, `cabi_post_INTERFACE#FUNCTION`,
//! `cabi_realloc`, which keeps what is in a block whose size changes, and `memory`. A
//! component that is wired by hand against it, and has these names in its module all
//! the same, would be mistaken.

use std::ops::Range;

use wasmparser::{CanonicalFunction, CanonicalOption, Instance, Parser, Payload};

/// Exports that adapters would call first, or instead.
const WITH_ADAPTERS: [&str; 5] = [
    "_initialize",
    "__wasm_init_task",
    "__wasm_init_async_task",
    "cabi_export_realloc",
    "cabi_import_realloc",
];

/// Finds the module in a component that is made of one. `None` where it is made of
/// several, or has more to it than the above.
pub(crate) fn find(component: &[u8]) -> Option<&[u8]> {
    let mut found: Option<Module> = None;
    let mut modules = 0;
    let mut instantiated = 0;
    // What is open around the place that is read: modules, and components inside.
    let mut open: Vec<Option<Module>> = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        match payload.ok()? {
            Payload::ModuleSection { unchecked_range: Range { start, end }, .. } => {
                if !open.is_empty() {
                    return None;
                }
                let range = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
                open.push(Some(Module { index: modules, range }));
                modules += 1;
            }
            Payload::ComponentSection { .. } => open.push(None),
            Payload::End(_) => drop(open.pop()),
            // Adapters have no memory of their own.
            Payload::MemorySection(_) if found.is_some() => return None,
            Payload::MemorySection(_) => found.clone_from(open.last()?),
            Payload::ExportSection(exports) => {
                for export in exports {
                    if WITH_ADAPTERS.contains(&export.ok()?.name) {
                        return None;
                    }
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    let index = found.as_ref().map(|module| module.index);
                    if let Instance::Instantiate { module_index, .. } = instance.ok()?
                        && Some(module_index) == index
                    {
                        instantiated += 1;
                    }
                }
            }
            Payload::ComponentStartSection { .. } => return None,
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions {
                    if !is_ordinary(&function.ok()?) {
                        return None;
                    }
                }
            }
            _ => {}
        }
    }
    component.get(found?.range).filter(|_| instantiated <= 1)
}

/// A core module, by its number and where it lies.
#[derive(Clone)]
struct Module {
    index: u32,
    range: Range<usize>,
}

/// Whether a function is adapted as it is by default: texts are UTF-8, calls are
/// made one after the other.
fn is_ordinary(function: &CanonicalFunction) -> bool {
    match function {
        CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
            options.iter().all(|option| {
                matches!(
                    option,
                    CanonicalOption::UTF8
                        | CanonicalOption::Memory(_)
                        | CanonicalOption::Realloc(_)
                        | CanonicalOption::PostReturn(_)
                )
            })
        }
        CanonicalFunction::ResourceNew { .. }
        | CanonicalFunction::ResourceDrop { .. }
        | CanonicalFunction::ResourceRep { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What there is of a component in which nothing but its sections is looked at.
    fn component(sections: &[&[u8]]) -> Vec<u8> {
        let mut component = b"\0asm\x0d\0\x01\0".to_vec();
        for section in sections {
            component.extend_from_slice(section);
        }
        component
    }

    const WITH_MEMORY: &[u8] = b"\x01\x0d\0asm\x01\0\0\0\x05\x03\x01\x00\x01";
    const WITHOUT_MEMORY: &[u8] = b"\x01\x08\0asm\x01\0\0\0";
    const WITH_INITIALIZER: &[u8] = b"\x01\x18\0asm\x01\0\0\0\x07\x0f\x01\x0b_initialize\x00\x00";
    const IN_A_COMPONENT: &[u8] =
        b"\x04\x17\0asm\x0d\0\x01\0\x01\x0d\0asm\x01\0\0\0\x05\x03\x01\x00\x01";
    /// A core instance of the module 0, without arguments.
    const INSTANTIATE: &[u8] = b"\x02\x04\x01\x00\x00\x00";
    /// `canon lift` of the core function 0 as the type 0, in UTF-8 or UTF-16.
    const LIFT_UTF8: &[u8] = b"\x08\x07\x01\x00\x00\x00\x01\x00\x00";
    const LIFT_UTF16: &[u8] = b"\x08\x07\x01\x00\x00\x00\x01\x01\x00";

    #[test]
    fn a_component_that_is_made_of_one_module_has_it_found() {
        let module = &WITH_MEMORY[2..];
        assert_eq!(find(&component(&[WITH_MEMORY])), Some(module));
        assert_eq!(
            find(&component(&[WITH_MEMORY, WITHOUT_MEMORY, INSTANTIATE, LIFT_UTF8])),
            Some(module)
        );
    }

    #[test]
    fn one_that_is_not_has_none() {
        for sections in [
            &[][..],
            &[WITHOUT_MEMORY],
            &[WITH_MEMORY, WITH_MEMORY],
            &[WITH_MEMORY, WITH_INITIALIZER],
            &[WITH_MEMORY, INSTANTIATE, INSTANTIATE],
            &[IN_A_COMPONENT],
            &[WITH_MEMORY, IN_A_COMPONENT],
            &[WITH_MEMORY, LIFT_UTF16],
            &[WITH_MEMORY, &WITH_MEMORY[..9]],
        ] {
            assert_eq!(find(&component(sections)), None, "{sections:x?}");
        }
        assert_eq!(find(b"not WebAssembly"), None);
    }
}
