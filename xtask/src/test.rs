//! `cargo xtask test`: every test, here and in the workspace of `bench/`.

use std::ffi::OsString;
use std::process;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// Runs the tests in the host's profile, and ends as they end. With arguments, only
/// those of this workspace, which they choose from.
pub(crate) fn run(workspace: &Workspace, arguments: &[OsString]) -> Result<()> {
    let mut own = workspace.cargo("test");
    own.args(["--workspace", "--release"]).args(arguments);
    let mut load = workspace.cargo("test");
    load.args(["--package", "load", "--release"]).current_dir(workspace.root().join("bench"));
    let all = if arguments.is_empty() { vec![own, load] } else { vec![own] };
    for mut tests in all {
        let status = tests.status().context("starting `cargo test`")?;
        if !status.success() {
            process::exit(status.code().unwrap_or(1));
        }
    }
    Ok(())
}
