//! What every run of the suite has in common.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};

use super::case::CaseId;
use super::process::Process;
use crate::progress;
use crate::workspace::Workspace;

/// The name under which reports file Sandsock.
pub(super) const AGENT: &str = "sandsock";

/// From the start of one case to that of the next. The slowest takes seconds;
/// the suite's own limits for a case that hangs reach a quarter of an hour.
const CASE_LIMIT: Duration = Duration::from_mins(5);

/// How often to look whether a silent run is over.
const LOOK: Duration = Duration::from_millis(200);

/// A run that came to its end.
pub(super) struct Run {
    /// The configuration, for a person.
    pub(super) title: String,
    /// The directory of the report.
    pub(super) reports: PathBuf,
    /// The cases that the suite said it would run.
    pub(super) announced: Vec<CaseId>,
    pub(super) elapsed: Duration,
}

/// The directory of a run: its configuration, its logs and its reports.
pub(super) struct Workbench {
    /// Where the configurations are that are committed, for use with Docker.
    templates: PathBuf,
    directory: PathBuf,
}

impl Workbench {
    /// Takes the directory `name`, without what an earlier run left.
    pub(super) fn clear(workspace: &Workspace, name: &str) -> Result<Self> {
        let directory = workspace.autobahn_target().join(name);
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        fs::create_dir_all(&directory)?;
        Ok(Self { templates: workspace.root().join("autobahn"), directory })
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(super) fn host_log(&self) -> PathBuf {
        self.file("host.log")
    }

    pub(super) fn suite_log(&self) -> PathBuf {
        self.file("wstest.log")
    }

    /// Adds where the host left its words.
    pub(super) fn see_host_log(&self, failure: &anyhow::Error) -> anyhow::Error {
        pointing_to(&self.host_log(), failure)
    }

    /// Adds where the suite left its words.
    pub(super) fn see_suite_log(&self, failure: &anyhow::Error) -> anyhow::Error {
        pointing_to(&self.suite_log(), failure)
    }

    pub(super) fn into_reports(self) -> PathBuf {
        self.directory
    }

    /// Reads a committed configuration.
    pub(super) fn template(&self, name: &str) -> Result<Value> {
        let path = self.templates.join(name);
        let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))
    }

    /// Writes the run's own configuration.
    pub(super) fn write_spec(&self, mut spec: Value, cases: &[String]) -> Result<PathBuf> {
        spec["cases"] = json!(cases);
        spec["outdir"] = json!(self.directory);
        let path = self.file("spec.json");
        fs::write(&path, serde_json::to_vec_pretty(&spec)?)?;
        Ok(path)
    }

    /// Shows the progress of the suite until it ends, or until it is silent and
    /// the run `is_over`. Returns the cases it announced.
    pub(super) fn follow(
        &self,
        wstest: &Process,
        mut is_over: impl FnMut() -> Result<bool>,
    ) -> Result<Vec<CaseId>> {
        let mut announced = Vec::new();
        let mut running = "the first case".to_owned();
        let mut heard = Instant::now();
        let bar = progress::bar(0, "Running the Autobahn test suite");
        loop {
            let line = match wstest.next_line(LOOK) {
                Ok(line) => line,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if is_over()? => break,
                Err(RecvTimeoutError::Timeout) => {
                    ensure!(
                        heard.elapsed() < CASE_LIMIT,
                        "{running} hangs; see {}",
                        self.directory.display()
                    );
                    continue;
                }
            };
            heard = Instant::now();
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
        ensure!(
            !announced.is_empty(),
            "the suite did not start; see {}",
            self.suite_log().display()
        );
        Ok(announced)
    }
}

fn pointing_to(log: &Path, failure: &anyhow::Error) -> anyhow::Error {
    anyhow!("{failure:#}; see {}", log.display())
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
