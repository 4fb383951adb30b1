//! `autobahn/RESULTS.md`: what a run of everything came to.

use std::fmt::Write;
use std::fs;
use std::time::SystemTime;

use anyhow::{Context, Result};

use super::case::Verdict;
use super::report::Report;
use super::run::Run;
use super::suite;
use crate::workspace::Workspace;

/// One line for each verdict of each run.
#[derive(Default)]
pub(super) struct Results {
    verdicts: String,
    close_codes: String,
}

impl Results {
    /// Adds a run.
    pub(super) fn add(&mut self, run: &Run, report: &Report) {
        let Run { title, elapsed, .. } = run;
        let seconds = elapsed.as_secs();
        // Writing to a string cannot fail.
        for (Verdict { behavior, behavior_close }, count) in report.verdicts() {
            let _ = writeln!(
                self.verdicts,
                "| {title} | {behavior} | {behavior_close} | {count} | {seconds} |"
            );
        }
        let codes = report.close_codes().into_iter().map(|(code, count)| match code {
            Some(code) => format!("{code} × {count}"),
            None => format!("none × {count}"),
        });
        let codes: Vec<_> = codes.collect();
        let _ = writeln!(self.close_codes, "| {title} | {} |", codes.join(", "));
    }

    /// Writes the file anew.
    pub(super) fn write(&self, workspace: &Workspace) -> Result<()> {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let date = now.split('T').next().unwrap_or_default();
        let text = format!(
            "# Results\n\n\
             Autobahn test suite {}, {date}, written by `cargo xtask autobahn --role all`.\n\n\
             | run | behaviour | close | cases | wall seconds of the run |\n\
             |---|---|---|--:|--:|\n{}\n\
             Close codes that Sandsock sent, and in how many cases:\n\n\
             | run | close codes |\n|---|---|\n{}",
            suite::VERSION,
            self.verdicts,
            self.close_codes,
        );
        let path = workspace.root().join("autobahn/RESULTS.md");
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    }
}
