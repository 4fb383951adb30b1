//! `cargo xtask test`: every test, here and in the workspace of `bench/`.

use std::ffi::OsString;
use std::process;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// Runs the tests in the host's profile, and ends as they end. With arguments, only
/// those of this workspace, which they choose from; else those of what parses a stranger's
/// bytes once more, with a panic where a number overflows.
pub(crate) fn run(workspace: &Workspace, arguments: &[OsString]) -> Result<()> {
    let mut own = workspace.cargo("test");
    own.args(["--workspace", "--release"]).args(arguments);
    let mut load = workspace.cargo("test");
    load.args(["--package", "load", "--release"]).current_dir(workspace.root().join("bench"));
    let mut checked = workspace.cargo("test");
    checked.args(["--package", "sandsock-engine", "--package", "sandsock-heap", "--lib"]);
    let all = if arguments.is_empty() { vec![own, checked, load] } else { vec![own] };
    for mut tests in all {
        let status = tests.status().context("starting `cargo test`")?;
        if !status.success() {
            process::exit(status.code().unwrap_or(1));
        }
    }
    Ok(())
}
