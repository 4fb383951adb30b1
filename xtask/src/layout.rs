//! Where the linker puts a guest's data in linear memory.
//!
//! An instance that does nothing holds the pages that it wrote to. Its variables
//! lie at the end of its data, behind constants that are never written to, and
//! its heap begins behind them. So the data are placed where the variables and
//! the heap of an idle connection share a page.

use anyhow::{Context, Result, bail, ensure};
use wasmparser::{ConstExpr, DataKind, ExternalKind, Operator, Parser, Payload};

/// Bytes of the stack. The default is 1 MiB, and each connection has a memory of
/// its own. The engine does not recurse and keeps its buffers on the heap.
pub(crate) const STACK: u32 = 64 << 10;

/// What systems hand out memory in.
const PAGE: u32 = 4 << 10;

/// How far into a page the heap begins: variables take less.
const VARIABLES: u32 = 512;

/// Where a module has its data and, behind them, its heap.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) data: u32,
    heap: u32,
}

impl Layout {
    /// That of a module as linked.
    pub(crate) fn of(module: &[u8]) -> Result<Self> {
        let mut globals = Vec::new();
        let (mut data, mut heap) = (None, None);
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
                        if (export.name, export.kind) == ("__heap_base", ExternalKind::Global) {
                            let global = globals.get(export.index as usize);
                            heap = Some(constant(global.context("an imported global")?)?);
                        }
                    }
                }
                Payload::DataSection(section) => {
                    for segment in section {
                        if let DataKind::Active { offset_expr, .. } = segment?.kind {
                            data = data.or(Some(constant(&offset_expr)?));
                        }
                    }
                }
                _ => {}
            }
        }
        let data = data.context("the module has no data")?;
        let heap = heap.context("the module exports no `__heap_base`")?;
        ensure!(data <= heap, "the heap begins before the data");
        Ok(Self { data, heap })
    }

    /// Where the data should begin, with the stack before them.
    pub(crate) fn best_data(&self) -> u32 {
        STACK + VARIABLES.wrapping_sub(self.heap - self.data) % PAGE
    }
}

fn constant(expression: &ConstExpr<'_>) -> Result<u32> {
    let Operator::I32Const { value } = expression.get_operators_reader().read()? else {
        bail!("an address is not a constant");
    };
    Ok(value.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(data: u32, heap: u32) -> Vec<u8> {
        let text = format!(
            r#"(module (memory 1) (global (mut i32) i32.const 7)
                (global (export "__heap_base") i32 i32.const {heap})
                (data (i32.const {data}) "constants") (data (i32.const {heap}) "variables"))"#
        );
        wat::parse_str(text).unwrap_or_default()
    }

    #[test]
    fn a_module_tells_where_its_data_and_heap_are() -> Result<()> {
        assert_eq!(Layout::of(&module(1024, 4096))?, Layout { data: 1024, heap: 4096 });
        Ok(())
    }

    #[test]
    fn the_heap_comes_to_begin_behind_the_variables_of_a_page() {
        for len in [0, 16, 512, 528, 4096, 35_776] {
            let best = Layout { data: 70_000, heap: 70_000 + len }.best_data();
            assert!((STACK..STACK + PAGE).contains(&best), "{best}");
            assert_eq!((best + len) % PAGE, VARIABLES);
            assert_eq!(Layout { data: best, heap: best + len }.best_data(), best);
        }
    }

    #[test]
    fn a_module_that_does_not_tell_is_refused() {
        assert!(Layout::of(&wat::parse_str("(module)").unwrap_or_default()).is_err());
        assert!(Layout::of(&module(4096, 1024)).is_err());
    }
}
