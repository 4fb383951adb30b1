//! `cargo xtask bench`: Sandsock beside other servers.
//!
//! Every measurement starts a server anew, on a core of its own, and loads it from
//! another core. The servers take turns, so that whatever else the machine does
//! meets all of them.

mod build;
mod chart;
mod machine;
mod markdown;
mod measurement;
mod results;
mod rounds;
mod run;
mod running;
mod server;
mod statistic;
mod workload;

use std::fs;
use std::path::PathBuf;
use std::ptr;

use anyhow::{Result, ensure};
use clap::Args;

use crate::workspace::Workspace;
use build::Programs;
use machine::Machine;
use server::{PEERS, Peer};
use workload::{WORKLOADS, Workload};

/// Rounds, and seconds of a measurement: at least so much of both is in the published
/// results.
const ROUNDS: u32 = 15;
const SECONDS: f64 = 0.5;

/// Options of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// One round of one second each: for a look, not for figures to quote
    #[arg(long, conflicts_with_all = ["rounds", "seconds"])]
    quick: bool,

    /// Workloads to run, separated by commas [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAME", value_parser = workload::find)]
    workload: Vec<&'static Workload>,

    /// Servers to compare with, separated by commas [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAME", value_parser = server::find)]
    peer: Vec<&'static Peer>,

    /// Times that each server gets its turn; three at most with idle connections
    #[arg(long, value_name = "COUNT", default_value_t = ROUNDS, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// Seconds of one measurement, from 0.1 to 60, behind a warm-up of half of that;
    /// more rounds tell more than longer ones
    #[arg(long, value_name = "SECONDS", default_value_t = SECONDS, value_parser = seconds)]
    seconds: f64,

    /// Core that the server runs on
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    server_core: usize,

    /// Core that the load generator runs on; better no hyper-thread of the same
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    load_core: usize,

    /// Measure this binary of Sandsock instead of building one
    #[arg(long, value_name = "FILE")]
    pub(crate) sandsock: Option<PathBuf>,
}

impl Arguments {
    fn rounds(&self) -> u32 {
        if self.quick { 1 } else { self.rounds }
    }

    fn seconds(&self) -> f64 {
        if self.quick { 1.0 } else { self.seconds }
    }

    /// Whether nothing is left out that `bench/RESULTS.md` should show.
    fn is_complete(&self, peers: &[&Peer]) -> bool {
        self.rounds() >= ROUNDS
            && self.seconds() >= SECONDS
            && self.workload.is_empty()
            && peers.len() == PEERS.len()
            && self.sandsock.is_none()
    }

    fn workloads(&self) -> Vec<&'static Workload> {
        chosen(WORKLOADS, &self.workload)
    }

    fn peers(&self) -> Vec<&'static Peer> {
        chosen(PEERS, &self.peer)
    }
}

fn seconds(argument: &str) -> Result<f64> {
    let seconds = argument.parse()?;
    ensure!((0.1..=60.0).contains(&seconds), "not from 0.1 to 60");
    Ok(seconds)
}

/// Those that a person named, in the order of `all`; or all.
fn chosen<T>(all: &'static [T], named: &[&'static T]) -> Vec<&'static T> {
    let is_chosen = |one: &&T| named.is_empty() || named.iter().any(|named| ptr::eq(*named, *one));
    all.iter().filter(is_chosen).collect()
}

/// Measures, and writes the results.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    ensure!(arguments.server_core != arguments.load_core, "server and load need a core each");
    let scratch = workspace.root().join("target/bench");
    fs::create_dir_all(&scratch)?;
    let mut peers = arguments.peers();
    let programs = Programs::build(workspace, &scratch, arguments.sandsock.clone(), &mut peers)?;
    let machine = Machine::look(workspace, arguments, &programs, &peers)?;
    let results = run::all(&programs, arguments, &peers);

    let is_complete = arguments.is_complete(&peers) && !results.has_failure();
    let rounds = scratch.join("rounds.json");
    let directory = if is_complete { workspace.root().join("bench") } else { scratch };
    let page = directory.join("RESULTS.md");
    let chart = directory.join("RESULTS.svg");
    fs::write(&rounds, serde_json::to_string_pretty(&rounds::json(&results))?)?;
    fs::write(&page, markdown::page(&machine, &results))?;
    fs::write(&chart, chart::draw(&results))?;
    println!("{}", markdown::summary(&results));
    if let Some(warning) = markdown::disturbance(results.other_cores()) {
        println!("{warning}");
    }
    if !is_complete {
        println!("Not a complete run, so bench/RESULTS.md stays as it is.");
    }
    println!("Results: {} and {}", workspace.shown(&page), workspace.shown(&chart));
    println!("Every measurement: {}", workspace.shown(&rounds));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_takes_a_tenth_of_a_second_to_a_minute() {
        for argument in ["0.1", "0.5", "60"] {
            assert_eq!(seconds(argument).unwrap().to_string(), argument);
        }
        for argument in ["0.09", "60.1", "-1", "NaN", "inf", "2s", ""] {
            assert!(seconds(argument).is_err(), "{argument}");
        }
    }

    #[test]
    fn those_named_are_chosen_in_the_order_of_the_table_and_none_named_means_all() {
        let named = ["ws", "raw"].map(|name| server::find(name).unwrap());
        let names: Vec<_> = chosen(PEERS, &named).iter().map(|peer| peer.name).collect();
        assert_eq!(names, ["raw", "ws"]);
        assert_eq!(chosen(WORKLOADS, &[]).len(), WORKLOADS.len());
    }
}
