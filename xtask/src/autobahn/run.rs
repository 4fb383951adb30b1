//! One run of the suite.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};

use super::case::CaseId;
use super::process::Process;
use super::suite::Suite;
use super::{Isolation, Role};
use crate::progress;
use crate::workspace::Workspace;

/// The name under which reports file Sandsock.
pub(super) const AGENT: &str = "sandsock";

/// From the host's start to the line that names its address.
const START_LIMIT: Duration = Duration::from_secs(30);

/// From the start of one case to that of the next. The slowest takes seconds;
/// the suite's own limits for a case that hangs reach a quarter of an hour.
const CASE_LIMIT: Duration = Duration::from_mins(5);

/// What a run leaves.
pub(super) struct Run {
    /// The directory of the report.
    pub(super) reports: PathBuf,
    /// The cases that the suite said it would run.
    pub(super) announced: Vec<CaseId>,
    pub(super) elapsed: Duration,
}

/// Runs `cases` in the given configuration.
pub(super) fn run(
    workspace: &Workspace,
    suite: &Suite,
    role: Role,
    isolation: Isolation,
    cases: &[String],
) -> Result<Run> {
    let reports = workspace.autobahn_target().join(format!("{}-{}", role.name(), isolation.name()));
    if reports.exists() {
        fs::remove_dir_all(&reports)?;
    }
    fs::create_dir_all(&reports)?;

    let mut host = Command::new(workspace.host());
    match role {
        Role::Server => {
            host.args(["serve", "--listen", "127.0.0.1:0", "--isolation", isolation.name()]);
        }
    }
    let started = Instant::now();
    let announced = judge_server(workspace, suite, &mut host, cases, &reports)?;
    Ok(Run { reports, announced, elapsed: started.elapsed() })
}

/// Starts the server `host` and runs the suite's client against it.
fn judge_server(
    workspace: &Workspace,
    suite: &Suite,
    host: &mut Command,
    cases: &[String],
    reports: &Path,
) -> Result<Vec<CaseId>> {
    let host_log = reports.join("host.log");
    let mut host = Process::start(host, &host_log)?;
    let url = listening(&host).map_err(|failure| pointing_to(&host_log, &failure))?;

    let mut spec = template(&workspace.root().join("autobahn/fuzzingclient.json"))?;
    spec["servers"] = json!([{ "agent": AGENT, "url": url }]);
    let spec = write_spec(spec, cases, reports)?;

    let wstest_log = reports.join("wstest.log");
    let wstest = Process::start(&mut suite.command("fuzzingclient", &spec), &wstest_log)?;
    let announced = follow(&wstest).map_err(|failure| pointing_to(&wstest_log, &failure))?;
    let status = wstest.wait()?;
    ensure!(status.success(), "wstest failed ({status}); see {}", wstest_log.display());
    if let Some(status) = host.ended()? {
        bail!("the server ended during the run ({status}); see {}", host_log.display());
    }
    Ok(announced)
}

/// Adds where the program that is to blame left its words.
fn pointing_to(log: &Path, failure: &anyhow::Error) -> anyhow::Error {
    anyhow!("{failure:#}; see {}", log.display())
}

/// Waits for the server's address.
fn listening(host: &Process) -> Result<String> {
    while let Some(line) = host.next_line(START_LIMIT).context("waiting for the server")? {
        if let Some(url) = line.strip_prefix("listening on ") {
            return Ok(url.to_owned());
        }
    }
    Err(anyhow!("the server ended before it listened"))
}

/// The configuration that is committed for use with Docker.
fn template(path: &Path) -> Result<Value> {
    let text = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))
}

fn write_spec(mut spec: Value, cases: &[String], reports: &Path) -> Result<PathBuf> {
    spec["cases"] = json!(cases);
    spec["outdir"] = json!(reports);
    let path = reports.join("spec.json");
    fs::write(&path, serde_json::to_vec_pretty(&spec)?)?;
    Ok(path)
}

/// Shows the progress of `wstest` to its end and returns the cases it announced.
fn follow(wstest: &Process) -> Result<Vec<CaseId>> {
    let mut announced = Vec::new();
    let mut running = "the first case".to_owned();
    let bar = progress::bar(0, "Running the Autobahn test suite");
    while let Some(line) =
        wstest.next_line(CASE_LIMIT).with_context(|| format!("waiting for {running}"))?
    {
        if let Some(list) = line.strip_prefix("Cases = ") {
            announced = announced_cases(list)?;
            // The suite waits forever when it has nothing to run.
            ensure!(!announced.is_empty(), "the suite has no such cases");
            bar.set_length(announced.len().try_into()?);
        } else if let Some(rest) = line.strip_prefix("Running test case ID ") {
            running = format!("case {}", rest.split(' ').next().unwrap_or_default());
            bar.set_message(running.clone());
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(announced)
}

/// Reads a list of quoted numbers: `['1.1.1', '1.1.2']`.
fn announced_cases(list: &str) -> Result<Vec<CaseId>> {
    list.split('\'')
        .skip(1)
        .step_by(2)
        .map(|case| case.parse().with_context(|| format!("reading the list of cases at `{case}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_announced_cases_are_read_in_their_order() -> Result<()> {
        let cases = announced_cases("['1.1.1', '2.10', '12.1.18']")?;
        let numbers: Vec<_> = cases.iter().map(ToString::to_string).collect();
        assert_eq!(numbers, ["1.1.1", "2.10", "12.1.18"]);
        assert!(announced_cases("[]")?.is_empty());
        assert!(announced_cases("['1.x']").is_err());
        Ok(())
    }
}
