//! `cargo xtask check`: format, lints, documentation.

use anyhow::Result;

use crate::command;
use crate::workspace::Workspace;

/// Runs the three, cheapest first.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    command::run(workspace.cargo("fmt").args(["--all", "--check"]))?;
    command::run(workspace.cargo("clippy").args([
        "--workspace",
        "--all-targets",
        "--",
        "-Dwarnings",
    ]))?;
    command::run(
        workspace
            .cargo("doc")
            .args(["--workspace", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "-Dwarnings"),
    )
}
