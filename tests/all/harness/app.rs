//! Applications written by hand, in the text form of WebAssembly, as components
//! of the world `plugin`.

use std::fs;
use std::path::Path;

use tempfile::NamedTempFile;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What a component is made of, which decides how the host runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One core module, which the host can call itself.
    OneModule,
    /// That, and one that is there for nothing: the host leaves it to wasmtime.
    TwoModules,
}

impl Shape {
    pub(crate) const BOTH: [Self; 2] = [Self::OneModule, Self::TwoModules];
}

/// A component of the core module in `apps/`, in a file that goes with it.
pub(crate) fn component(name: &str, shape: Shape) -> NamedTempFile {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut module = wat::parse_file(tests.join("apps").join(name)).unwrap();
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(tests.join("../wit")).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.module(&module).unwrap().validate(true);
    let mut component = encoder.encode().unwrap();
    if shape == Shape::TwoModules {
        component.extend(SECOND_MODULE);
    }
    let file = NamedTempFile::with_suffix(".wasm").unwrap();
    fs::write(file.path(), component).unwrap();
    file
}

/// A section of a component that holds a core module with a memory.
const SECOND_MODULE: [u8; 15] = [1, 13, 0, b'a', b's', b'm', 1, 0, 0, 0, 5, 3, 1, 0, 1];
