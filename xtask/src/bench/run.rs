//! The rounds.

use indicatif::ProgressBar;
use serde::de::DeserializeOwned;

use super::Arguments;
use super::build::Programs;
use super::measurement::{Conditions, measure};
use super::results::{Results, Row, Table};
use super::server::{self, Peer};
use super::workload::{Kind, Workload};
use crate::progress;

/// Rounds of idle connections at most: they take long, and memory hardly varies.
const IDLE: u32 = 3;

/// Measures every workload.
pub(super) fn all(programs: &Programs, arguments: &Arguments, peers: &[&'static Peer]) -> Results {
    let (rounds, seconds) = (arguments.rounds(), arguments.seconds());
    let workloads = arguments.workloads();
    let turns = |workload: &&Workload| {
        let servers = server::taking_part(workload.kind, peers).len();
        u64::from(rounds_of(workload, rounds)) * servers as u64
    };
    let turns = workloads.iter().map(turns).sum();
    let series = Series {
        programs,
        peers,
        rounds,
        conditions: Conditions {
            server_core: arguments.server_core,
            load_core: arguments.load_core,
            seconds,
        },
        bar: progress::bar(turns, "Measuring"),
    };
    let mut results = Results { rounds, seconds, ..Results::default() };
    for workload in workloads {
        match workload.kind {
            Kind::Idle => results.idle = Some(series.table(workload)),
            Kind::Workers => results.workers = Some(series.table(workload)),
            Kind::Echo | Kind::EchoFew | Kind::EchoTls | Kind::EchoCompressed | Kind::Accept => {
                results.rates.push(series.table(workload));
            }
        }
    }
    series.bar.finish_and_clear();
    results
}

fn rounds_of(workload: &Workload, rounds: u32) -> u32 {
    match workload.kind {
        Kind::Idle => rounds.min(IDLE),
        _ => rounds,
    }
}

/// What all workloads of a run have in common.
struct Series<'a> {
    programs: &'a Programs,
    peers: &'a [&'static Peer],
    rounds: u32,
    conditions: Conditions,
    bar: ProgressBar,
}

impl Series<'_> {
    fn table<T: DeserializeOwned>(&self, workload: &'static Workload) -> Table<T> {
        let servers = server::taking_part(workload.kind, self.peers);
        let mut rows: Vec<_> =
            servers.into_iter().map(|server| Row { server, rounds: Vec::new() }).collect();
        for round in 0..rounds_of(workload, self.rounds) {
            // Every other round goes backwards, so that no server always follows the same one.
            let backwards = round % 2 == 1;
            let count = rows.len();
            for turn in 0..count {
                let row = &mut rows[if backwards { count - 1 - turn } else { turn }];
                self.bar.set_message(format!("{}: {}", workload.title, row.server.title()));
                let measured = measure(self.programs, &self.conditions, workload, row.server);
                row.rounds.push(measured.map_err(|failure| format!("{failure:#}")));
                self.bar.inc(1);
            }
        }
        Table { workload, rows }
    }
}
