//! The host binary: built, and run.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::workspace::Workspace;

/// Builds the host. Its own build embeds `echo.wasm`, so the guests come first.
///
/// The whole workspace is selected, though one binary is built: so wasmtime has
/// the features that it has for the tests, and is compiled once for both.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    command::run(workspace.cargo("build").args(["--release", "--workspace", "--bin", "sandsock"]))?;
    let host = workspace.host();
    let bytes = host.metadata().with_context(|| format!("reading {}", host.display()))?.len();
    println!("{:<38} {bytes:>12} bytes", workspace.shown(&host).to_string());
    Ok(())
}

/// Becomes the host, so that signals and the exit code are its own. Returns
/// only if that fails.
pub(crate) fn serve(workspace: &Workspace, arguments: &[OsString]) -> Result<()> {
    let failure = Command::new(workspace.host()).arg("serve").args(arguments).exec();
    Err(failure).with_context(|| format!("starting {}", workspace.host().display()))
}
