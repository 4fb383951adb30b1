//! `autobahn/RESULTS.md`: what the newest complete run in each role came to.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::io::ErrorKind;
use std::time::SystemTime;

use anyhow::{Context, Result};

use super::case::Verdict;
use super::report::Report;
use super::run::Run;
use super::suite;
use crate::workspace::Workspace;

const HEAD: &str = "# Results

Each row is from a run of all cases, written by `cargo xtask autobahn`. The close
codes are those that Sandsock sent. Wall seconds include the suite's own work, which
is most of it, and depend on the machine and on what else it did.

| run | behaviour | close behaviour | close codes | wall seconds | suite | date |
|---|---|---|---|--:|---|---|
";

/// Records a run of all cases in place of an earlier one of its kind.
pub(super) fn record(workspace: &Workspace, run: &Run, report: &Report) -> Result<()> {
    let path = workspace.root().join("autobahn/RESULTS.md");
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        read => read.with_context(|| format!("reading {}", path.display()))?,
    };
    let text = with_row(&text, &run.title, &row(run, report, SystemTime::now()));
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
}

fn row(run: &Run, report: &Report, now: SystemTime) -> String {
    let verdicts = report.verdicts();
    let of = |half: fn(&Verdict) -> String| {
        let mut counts = BTreeMap::new();
        for (verdict, count) in &verdicts {
            *counts.entry(half(verdict)).or_default() += count;
        }
        list(counts)
    };
    let codes = report.close_codes().into_iter();
    let codes = codes.map(|(code, n)| (code.map_or("none".to_owned(), |code| code.to_string()), n));
    let now = humantime::format_rfc3339_seconds(now).to_string();
    format!(
        "| {} | {} | {} | {} | {:.0} | {} | {} |",
        run.title,
        of(|verdict| verdict.behavior.to_string()),
        of(|verdict| verdict.behavior_close.to_string()),
        list(codes),
        run.elapsed.as_secs_f64(),
        suite::VERSION,
        now.split('T').next().unwrap_or_default(),
    )
}

/// As in `1000 (385), 1002 (44)`.
fn list(counts: impl IntoIterator<Item = (impl Display, usize)>) -> String {
    let counts = counts.into_iter().map(|(what, count)| format!("{what} ({count})"));
    counts.collect::<Vec<_>>().join(", ")
}

/// The page with `row` in it. Other rows stay, in alphabetical order.
fn with_row(page: &str, title: &str, row: &str) -> String {
    let title_of = |line: &str| line.split('|').nth(1).map(|cell| cell.trim().to_owned());
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| run "));
    let mut rows: BTreeMap<_, _> =
        rows.filter_map(|line| Some((title_of(line)?, line.to_owned()))).collect();
    rows.insert(title.to_owned(), row.to_owned());
    rows.into_values().fold(HEAD.to_owned(), |page, row| page + &row + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_replaces_the_earlier_one_of_its_kind() {
        let page = with_row("", "server", "| server | old |");
        let page = with_row(&page, "client", "| client | x |");
        let page = with_row(&page, "server", "| server | new |");
        assert_eq!(page, format!("{HEAD}| client | x |\n| server | new |\n"));
    }

    #[test]
    fn a_row_counts_both_halves_and_the_close_codes() -> Result<()> {
        let report = br#"{ "sandsock": {
            "1.1.1": { "behavior": "OK", "behaviorClose": "OK", "remoteCloseCode": 1000 },
            "7.1.6": { "behavior": "INFORMATIONAL", "behaviorClose": "OK", "remoteCloseCode": null }
        } }"#;
        let run = Run {
            title: "client".to_owned(),
            reports: "unused".into(),
            announced: Vec::new(),
            elapsed: std::time::Duration::from_secs(7),
        };
        let row = row(&run, &Report::parse(report)?, SystemTime::UNIX_EPOCH);
        let expected = "| client | INFORMATIONAL (1), OK (1) | OK (2) | none (1), 1000 (1) | 7 | 25.10.1 | 1970-01-01 |";
        assert_eq!(row, expected);
        Ok(())
    }
}
