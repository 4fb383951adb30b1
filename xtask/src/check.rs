//! `cargo xtask check`: format, lints, documentation.

use std::path::Path;

use anyhow::Result;

use crate::command;
use crate::guests;
use crate::workspace::Workspace;

/// Runs the three, cheapest first; the first two also in the workspace of `bench/`, and the
/// lints also of what the guests have for WebAssembly alone.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let cargo = |directory: &Path, arguments: &[&str]| {
        command::run(workspace.cargo(arguments[0]).args(&arguments[1..]).current_dir(directory))
    };
    let directories = [workspace.root().to_owned(), workspace.root().join("bench")];
    for directory in &directories {
        cargo(directory, &["fmt", "--all", "--check"])?;
    }
    for directory in &directories {
        cargo(directory, &["clippy", "--workspace", "--all-targets", "--", "-Dwarnings"])?;
    }
    guests::lint(workspace)?;
    command::run(
        workspace
            .cargo("doc")
            .args(["--workspace", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "-Dwarnings"),
    )
}
