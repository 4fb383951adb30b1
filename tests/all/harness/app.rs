//! Applications written by hand, in the text form of WebAssembly, as components
//! of the world `plugin`.

use std::fs;
use std::path::Path;

use tempfile::NamedTempFile;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A component of the core module in `apps/`, in a file that goes with it.
pub(crate) fn component(name: &str) -> NamedTempFile {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut module = wat::parse_file(tests.join("apps").join(name)).unwrap();
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(tests.join("../wit")).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.module(&module).unwrap().validate(true);
    let file = NamedTempFile::with_suffix(".wasm").unwrap();
    fs::write(file.path(), encoder.encode().unwrap()).unwrap();
    file
}
