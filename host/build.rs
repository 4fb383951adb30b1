//! Finds the components that the crate embeds, and compiles them ahead for the
//! processor that this runs on.

use std::path::{Path, PathBuf};
use std::{env, fs};

use wasmtime::Engine;

#[path = "src/core_module.rs"]
mod core_module;
#[path = "src/exposed_state.rs"]
mod exposed_state;
#[path = "src/tuning.rs"]
mod tuning;

fn main() -> Result<(), String> {
    for path in ["build.rs", "src/core_module.rs", "src/exposed_state.rs", "src/tuning.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let engine = Engine::new(&tuning::config(tuning::WHOLE_REACH)).map_err(one_line)?;
    let echo = embed("echo.wasm", "SANDSOCK_ECHO")?;
    let protocol = embed("protocol.wasm", "SANDSOCK_PROTOCOL")?;
    let module = core_module::find(&echo).ok_or("echo.wasm is not made of one core module")?;
    let module = exposed_state::expose(module).ok_or("echo.wasm keeps state out of sight")?;
    embed_code("SANDSOCK_ECHO_CODE", engine.precompile_component(&echo))?;
    embed_code("SANDSOCK_ECHO_MODULE_CODE", engine.precompile_module(&module))?;
    embed_code("SANDSOCK_PROTOCOL_CODE", engine.precompile_component(&protocol))
}

/// Reads a component, of which the crate finds the path in `variable`.
fn embed(name: &str, variable: &str) -> Result<Vec<u8>, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components").join(name);
    println!("cargo::rerun-if-changed={}", path.display());
    println!("cargo::rustc-env={variable}={}", path.display());
    fs::read(&path).map_err(|_| format!("{name} is not built: run `cargo xtask build` first"))
}

/// Writes code to a file, of which the crate finds the path in `variable`.
fn embed_code(variable: &str, code: wasmtime::Result<Vec<u8>>) -> Result<(), String> {
    let output = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    let path = output.join(variable);
    println!("cargo::rustc-env={variable}={}", path.display());
    fs::write(&path, code.map_err(one_line)?)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn one_line(error: wasmtime::Error) -> String {
    format!("cannot compile the components: {error:#}")
}
