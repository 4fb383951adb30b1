//! Finds the components that the crate embeds.

use std::path::Path;

/// Each with the variable that tells its path.
const COMPONENTS: [(&str, &str); 2] =
    [("echo.wasm", "SANDSOCK_ECHO"), ("protocol.wasm", "SANDSOCK_PROTOCOL")];

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components");
    for (name, variable) in COMPONENTS {
        let component = directory.join(name);
        println!("cargo::rerun-if-changed={}", component.display());
        if !component.is_file() {
            return Err(format!("{name} is not built: run `cargo xtask build` first"));
        }
        println!("cargo::rustc-env={variable}={}", component.display());
    }
    Ok(())
}
