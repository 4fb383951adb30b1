//! `cargo xtask autobahn`: the Autobahn test suite judges the host.
//!
//! The suite is the judge: what is here prepares it, runs it and compares its
//! report with the recorded one.

mod case;
mod expected;
mod process;
mod report;
mod run;
mod suite;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use crate::workspace::Workspace;
use expected::Expected;
use report::Report;
use suite::Suite;

/// Options of `cargo xtask autobahn`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// What Sandsock is in the run
    #[arg(long, value_enum, default_value_t = Role::Server)]
    role: Role,

    /// How the host isolates connections in the run
    #[arg(long, value_enum, default_value_t = Isolation::Connection)]
    isolation: Isolation,

    /// Cases to run, separated by commas; `*` stands for any characters
    ///
    /// All 517 cases take several minutes, most of them for 12.* and 13.*.
    #[arg(long, value_delimiter = ',', default_value = "*")]
    cases: Vec<String>,

    /// Record the verdicts in autobahn/expected.json
    #[arg(long, conflicts_with = "cases")]
    bless: bool,
}

/// What Sandsock is in a run; the suite is its peer.
#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// A server, over plain TCP
    Server,
}

/// The host's `--isolation`.
#[derive(Clone, Copy, ValueEnum)]
enum Isolation {
    /// An instance for each connection
    Connection,
    /// An instance for each worker thread
    Worker,
}

impl Role {
    /// The role's name in `expected.json` and on the command line.
    const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
        }
    }
}

impl Isolation {
    const fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Worker => "worker",
        }
    }
}

/// Runs the suite and fails unless its verdicts are the recorded ones.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let Arguments { role, isolation, cases, bless } = arguments;
    let suite = Suite::prepare(&workspace.autobahn_target())?;
    let mut expected = Expected::read(workspace)?;

    let title = format!("{}, one instance per {}", role.name(), isolation.name());
    let run = run::run(workspace, &suite, *role, *isolation, cases)?;
    let report = Report::read(&run.reports)?;
    println!("\n{}", report.table(&title));
    let page = run.reports.join("index.html");
    println!("{:.1} s; report: {}\n", run.elapsed.as_secs_f64(), workspace.shown(&page));

    let differences = expected.compare(*role, &run.announced, &report);
    if *bless {
        expected.record(*role, &run.announced, &report)?;
        expected.write(workspace)?;
        println!("Recorded in {}.", workspace.shown(&Expected::path(workspace)));
        return Ok(());
    }
    for difference in &differences {
        println!("{difference}");
    }
    ensure!(
        differences.is_empty(),
        "{} of {} cases differ from autobahn/expected.json. \
         Mend what got worse; record what got better with `cargo xtask autobahn --role {} --bless`.",
        differences.len(),
        run.announced.len(),
        role.name(),
    );
    println!("All {} cases as recorded.", run.announced.len());
    Ok(())
}
