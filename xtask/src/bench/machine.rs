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
    /// Its name, how many cores there are, and whether they are what they seem.
    pub(super) processor: String,
    pub(super) memory: String,
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
            memory: memory()?,
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
    let cores = thread::available_parallelism()?;
    let threads = match fs::read_to_string("/sys/devices/system/cpu/smt/active") {
        Ok(active) if active.trim() == "1" => ", some of them threads of one",
        _ => "",
    };
    Ok(format!("{}, {cores} cores{threads}", model(&text)))
}

/// The processor's name; with a hypervisor below, it is what that says.
fn model(cpuinfo: &str) -> String {
    let field = |name| {
        let line = cpuinfo.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim_start_matches(['\t', ' ', ':']))
    };
    let name = field("model name").unwrap_or(env::consts::ARCH);
    let mut flags = field("flags").unwrap_or_default().split(' ');
    let is_virtual = flags.any(|flag| flag == "hypervisor");
    format!("{name}{}", if is_virtual { " in a virtual machine" } else { "" })
}

fn memory() -> Result<String> {
    let text = fs::read_to_string("/proc/meminfo").context("reading /proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(format!("{} GiB", kib.context("reading /proc/meminfo")?.div_ceil(1 << 20)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_machine_is_told() {
        let cpuinfo =
            "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t\t: fpu hypervisor sse\n";
        assert_eq!(model(cpuinfo), "Some CPU @ 2 GHz in a virtual machine");
        assert_eq!(model(&cpuinfo.replace(" hypervisor", "")), "Some CPU @ 2 GHz");
    }
}
