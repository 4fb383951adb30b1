//! Where and with what a run was made.

use std::env;
use std::fs;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::Arguments;
use super::build::Programs;
use super::server::{Peer, Runtime};
use crate::command;
use crate::workspace::Workspace;

/// What a reader has to know to judge the figures.
pub(super) struct Machine {
    /// In UTC.
    pub(super) date: String,
    /// As a person typed it.
    pub(super) command: String,
    pub(super) processor: String,
    pub(super) cores: usize,
    pub(super) kernel: String,
    /// What connections have that are given none.
    pub(super) congestion_control: String,
    /// Names with versions: Sandsock and its commit, the compiler, the peers.
    pub(super) versions: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

impl Machine {
    pub(super) fn look(
        workspace: &Workspace,
        arguments: &Arguments,
        programs: &Programs,
        peers: &[&Peer],
    ) -> Result<Self> {
        let typed: Vec<_> = env::args().skip(1).collect();
        Ok(Self {
            date: line(Command::new("date").args(["--utc", "+%Y-%m-%d"]))?,
            command: format!("cargo xtask {}", typed.join(" ")),
            processor: processor()?,
            cores: thread::available_parallelism()?.get(),
            kernel: line(Command::new("uname").args(["-s", "-r"]))?,
            congestion_control: congestion_control()?,
            versions: versions(workspace, arguments, programs, peers)?,
        })
    }
}

fn congestion_control() -> Result<String> {
    let path = "/proc/sys/net/ipv4/tcp_congestion_control";
    let name = fs::read_to_string(path).with_context(|| format!("reading {path}"))?;
    Ok(name.trim().to_owned())
}

fn processor() -> Result<String> {
    let text = fs::read_to_string("/proc/cpuinfo").context("reading /proc/cpuinfo")?;
    let model = text.lines().find_map(|line| line.strip_prefix("model name"));
    let name = model.map(|model| model.trim_start_matches(['\t', ' ', ':']).to_owned());
    Ok(name.unwrap_or_else(|| env::consts::ARCH.to_owned()))
}

fn versions(
    workspace: &Workspace,
    arguments: &Arguments,
    programs: &Programs,
    peers: &[&Peer],
) -> Result<Vec<String>> {
    let mut versions = vec![line(Command::new(&programs.sandsock).arg("--version"))?];
    let mut git = Command::new("git");
    git.current_dir(workspace.root()).args(["describe", "--always", "--dirty"]);
    // Of a binary that was not built here, it says nothing; nor without git.
    if arguments.sandsock.is_none()
        && let Ok(commit) = line(&mut git)
    {
        versions.push(format!("commit {commit}"));
    }
    versions.push(line(Command::new("rustc").arg("--version"))?);
    versions.extend(native(workspace, peers)?);
    versions.extend(scripted(programs, peers)?);
    Ok(versions)
}

/// Of the crates in the lock file of `bench/`.
fn native(workspace: &Workspace, peers: &[&Peer]) -> Result<Vec<String>> {
    let mut cargo = workspace.cargo("metadata");
    cargo.args(["--format-version=1", "--locked"]).current_dir(workspace.root().join("bench"));
    let Metadata { packages } = serde_json::from_str(&command::output(&mut cargo)?)?;
    let is_peer = |package: &Package| {
        package.name == "tokio" || peers.iter().any(|peer| peer.name == package.name)
    };
    Ok(packages
        .iter()
        .filter(|package| is_peer(package))
        .map(|package| format!("{} {}", package.name, package.version))
        .collect())
}

/// Of the packages in `bench/npm/package.json`, and of Node.
fn scripted(programs: &Programs, peers: &[&Peer]) -> Result<Vec<String>> {
    let text = fs::read_to_string(programs.npm.join("package.json"))?;
    let package: Value = serde_json::from_str(&text)?;
    let mut versions: Vec<_> = peers
        .iter()
        .filter_map(|peer| Some((peer.name, package["dependencies"][peer.name].as_str()?)))
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    if peers.iter().any(|peer| peer.runs_on == Runtime::Node) {
        versions.push(format!("Node {}", line(Command::new("node").arg("--version"))?));
    }
    Ok(versions)
}

/// What a program prints, without the line's end.
fn line(command: &mut Command) -> Result<String> {
    Ok(command::output(command)?.trim().to_owned())
}
