//! `cargo xtask test`: every test of the workspace.

use std::ffi::OsString;
use std::process;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// Runs the tests in the host's profile, and ends as they end.
pub(crate) fn run(workspace: &Workspace, arguments: &[OsString]) -> Result<()> {
    let status = workspace
        .cargo("test")
        .args(["--workspace", "--release"])
        .args(arguments)
        .status()
        .context("starting `cargo test`")?;
    process::exit(status.code().unwrap_or(1));
}
