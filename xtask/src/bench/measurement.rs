//! One measurement: a server started anew, and the load generator's verdict.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::build::Programs;
use super::running::Running;
use super::server::Server;
use super::workload::{Kind, Workload};

/// What the load generator says about operations: messages there and back, or
/// lives of connections.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Rate {
    pub(super) per_second: f64,
    /// 10^6 bytes of payload.
    pub(super) mb_per_second: Option<f64>,
    pub(super) bytes_back: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    /// The server's CPU time for one operation.
    pub(super) server_cpu_us: f64,
    /// The part of the time for which the load generator was busy.
    pub(super) load_cpu_share: f64,
    /// Cores that were busy with something else.
    pub(super) other_cores: f64,
}

/// What it says about idle connections.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Occupancy {
    pub(super) connections: u32,
    pub(super) before: Memory,
    pub(super) open: Memory,
    /// When the connections have left.
    pub(super) after: Memory,
}

/// Of the server's process, in KiB.
#[derive(Clone, Copy, Deserialize, Serialize)]
pub(super) struct Memory {
    pub(super) rss: f64,
    pub(super) pss: f64,
    /// In neither of them.
    pub(super) page_tables: f64,
}

/// Which cores are whose, and how long a measurement takes.
pub(super) struct Conditions {
    pub(super) server_core: usize,
    pub(super) load_core: usize,
    pub(super) seconds: f64,
}

/// Measures `server` once.
pub(super) fn measure<T: DeserializeOwned>(
    programs: &Programs,
    conditions: &Conditions,
    workload: &Workload,
    server: Server,
) -> Result<T> {
    // Two workers want two cores; the load generator then competes for one, and
    // only the CPU time for a message means something.
    let cores = match workload.kind {
        Kind::Workers => format!("{},{}", conditions.server_core, conditions.load_core),
        _ => conditions.server_core.to_string(),
    };
    let mut command = Command::new("taskset");
    command.args(["-c", &cores]).args(server.command_line(programs, workload.kind));
    let mut running = Running::start(&mut command, &programs.server_log())?;
    match load(programs, conditions, workload, server, &running) {
        Ok(measured) => Ok(measured),
        Err(failure) => match running.ended() {
            Some(end) => bail!("{failure}; {end}"),
            None => Err(failure),
        },
    }
}

fn load<T: DeserializeOwned>(
    programs: &Programs,
    conditions: &Conditions,
    workload: &Workload,
    server: Server,
    running: &Running,
) -> Result<T> {
    let mut command = pinned(&programs.load, conditions.load_core);
    command.args(workload.load).arg(running.address.to_string());
    command.arg(format!("--server-pid={}", running.pid()));
    if server.is_raw() {
        command.arg("--raw");
    }
    if workload.kind != Kind::Idle {
        command.arg(format!("--seconds={}", conditions.seconds));
        command.arg(format!("--warmup={}", conditions.seconds / 2.0));
    }
    let output = command.stdin(Stdio::null()).output().context("starting `taskset`")?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let line = words.lines().last().unwrap_or("no reason given");
        bail!("{}", line.trim_start_matches("error: "));
    }
    serde_json::from_slice(&output.stdout).context("reading the load generator's answer")
}

fn pinned(program: &Path, core: usize) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}
