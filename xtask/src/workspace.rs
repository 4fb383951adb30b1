//! Where things are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::command;

/// The directories of this workspace.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl Workspace {
    /// The one that holds the current directory, as it does for cargo. Cargo is
    /// asked, so that `CARGO_TARGET_DIR` and configuration files count.
    pub(crate) fn locate() -> Result<Self> {
        let metadata =
            command::output(cargo().args(["metadata", "--no-deps", "--format-version=1"]))?;
        let Metadata { workspace_root, target_directory } =
            serde_json::from_str(&metadata).context("reading the answer of `cargo metadata`")?;
        Ok(Self { root: workspace_root, target: target_directory })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The public contract.
    pub(crate) fn wit(&self) -> PathBuf {
        self.root.join("wit")
    }

    /// A component. The host's build and the tests look for it at this place,
    /// below the root, wherever cargo's own target directory is.
    pub(crate) fn component(&self, name: &str) -> PathBuf {
        self.root.join("target/components").join(name).with_extension("wasm")
    }

    /// The guests' target directory: a second one, as their flags differ from
    /// the host's and would have cargo rebuild what both share.
    pub(crate) fn guest_target(&self) -> PathBuf {
        self.target.join("guest")
    }

    /// The host binary.
    pub(crate) fn host(&self) -> PathBuf {
        self.target.join("release/sandsock")
    }

    /// What the Autobahn test suite needs and leaves.
    pub(crate) fn autobahn_target(&self) -> PathBuf {
        self.target.join("autobahn")
    }

    /// `path` as a person standing in the root would type it.
    pub(crate) fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }

    /// A cargo command in the root.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root).arg(subcommand);
        command
    }
}

/// The cargo that runs this program, so that one toolchain does it all.
///
/// What it told this program about the package `xtask` is kept from it: build
/// scripts that look at these variables would run again whenever a person types
/// `cargo build` in between.
fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let bytes = name.as_encoded_bytes();
        if bytes.starts_with(b"CARGO_PKG_") || bytes.starts_with(b"CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}
