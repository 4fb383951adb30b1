//! Modules of whose instances the host can see all that calls change, so that it can
//! restore it. The build script shares this file.

use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef, Validator, WasmFeatures};

/// What a module may be made of: later versions of WebAssembly may have more that a call
/// leaves behind.
const KNOWN: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::RELAXED_SIMD);

/// What the globals are exported as that were not, with a number behind it.
const NAME: &str = "sandsock:state/";

/// The module with all its mutable globals exported: they and its memory are all that calls
/// change. `None` where they may change more, a table or a segment, or where instances
/// need not be the same to begin with, as a function runs when they are made.
pub(crate) fn expose(module: &[u8]) -> Option<Vec<u8>> {
    Validator::new_with_features(KNOWN).validate_all(module).ok()?;
    let mut mutable = Vec::new();
    let mut exposed = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.ok()?;
        match &payload {
            Payload::GlobalSection(globals) => {
                for (index, global) in (0..).zip(globals.clone()) {
                    let kind = global.ok()?.ty;
                    if kind.mutable && kind.content_type.is_reference_type() {
                        return None;
                    }
                    mutable.extend(kind.mutable.then_some(index));
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    let (TypeRef::Func(_) | TypeRef::FuncExact(_)) = import.ok()?.ty else {
                        return None;
                    };
                }
            }
            Payload::StartSection { .. } => return None,
            Payload::CodeSectionEntry(function) => {
                let mut operators = function.get_operators_reader().ok()?;
                while !operators.eof() {
                    if changes_more(&operators.read().ok()?) {
                        return None;
                    }
                }
            }
            _ => {}
        }
        let Some((id, range)) = payload.as_section() else { continue };
        if let Payload::ExportSection(exports) = payload {
            let mut section = ExportSection::new();
            for export in exports {
                let export = export.ok()?;
                if export.name.starts_with(NAME) {
                    return None;
                }
                section.export(export.name, export.kind.into(), export.index);
                if export.kind == ExternalKind::Global {
                    mutable.retain(|&index| index != export.index);
                }
            }
            for index in mutable.drain(..) {
                section.export(&format!("{NAME}{index}"), ExportKind::Global, index);
            }
            exposed.section(&section);
        } else {
            let range = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
            exposed.section(&RawSection { id, data: module.get(range)? });
        }
    }
    // A module without exports.
    mutable.is_empty().then(|| exposed.finish())
}

/// Whether an operator changes a table or a segment.
fn changes_more(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::TableSet { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::ElemDrop { .. }
            | Operator::DataDrop { .. }
    )
}

#[cfg(test)]
mod tests {
    use wasmparser::Export;

    use super::*;

    fn module_of(fields: &str) -> Vec<u8> {
        wat::parse_str(format!("(module {fields})")).unwrap()
    }

    fn exposed(fields: &str) -> Option<Vec<u8>> {
        expose(&module_of(fields))
    }

    fn exports(module: &[u8]) -> Vec<Export<'_>> {
        let mut exports = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::ExportSection(section) = payload.unwrap() {
                exports.extend(section.into_iter().map(Result::unwrap));
            }
        }
        exports
    }

    #[test]
    fn mutable_globals_are_exported_once_and_nothing_else_is_changed() {
        let fields = r#"(memory (export "memory") 1) (func (export "f"))
            (global i32 i32.const 1) (global (mut i32) i32.const 2)
            (global (export "g") (mut i64) i64.const 3) (global (mut v128) v128.const i64x2 4 5)
            (data (i32.const 0) "data")"#;
        let module = exposed(fields).unwrap();
        let names = exports(&module).into_iter().map(|export| (export.name, export.index));
        let expected =
            [("memory", 0), ("f", 0), ("g", 2), ("sandsock:state/1", 1), ("sandsock:state/3", 3)];
        assert_eq!(names.collect::<Vec<_>>(), expected);
        // With nothing hidden it is as it was.
        assert_eq!(expose(&module), None, "a name that is taken");
        let open = module_of(
            r#"(memory (export "memory") 1) (global (export "g") (mut i32) i32.const 1)"#,
        );
        assert_eq!(expose(&open), Some(open));
    }

    #[test]
    fn what_may_change_otherwise_is_left_as_it_is() {
        const MEMORY: &str = r#"(memory (export "memory") 1) (func (export "f"))"#;
        const TABLE: &str = "(table 2 funcref) (elem $e func 0) (data $d \"\")";
        assert!(exposed(&format!("{MEMORY} {TABLE}")).is_some());
        for more in [
            "(start 0)",
            "(global (mut funcref) ref.null func)",
            r#"(import "" "" (global i32))"#,
            r#"(import "" "" (table 1 funcref))"#,
            "(memory 1)",
            "(tag)",
            "(func i32.const 0 ref.null func table.set 0)",
            "(func ref.null func i32.const 1 table.grow 0 drop)",
            "(func i32.const 0 ref.null func i32.const 1 table.fill 0)",
            "(func i32.const 0 i32.const 1 i32.const 1 table.copy 0 0)",
            "(func i32.const 0 i32.const 0 i32.const 1 table.init $e)",
            "(func elem.drop $e)",
            "(func data.drop $d)",
        ] {
            let fields = if more.starts_with("(import") {
                format!("{more} {MEMORY} {TABLE}")
            } else {
                format!("{MEMORY} {TABLE} {more}")
            };
            assert_eq!(exposed(&fields), None, "{more}");
        }
        assert_eq!(exposed("(global (mut i32) i32.const 0)"), None, "nothing is exported");
        assert_eq!(expose(b"not WebAssembly"), None);
    }
}
