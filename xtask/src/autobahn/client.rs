//! The host as a client; it calls the suite's server.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use super::process::Process;
use super::role::Role;
use super::run::{AGENT, Run, Workbench};
use super::suite::Suite;
use crate::workspace::Workspace;

/// From the start of the suite's server to its first connection.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Between two attempts to connect to it.
const RETRY: Duration = Duration::from_millis(50);

/// Has a client run `cases`.
pub(super) fn judge(
    workspace: &Workspace,
    suite: &Suite,
    tls: bool,
    cases: &[String],
) -> Result<Run> {
    let role = Role::Client { tls }.name();
    let bench = Workbench::clear(workspace, role)?;
    let started = Instant::now();

    let address = free_address()?;
    let url = format!("{}://{address}", if tls { "wss" } else { "ws" });
    let mut spec = bench.template("fuzzingserver.json")?;
    spec["url"] = json!(url);
    let mut host = Command::new(workspace.host());
    host.args(["autobahn-client", &url, "--agent", AGENT]);
    if tls {
        let Certificate { certificate, key } = Certificate::make(&bench)?;
        host.arg("--ca").arg(&certificate);
        spec["cert"] = json!(certificate);
        spec["key"] = json!(key);
    }
    let spec = bench.write_spec(spec, cases)?;

    let mut wstest = suite.command("fuzzingserver", &spec);
    let mut wstest = Process::start(wstest.args(["--webport", "0"]), &bench.suite_log())?;
    wait_for(&mut wstest, address).map_err(|failure| bench.see_suite_log(&failure))?;
    let mut host = Process::start(&mut host, &bench.host_log())?;
    // The suite's server goes on forever; the reports are there when the client
    // has done all it was to do.
    let announced = bench.follow(&wstest, || match host.ended()? {
        None => Ok(false),
        Some(status) if status.success() => Ok(true),
        Some(status) => {
            bail!("the client failed ({status}); see {}", bench.host_log().display())
        }
    })?;
    ensure!(
        host.ended()?.is_some(),
        "the suite's server ended during the run; see {}",
        bench.suite_log().display()
    );
    Ok(Run {
        title: role.to_owned(),
        elapsed: started.elapsed(),
        announced,
        reports: bench.into_reports(),
    })
}

/// An address of this machine that nobody listened at a moment ago: the suite
/// takes its port from the configuration and cannot choose one.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn wait_for(wstest: &mut Process, address: SocketAddr) -> Result<()> {
    let started = Instant::now();
    while TcpStream::connect(address).is_err() {
        if let Some(status) = wstest.ended()? {
            bail!("the suite's server ended ({status})");
        }
        ensure!(started.elapsed() < START_LIMIT, "the suite's server did not start");
        thread::sleep(RETRY);
    }
    Ok(())
}

/// PEM files for the suite's server.
struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// Makes a self-signed one. The client trusts it by name, so that its
    /// verification is part of the run.
    fn make(bench: &Workbench) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed([Ipv4Addr::LOCALHOST.to_string()])
            .context("making a certificate")?;
        let files = Self { certificate: bench.file("server.crt"), key: bench.file("server.key") };
        fs::write(&files.certificate, made.cert.pem())?;
        fs::write(&files.key, made.signing_key.serialize_pem())?;
        Ok(files)
    }
}
