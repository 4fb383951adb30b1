//! The guests: compiled, and turned into components.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::command;
use crate::component;
use crate::wasm_std::{TARGET, WasmStd};
use crate::workspace::Workspace;

/// A crate that becomes a component.
struct Guest {
    /// The package, a `cdylib`.
    package: &'static str,
    /// The world of `wit/` that the component targets.
    world: &'static str,
    /// The component's file name, without extension.
    component: &'static str,
}

/// The world of an application, in `wit/`.
const PLUGIN: &str = "plugin";

const GUESTS: [Guest; 2] = [
    Guest { package: "sandsock-protocol", world: "protocol", component: "protocol" },
    Guest { package: "sandsock-echo", world: PLUGIN, component: "echo" },
];

/// The profile of the root manifest that the guests are compiled with.
const PROFILE: &str = "guest";

/// The same on every route, so that the components behave the same.
const FLAGS: [&str; 2] = [
    // Masking, UTF-8 and deflate work on 16 bytes at a time.
    "-Ctarget-feature=+simd128",
    // Bytes. The default is 1 MiB, and each connection has a memory of its own.
    // The engine does not recurse and keeps its buffers on the heap.
    "-Clink-arg=-zstack-size=65536",
];

/// Builds every component that changed.
pub(crate) fn build(workspace: &Workspace, wasm_std: WasmStd) -> Result<()> {
    compile(workspace, wasm_std)?;
    for guest in &GUESTS {
        let module = workspace
            .guest_target()
            .join(TARGET)
            .join(PROFILE)
            .join(guest.package.replace('-', "_"))
            .with_extension("wasm");
        make_component(workspace, &module, guest.world, &workspace.component(guest.component))?;
    }
    Ok(())
}

/// Turns the core module of somebody's plugin into a component.
pub(crate) fn encode(workspace: &Workspace, module: &Path, path: &Path) -> Result<()> {
    make_component(workspace, module, PLUGIN, path)
}

fn make_component(workspace: &Workspace, module: &Path, world: &str, path: &Path) -> Result<()> {
    let bytes = fs::read(module).with_context(|| format!("reading {}", module.display()))?;
    let component = component::encode(&bytes, &workspace.wit(), world)
        .with_context(|| format!("making a component of {}", module.display()))?;
    component::write_if_changed(path, &component)?;
    println!("{:<38} {:>12} bytes", workspace.shown(path).to_string(), component.len());
    Ok(())
}

fn compile(workspace: &Workspace, wasm_std: WasmStd) -> Result<()> {
    let mut cargo = workspace.cargo("build");
    cargo.args(["--profile", PROFILE, "--target-dir"]).arg(workspace.guest_target());
    for guest in &GUESTS {
        cargo.args(["--package", guest.package]);
    }
    wasm_std.prepare()?.apply(&mut cargo, &FLAGS);
    command::run(&mut cargo)
}
