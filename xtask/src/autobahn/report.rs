//! The report that the suite leaves.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::case::{CaseId, Verdict};
use super::run::AGENT;

/// The verdict on each case that was run.
pub(super) struct Report(BTreeMap<CaseId, Entry>);

/// One case of the report.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(flatten)]
    pub(super) verdict: Verdict,
    /// The close code that Sandsock sent; absent if it sent none.
    pub(super) remote_close_code: Option<u16>,
}

impl Report {
    /// Reads `index.json` in the directory `reports`.
    pub(super) fn read(reports: &Path) -> Result<Self> {
        let path = reports.join("index.json");
        let text = fs::read(&path)
            .with_context(|| format!("the suite left no report at {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("reading {}", path.display()))
    }

    /// Reads what one `index.json` holds about Sandsock.
    pub(super) fn parse(text: &[u8]) -> Result<Self> {
        let mut agents: BTreeMap<String, BTreeMap<CaseId, Entry>> = serde_json::from_slice(text)?;
        // Without a single connection, the suite files nobody.
        Ok(Self(agents.remove(AGENT).unwrap_or_default()))
    }

    pub(super) fn entry(&self, case: &CaseId) -> Option<Entry> {
        self.0.get(case).copied()
    }

    /// How many cases came to which verdict.
    pub(super) fn verdicts(&self) -> BTreeMap<Verdict, usize> {
        counts(self.0.values().map(|entry| entry.verdict))
    }

    /// How many cases Sandsock ended with which close code.
    pub(super) fn close_codes(&self) -> BTreeMap<Option<u16>, usize> {
        counts(self.0.values().map(|entry| entry.remote_close_code))
    }

    /// [`verdicts`](Self::verdicts), to be read.
    pub(super) fn table(&self, title: &str) -> String {
        let mut table = format!("{title}\n{:<18}{:<18}{:>6}\n", "behaviour", "close", "cases");
        for (Verdict { behavior, behavior_close }, count) in self.verdicts() {
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{behavior:<18}{behavior_close:<18}{count:>6}");
        }
        table
    }
}

fn counts<T: Ord>(items: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}
