//! Everything that a run needs: built, installed or made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use rustix::process::{Resource, getrlimit, setrlimit};

use super::server::{Peer, Runtime};
use crate::command;
use crate::workspace::Workspace;

/// Where the programs are.
pub(super) struct Programs {
    pub(super) sandsock: PathBuf,
    pub(super) load: PathBuf,
    pub(super) peers: PathBuf,
    /// The scripts for Bun and Node.
    pub(super) npm: PathBuf,
    /// Of the workload over TLS.
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    scratch: PathBuf,
}

impl Programs {
    /// Builds the load generator and the peers. Those of `peers` that can not be
    /// had are taken out, with a warning.
    pub(super) fn build(
        workspace: &Workspace,
        scratch: &Path,
        sandsock: Option<PathBuf>,
        peers: &mut Vec<&'static Peer>,
    ) -> Result<Self> {
        let bench = workspace.root().join("bench");
        let target = bench.join("target");
        let mut cargo = workspace.cargo("build");
        cargo.args(["--release", "--locked", "--target-dir"]).arg(&target);
        // There, so that its cargo configuration counts.
        command::run(cargo.current_dir(&bench))?;

        let npm = bench.join("npm");
        if peers.iter().any(|peer| peer.runs_on != Runtime::Native)
            && let Err(failure) = install(&npm)
        {
            eprintln!("warning: going without Bun and ws: {failure:#}");
            peers.retain(|peer| peer.runs_on == Runtime::Native);
        }
        raise_file_limit()?;
        let programs = Self {
            sandsock: sandsock.unwrap_or_else(|| workspace.host()),
            load: target.join("release/load"),
            peers: target.join("release/peers"),
            npm,
            certificate: scratch.join("server.crt"),
            key: scratch.join("server.key"),
            scratch: scratch.to_owned(),
        };
        programs.make_certificate()?;
        Ok(programs)
    }

    pub(super) fn bun(&self) -> PathBuf {
        self.npm.join("node_modules/.bin/bun")
    }

    /// What the last server printed as errors.
    pub(super) fn server_log(&self) -> PathBuf {
        self.scratch.join("server.log")
    }

    fn make_certificate(&self) -> Result<()> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])
            .context("making a certificate")?;
        fs::write(&self.certificate, made.cert.pem())?;
        fs::write(&self.key, made.signing_key.serialize_pem())?;
        Ok(())
    }
}

/// Installs what `bench/npm/package.json` names, in the versions it names.
fn install(npm: &Path) -> Result<()> {
    let mut command = Command::new("npm");
    command.args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline"]);
    command::run_quietly(
        "Installing Bun and ws under bench/npm/node_modules",
        command.current_dir(npm),
    )
}

/// Servers inherit it: one with 10,000 connections has as many files open.
fn raise_file_limit() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}
