//! The host binary: built, and run.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::workspace::Workspace;

/// Where `cargo xtask serve` listens unless told otherwise; the address that
/// the Autobahn test suite's own examples use.
const LISTEN: &str = "127.0.0.1:9001";

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
    let mut host = Command::new(workspace.host());
    host.arg("serve");
    if !names_listen(arguments) {
        host.args(["--listen", LISTEN]);
    }
    let failure = host.args(arguments).exec();
    Err(failure).with_context(|| format!("starting {}", workspace.host().display()))
}

fn names_listen(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| {
        let bytes = argument.as_encoded_bytes();
        bytes == b"--listen" || bytes.starts_with(b"--listen=")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_listen_address_is_recognised_in_both_spellings() {
        let arguments = |list: &[&str]| list.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(names_listen(&arguments(&["--listen", "[::1]:80"])));
        assert!(names_listen(&arguments(&["--isolation", "worker", "--listen=[::1]:80"])));
        assert!(!names_listen(&arguments(&["--listening"])));
        assert!(!names_listen(&arguments(&[])));
    }
}
