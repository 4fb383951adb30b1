//! The recorded verdicts, and what a run changes about them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::case::{CaseId, Verdict};
use super::report::{Entry, Report};
use super::role::Role;
use crate::workspace::Workspace;

/// For each role, the cases whose verdict is not OK in both halves.
#[derive(Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Expected(BTreeMap<String, BTreeMap<CaseId, Verdict>>);

/// A case that did not come out as recorded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    case: CaseId,
    expected: Verdict,
    change: Change,
}

#[derive(Debug, PartialEq, Eq)]
enum Change {
    Worse {
        got: Verdict,
        close_code: Option<u16>,
    },
    Better {
        got: Verdict,
    },
    /// The suite announced the case and did not report on it.
    Missing,
}

impl Expected {
    fn path(workspace: &Workspace) -> PathBuf {
        workspace.root().join("autobahn/expected.json")
    }

    pub(super) fn read(workspace: &Workspace) -> Result<Self> {
        let path = Self::path(workspace);
        let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))
    }

    pub(super) fn write(&self, workspace: &Workspace) -> Result<()> {
        let path = Self::path(workspace);
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    }

    fn verdict(&self, role: Role, case: &CaseId) -> Verdict {
        let recorded = self.0.get(role.name()).and_then(|cases| cases.get(case));
        recorded.copied().unwrap_or(Verdict::OK)
    }

    /// What differs from the record among the `announced` cases.
    pub(super) fn compare(
        &self,
        role: Role,
        announced: &[CaseId],
        report: &Report,
    ) -> Vec<Difference> {
        let difference = |case: &CaseId| {
            let expected = self.verdict(role, case);
            let change = match report.entry(case) {
                None => Change::Missing,
                Some(Entry { verdict, .. }) if verdict == expected => return None,
                Some(Entry { verdict: got, remote_close_code }) => {
                    if got.is_worse_than(expected) {
                        Change::Worse { got, close_code: remote_close_code }
                    } else {
                        Change::Better { got }
                    }
                }
            };
            Some(Difference { case: case.clone(), expected, change })
        };
        announced.iter().filter_map(difference).collect()
    }

    /// Takes a full run's verdicts in place of the recorded ones.
    pub(super) fn record(
        &mut self,
        role: Role,
        announced: &[CaseId],
        report: &Report,
    ) -> Result<()> {
        let mut cases = BTreeMap::new();
        for case in announced {
            let entry = report.entry(case);
            ensure!(entry.is_some(), "nothing recorded: the suite did not report on case {case}");
            cases.extend(
                entry
                    .map(|entry| (case.clone(), entry.verdict))
                    .filter(|(_, verdict)| *verdict != Verdict::OK),
            );
        }
        self.0.insert(role.name().to_owned(), cases);
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, expected, change } = self;
        match change {
            Change::Worse { got, close_code } => {
                write!(f, "worse    {case:<9} {got} instead of {expected}")?;
                match close_code {
                    Some(code) => write!(f, "; close code {code}"),
                    None => write!(f, "; no close code"),
                }
            }
            Change::Better { got } => {
                write!(f, "better   {case:<9} {got} instead of {expected}")
            }
            Change::Missing => write!(f, "missing  {case:<9} no verdict; expected {expected}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::Behavior;
    use super::super::role::Isolation;
    use super::*;

    const SERVER: Role = Role::Server { tls: false, isolation: Isolation::Connection };
    const INFORMATIONAL: Verdict =
        Verdict { behavior: Behavior::Informational, behavior_close: Behavior::Informational };
    const NON_STRICT: Verdict =
        Verdict { behavior: Behavior::NonStrict, behavior_close: Behavior::Ok };
    const UNCLEAN: Verdict = Verdict { behavior: Behavior::Ok, behavior_close: Behavior::Unclean };

    fn expected(text: &str) -> Result<Expected> {
        Ok(serde_json::from_str(text)?)
    }

    fn recorded() -> Result<Expected> {
        expected(
            r#"{ "server": { "7.13.1": {
                "behavior": "INFORMATIONAL", "behaviorClose": "INFORMATIONAL"
            } } }"#,
        )
    }

    fn report(entries: &[(&str, Verdict)]) -> Result<Report> {
        let cases: serde_json::Map<_, _> = entries
            .iter()
            .map(|(case, Verdict { behavior, behavior_close })| {
                let entry = serde_json::json!({
                    "behavior": behavior,
                    "behaviorClose": behavior_close,
                    "remoteCloseCode": 1002,
                    "duration": 3,
                    "reportfile": "sandsock_case.json",
                });
                ((*case).to_owned(), entry)
            })
            .collect();
        Report::parse(&serde_json::to_vec(&serde_json::json!({ "sandsock": cases }))?)
    }

    fn cases(numbers: &[&str]) -> Result<Vec<CaseId>> {
        Ok(numbers.iter().map(|number| number.parse()).collect::<Result<_, _>>()?)
    }

    #[test]
    fn verdicts_as_recorded_are_no_difference() -> Result<()> {
        let report = report(&[("1.1.1", Verdict::OK), ("7.13.1", INFORMATIONAL)])?;
        let announced = cases(&["1.1.1", "7.13.1"])?;
        assert_eq!(recorded()?.compare(SERVER, &announced, &report), []);
        Ok(())
    }

    #[test]
    fn a_worse_verdict_in_either_half_is_a_regression() -> Result<()> {
        let report = report(&[("6.4.1", NON_STRICT), ("7.3.6", UNCLEAN)])?;
        let differences = recorded()?.compare(SERVER, &cases(&["6.4.1", "7.3.6"])?, &report);
        let changes: Vec<_> = differences.into_iter().map(|difference| difference.change).collect();
        let worse = |got| Change::Worse { got, close_code: Some(1002) };
        assert_eq!(changes, [worse(NON_STRICT), worse(UNCLEAN)]);
        Ok(())
    }

    #[test]
    fn a_better_verdict_is_a_difference_until_it_is_recorded() -> Result<()> {
        let mut expected = recorded()?;
        let report = report(&[("7.13.1", Verdict::OK)])?;
        let announced = cases(&["7.13.1"])?;
        let differences = expected.compare(SERVER, &announced, &report);
        assert_eq!(differences.len(), 1);
        assert_eq!(differences[0].change, Change::Better { got: Verdict::OK });

        expected.record(SERVER, &announced, &report)?;
        assert_eq!(expected.compare(SERVER, &announced, &report), []);
        Ok(())
    }

    #[test]
    fn a_case_that_was_announced_and_not_reported_is_missing() -> Result<()> {
        let mut expected = recorded()?;
        let report = report(&[("1.1.1", Verdict::OK)])?;
        let announced = cases(&["1.1.1", "1.1.2"])?;
        let differences = expected.compare(SERVER, &announced, &report);
        assert_eq!(differences.len(), 1);
        assert_eq!(differences[0].change, Change::Missing);
        assert!(expected.record(SERVER, &announced, &report).is_err());
        Ok(())
    }

    #[test]
    fn a_case_that_got_worse_in_one_half_and_better_in_the_other_is_a_regression() -> Result<()> {
        let expected = expected(
            r#"{ "server": { "3.2": { "behavior": "NON-STRICT", "behaviorClose": "OK" } } }"#,
        )?;
        let report = report(&[("3.2", UNCLEAN)])?;
        let differences = expected.compare(SERVER, &cases(&["3.2"])?, &report);
        assert!(matches!(differences[0].change, Change::Worse { .. }));
        Ok(())
    }

    #[test]
    fn only_exceptions_are_recorded_in_the_suites_order() -> Result<()> {
        let mut expected = expected("{}")?;
        let report = report(&[("10.1.1", NON_STRICT), ("2.10", NON_STRICT), ("2.9", Verdict::OK)])?;
        expected.record(SERVER, &cases(&["2.9", "2.10", "10.1.1"])?, &report)?;
        let text = serde_json::to_string(&expected)?;
        assert_eq!(
            text,
            r#"{"server":{"2.10":{"behavior":"NON-STRICT","behaviorClose":"OK"},"10.1.1":{"behavior":"NON-STRICT","behaviorClose":"OK"}}}"#
        );
        Ok(())
    }
}
