//! From a core module to a component.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wasm_encoder::{Module, RawSection};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Turns a guest's core module into a component of the world `world`, one of
/// the package in the directory `wit`.
///
/// The module's bindings are generated from a world of its own, which imports
/// the interface `types`; so what they wrote into the module about that world is
/// taken out, and the published world put in.
pub(crate) fn encode(module: &[u8], wit: &Path, world: &str) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit)?;
    let world_id = resolve.select_world(&[package], Some(world))?;

    let mut module = without_custom_sections(module)?;
    embed_component_metadata(&mut module, &resolve, world_id, StringEncoding::UTF8, false)?;
    ComponentEncoder::default()
        .module(&module)?
        .validate(true)
        .encode()
        .with_context(|| format!("the module does not fit the world `{world}`"))
}

/// Drops what no engine executes: besides `component-type:*` these are names and
/// producers, which only add bytes.
fn without_custom_sections(module: &[u8]) -> Result<Vec<u8>> {
    let mut stripped = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.context("reading the core module")?;
        if matches!(payload, Payload::CustomSection(_)) {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let range = range.start.try_into()?..range.end.try_into()?;
            stripped.section(&RawSection { id, data: &module[range] });
        }
    }
    Ok(stripped.finish())
}

/// Writes `component` unless the file holds it already: a newer file would have
/// cargo build the host, which embeds it, again.
pub(crate) fn write_if_changed(path: &Path, component: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|present| present == component) {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, component).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use anyhow::{bail, ensure};
    use wit_parser::decoding::{DecodedWasm, decode};

    use super::*;

    const WIT: &str = "
        package sandsock:sample;
        interface counter { count: func() -> u32; }
        world published { export counter; }
    ";

    /// A module whose metadata tell of some other world, in a section that no
    /// decoder accepts.
    const MODULE: &str = r#"
        (module
            (@custom "component-type:internal" "not a component type")
            (@custom "producers" "\00")
            (memory (export "memory") 1)
            (func (export "sandsock:sample/counter#count") (result i32) i32.const 7))
    "#;

    fn wit_directory() -> Result<tempfile::TempDir> {
        let directory = tempfile::tempdir()?;
        fs::write(directory.path().join("sample.wit"), WIT)?;
        Ok(directory)
    }

    #[test]
    fn no_custom_section_survives_and_every_other_section_does() -> Result<()> {
        let plain = r#"(module (memory (export "memory") 1) (data (i32.const 0) "bytes"))"#;
        let marked = plain.replacen("(memory", r#"(@custom "component-type:x" "?") (memory"#, 1);
        let plain = wat::parse_str(plain)?;
        let marked = wat::parse_str(marked)?;
        ensure!(plain != marked);
        assert_eq!(without_custom_sections(&marked)?, plain);
        Ok(())
    }

    #[test]
    fn a_module_becomes_a_component_of_the_published_world() -> Result<()> {
        let wit = wit_directory()?;
        let component = encode(&wat::parse_str(MODULE)?, wit.path(), "published")?;
        let DecodedWasm::Component(resolve, world) = decode(&component)? else {
            bail!("not a component");
        };
        let exports = resolve.worlds[world].exports.keys();
        let names: Vec<_> = exports.map(|key| resolve.name_world_key(key)).collect();
        assert_eq!(names, ["sandsock:sample/counter"]);
        Ok(())
    }

    #[test]
    fn a_module_that_lacks_an_export_of_the_world_is_refused() -> Result<()> {
        let wit = wit_directory()?;
        let module = wat::parse_str(r#"(module (memory (export "memory") 1))"#)?;
        let Err(failure) = encode(&module, wit.path(), "published") else {
            bail!("the module was accepted");
        };
        let words = format!("{failure:#}");
        ensure!(words.contains("published") && words.contains("counter"), "{words}");
        Ok(())
    }

    #[test]
    fn only_a_file_that_differs_is_written() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("components/sample.wasm");
        write_if_changed(&path, b"first")?;
        fs::File::options().append(true).open(&path)?.set_modified(SystemTime::UNIX_EPOCH)?;

        write_if_changed(&path, b"first")?;
        assert_eq!(fs::metadata(&path)?.modified()?, SystemTime::UNIX_EPOCH);

        write_if_changed(&path, b"second")?;
        assert_eq!(fs::read(&path)?, b"second");
        Ok(())
    }
}
