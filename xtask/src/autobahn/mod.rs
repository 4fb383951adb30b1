//! `cargo xtask autobahn`: the Autobahn test suite judges the host.
//!
//! The suite is the judge: what is here prepares it, runs it and compares its
//! report with the recorded one.

mod case;
mod client;
mod expected;
mod process;
mod report;
mod results;
mod role;
mod run;
mod server;
mod suite;

use anyhow::{Result, ensure};
use clap::Args;

use crate::workspace::Workspace;
use expected::Expected;
use report::Report;
use role::{Isolation, Role, Roles};
use run::Run;
use suite::Suite;

/// The pattern that leaves out none.
const ALL_CASES: &str = "*";

/// Options of `cargo xtask autobahn`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// What Sandsock is in the run
    #[arg(long, value_enum, default_value_t = Roles::Server)]
    role: Roles,

    /// How a server isolates its connections; `--role all` has both
    #[arg(long, value_enum, default_value_t = Isolation::Connection)]
    isolation: Isolation,

    /// Cases to run, separated by commas; `*` stands for any characters
    ///
    /// All 517 cases take some fifteen minutes in each role, most of them for
    /// 12.* and 13.*. A run of all is recorded in autobahn/RESULTS.md.
    #[arg(long, value_delimiter = ',', default_value = ALL_CASES)]
    cases: Vec<String>,

    /// Record the verdicts in autobahn/expected.json
    #[arg(long, conflicts_with = "cases")]
    bless: bool,
}

/// Runs the suite and fails unless its verdicts are the recorded ones.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let suite = Suite::prepare(&workspace.autobahn_target())?;
    let mut expected = Expected::read(workspace)?;
    let mut cases = 0;
    let mut differences = 0;
    for role in arguments.role.each(arguments.isolation) {
        let run = match role {
            Role::Server { tls, isolation } => {
                server::judge(workspace, &suite, tls, isolation, &arguments.cases)?
            }
            Role::Client { tls } => client::judge(workspace, &suite, tls, &arguments.cases)?,
        };
        let report = Report::read(&run.reports)?;
        summarise(workspace, &run, &report);
        if arguments.bless {
            expected.record(role, &run.announced, &report)?;
            expected.write(workspace)?;
        }
        let found = expected.compare(role, &run.announced, &report);
        for difference in &found {
            println!("{} {difference}", role.name());
        }
        if found.is_empty() && arguments.cases == [ALL_CASES] {
            results::record(workspace, &run, &report)?;
        }
        differences += found.len();
        cases += run.announced.len();
    }
    ensure!(
        differences == 0,
        "{differences} of {cases} cases differ from autobahn/expected.json. \
         Mend what got worse; record what got better with `--bless`."
    );
    println!("All {cases} cases as recorded in autobahn/expected.json.");
    Ok(())
}

fn summarise(workspace: &Workspace, run: &Run, report: &Report) {
    let page = run.reports.join("index.html");
    println!("\n{}", report.table(&run.title));
    println!("{:.1} s; report: {}\n", run.elapsed.as_secs_f64(), workspace.shown(&page));
}
