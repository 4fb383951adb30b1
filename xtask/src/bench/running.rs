//! A server's process, and what it says about where it listens.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};

/// A running server. It ends with this value.
pub(super) struct Running {
    child: Child,
    /// Kept, so that the server does not fail when it prints more.
    _stdout: BufReader<ChildStdout>,
    pub(super) address: SocketAddr,
}

impl Running {
    /// Starts a server and waits for the line that names its address. What it
    /// prints as errors goes to the file `log`.
    pub(super) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let errors = File::create(log).with_context(|| format!("creating {}", log.display()))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .with_context(|| format!("starting `{}`", command.get_program().display()))?;
        let stdout = child.stdout.take().context("the standard output is piped")?;
        let mut stdout = BufReader::new(stdout);
        match announced(&mut stdout) {
            Ok(address) => Ok(Self { child, _stdout: stdout, address }),
            Err(failure) => {
                let _ = child.kill();
                let _ = child.wait();
                let words = fs::read_to_string(log).unwrap_or_default();
                bail!("{failure}: {}", words.lines().last().unwrap_or_default())
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How the server ended, if it did.
    pub(super) fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(format!("the server ended ({status})"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only for a program that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads up to the line `listening on ADDRESS`; some have a scheme before it.
fn announced(stdout: &mut impl BufRead) -> Result<SocketAddr> {
    for line in stdout.lines() {
        let line = line?;
        if let Some(url) = line.strip_prefix("listening on ") {
            let address = url.rsplit('/').next().unwrap_or_default();
            return address.parse().with_context(|| format!("reading `{line}`"));
        }
    }
    bail!("the server did not start")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_with_and_without_a_scheme() {
        for line in ["listening on 127.0.0.1:7", "ready\nlistening on wss://127.0.0.1:7\nmore"] {
            let address = announced(&mut line.as_bytes()).unwrap();
            assert_eq!(address, ([127, 0, 0, 1], 7).into());
        }
        assert!(announced(&mut "no such port".as_bytes()).is_err());
    }
}
