//! Finds the components that the crate embeds, and compiles them ahead for the
//! processor that this runs on.

use std::path::{Path, PathBuf};
use std::{env, fs};

use wasmtime::Engine;

#[path = "src/tuning.rs"]
mod tuning;

/// Each with the variable that tells its path.
const COMPONENTS: [(&str, &str); 2] =
    [("echo.wasm", "SANDSOCK_ECHO"), ("protocol.wasm", "SANDSOCK_PROTOCOL")];

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/tuning.rs");
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components");
    let output = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    let engine = Engine::new(&tuning::config(tuning::WHOLE_REACH)).map_err(one_line)?;
    for (name, variable) in COMPONENTS {
        let path = components.join(name);
        println!("cargo::rerun-if-changed={}", path.display());
        let component = fs::read(&path)
            .map_err(|_| format!("{name} is not built: run `cargo xtask build` first"))?;
        let compiled = output.join(name).with_extension("compiled");
        let code = engine.precompile_component(&component).map_err(one_line)?;
        fs::write(&compiled, code)
            .map_err(|error| format!("cannot write {}: {error}", compiled.display()))?;
        println!("cargo::rustc-env={variable}={}", path.display());
        println!("cargo::rustc-env={variable}_COMPILED={}", compiled.display());
    }
    Ok(())
}

fn one_line(error: wasmtime::Error) -> String {
    format!("cannot compile the components: {error:#}")
}
