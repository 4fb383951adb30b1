//! Where the linker puts a guest's data in linear memory.
//!
//! An instance that does nothing holds the pages that it wrote to. Its variables
//! lie at the end of its data, behind constants that are never written to, and
//! its heap begins behind them. So the data are placed where the variables and
//! the heap of an idle connection share a page.

use anyhow::{Context, Result, bail};
use wasmparser::{ExternalKind, Operator, Parser, Payload};

/// Bytes of the stack. The default is 1 MiB, and each connection has a memory of
/// its own. The engine does not recurse and keeps its buffers on the heap.
pub(crate) const STACK: u32 = 64 << 10;

/// What systems hand out memory in.
const PAGE: u32 = 4 << 10;

/// How far into a page the heap begins: variables take less.
const VARIABLES: u32 = 512;

/// Where the data of `module` should begin, which was linked with them right
/// behind the stack.
pub(crate) fn global_base(module: &[u8]) -> Result<u32> {
    let heap_base = exported_constant(module, "__heap_base")?;
    let data = heap_base.checked_sub(STACK).context("the heap begins before the data")?;
    Ok(STACK + VARIABLES.wrapping_sub(data) % PAGE)
}

/// The value of an exported global that is constant.
fn exported_constant(module: &[u8], name: &str) -> Result<u32> {
    let mut globals = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::GlobalSection(section) => {
                for global in section {
                    globals.push(global?.init_expr);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if (export.name, export.kind) == (name, ExternalKind::Global) {
                        let global = globals.get(export.index as usize);
                        let value = global.context("an imported global")?;
                        let Operator::I32Const { value } = value.get_operators_reader().read()?
                        else {
                            bail!("`{name}` is not a constant");
                        };
                        return Ok(value.cast_unsigned());
                    }
                }
            }
            _ => {}
        }
    }
    bail!("the module exports no `{name}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module_with_heap_at(heap_base: u32) -> Vec<u8> {
        let text = format!(
            r#"(module (global (mut i32) i32.const 7)
                (global (export "__heap_base") i32 i32.const {heap_base}))"#
        );
        wat::parse_str(text).unwrap_or_default()
    }

    #[test]
    fn the_heap_comes_to_begin_behind_the_variables_of_a_page() -> Result<()> {
        for data in [0, 16, 512, 528, 4096, 35_776] {
            let base = global_base(&module_with_heap_at(STACK + data))?;
            assert!((STACK..STACK + PAGE).contains(&base), "{base}");
            assert_eq!((base + data) % PAGE, VARIABLES);
        }
        Ok(())
    }

    #[test]
    fn a_module_that_does_not_tell_is_refused() {
        assert!(global_base(&wat::parse_str("(module)").unwrap_or_default()).is_err());
        assert!(global_base(&module_with_heap_at(16)).is_err());
    }
}
