//! The guests: compiled, and turned into components.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command;
use crate::component;
use crate::layout::{self, Layout};
use crate::wasm_std::{Compiler, TARGET, WasmStd};
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
    // Less than LLVM's own 275: a component is 2 % smaller, and as fast.
    "-Cllvm-args=-inline-threshold=200",
];

/// Builds every component that changed.
pub(crate) fn build(workspace: &Workspace, wasm_std: WasmStd) -> Result<()> {
    let compiler = wasm_std.prepare()?;
    for guest in &GUESTS {
        let module = guest.compile(workspace, &compiler)?;
        make_component(workspace, &module, guest.world, &workspace.component(guest.component))?;
    }
    Ok(())
}

/// Lints the guests, and what they are made of, as they are compiled for WebAssembly: with the
/// active toolchain, as no other has the lints.
pub(crate) fn lint(workspace: &Workspace) -> Result<()> {
    let Ok(compiler) = WasmStd::Installed.prepare() else {
        println!("Not checked: lints for {TARGET}, which the active toolchain has no library for");
        return Ok(());
    };
    let mut cargo = workspace.cargo("clippy");
    let packages = ["sandsock-engine", "sandsock-heap", "sandsock-plugin"];
    for package in packages.into_iter().chain(GUESTS.iter().map(|guest| guest.package)) {
        cargo.args(["--package", package]);
    }
    compiler.apply(&mut cargo, &FLAGS);
    command::run(cargo.args(["--", "-Dwarnings"]))
}

impl Guest {
    /// Returns the core module.
    fn compile(&self, workspace: &Workspace, compiler: &Compiler) -> Result<PathBuf> {
        let module = workspace.guest_target().join(TARGET).join(PROFILE);
        let module = module.join(self.package.replace('-', "_")).with_extension("wasm");
        // How long the data are is known once they are linked: where that
        // changed since the last time, they are linked again.
        let last = fs::read(&module).ok().and_then(|module| Layout::of(&module).ok());
        let data = last.map_or(layout::STACK, |layout| layout.data);
        self.link(workspace, compiler, data)?;
        let best = Layout::of(&read(&module)?)?.best_data();
        if best != data {
            self.link(workspace, compiler, best)?;
        }
        Ok(module)
    }

    /// Compiles what changed and links it, with the data at the address `data`.
    fn link(&self, workspace: &Workspace, compiler: &Compiler, data: u32) -> Result<()> {
        let mut cargo = workspace.cargo("rustc");
        cargo.args(["--package", self.package, "--lib", "--profile", PROFILE, "--target-dir"]);
        cargo.arg(workspace.guest_target());
        compiler.apply(&mut cargo, &FLAGS);
        cargo.arg("--");
        cargo.arg(format!("-Clink-arg=-zstack-size={}", layout::STACK));
        cargo.arg(format!("-Clink-arg=--global-base={data}"));
        command::run(&mut cargo)
    }
}

/// Turns the core module of somebody's plugin into a component.
pub(crate) fn encode(workspace: &Workspace, module: &Path, path: &Path) -> Result<()> {
    make_component(workspace, module, PLUGIN, path)
}

fn make_component(workspace: &Workspace, module: &Path, world: &str, path: &Path) -> Result<()> {
    let component = component::encode(&read(module)?, &workspace.wit(), world)
        .with_context(|| format!("making a component of {}", module.display()))?;
    component::write_if_changed(path, &component)?;
    println!("{:<38} {:>12} bytes", workspace.shown(path).to_string(), component.len());
    Ok(())
}

fn read(module: &Path) -> Result<Vec<u8>> {
    fs::read(module).with_context(|| format!("reading {}", module.display()))
}
