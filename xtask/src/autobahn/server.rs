//! The host as a server; the suite's client calls it.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail, ensure};
use serde_json::json;

use super::process::Process;
use super::role::{Isolation, Role};
use super::run::{AGENT, Run, Workbench};
use super::suite::Suite;
use crate::workspace::Workspace;

/// From the host's start to the line that names its address.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Runs `cases` against a server.
pub(super) fn judge(
    workspace: &Workspace,
    suite: &Suite,
    tls: bool,
    isolation: Isolation,
    cases: &[String],
) -> Result<Run> {
    let role = Role::Server { tls, isolation }.name();
    let isolation = isolation.name();
    let bench = Workbench::clear(workspace, &format!("{role}-{isolation}"))?;
    let started = Instant::now();

    let mut host = Command::new(workspace.host());
    host.args(["serve", "--listen", "127.0.0.1:0", "--isolation", isolation]);
    if tls {
        host.arg("--tls-self-signed");
    }
    let mut host = Process::start(&mut host, &bench.host_log())?;
    let url = listening(&host).map_err(|failure| bench.see_host_log(&failure))?;

    let mut spec = bench.template("fuzzingclient.json")?;
    spec["servers"] = json!([{ "agent": AGENT, "url": url }]);
    let spec = bench.write_spec(spec, cases)?;
    let mut wstest = suite.command("fuzzingclient", &spec);
    let wstest = Process::start(&mut wstest, &bench.suite_log())?;
    // The suite ends by itself, also when the server is gone.
    let announced = bench.follow(&wstest, || Ok(false))?;
    let status = wstest.wait()?;
    ensure!(status.success(), "the suite failed ({status}); see {}", bench.suite_log().display());
    if let Some(status) = host.ended()? {
        bail!("the server ended during the run ({status}); see {}", bench.host_log().display());
    }
    Ok(Run {
        title: format!("{role}, an instance for each {isolation}"),
        elapsed: started.elapsed(),
        announced,
        reports: bench.into_reports(),
    })
}

/// Waits for the server's address.
fn listening(host: &Process) -> Result<String> {
    loop {
        let line = host.next_line(START_LIMIT).map_err(|_| anyhow!("the server did not start"))?;
        if let Some(url) = line.strip_prefix("listening on ") {
            return Ok(url.to_owned());
        }
    }
}
