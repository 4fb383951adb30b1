//! Everything a person types to build, run and judge Sandsock: `cargo xtask`.

mod autobahn;
mod bench;
mod check;
mod command;
mod component;
mod guests;
mod host;
mod layout;
mod progress;
mod test;
mod wasm_std;
mod workspace;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

use crate::wasm_std::WasmStd;
use crate::workspace::Workspace;

/// Builds, runs and judges Sandsock.
///
/// Start with `cargo xtask serve`: it builds what is missing and runs an echo
/// server on port 9001 of this machine.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    /// Where the guests' standard library for wasm32-unknown-unknown comes from
    #[arg(long, global = true, value_enum, default_value_t, value_name = "ROUTE")]
    wasm_std: WasmStd,

    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Build the components and the host that embeds one of them
    ///
    /// Leaves target/components/protocol.wasm, target/components/echo.wasm and
    /// target/release/sandsock. What did not change is not built again.
    Build,

    /// Turn your own plugin's core module into a component
    ///
    /// Compile it for wasm32-unknown-unknown first; the crate is a `cdylib` that
    /// depends on `sandsock-plugin`. The component is for `sandsock serve --app`.
    #[command(
        after_help = "Example:\n  cargo xtask component target/wasm32-unknown-unknown/release/greeter.wasm greeter.wasm"
    )]
    Component {
        /// What cargo compiled
        #[arg(value_name = "MODULE.wasm")]
        module: PathBuf,
        /// Where the component goes
        #[arg(value_name = "COMPONENT.wasm")]
        component: PathBuf,
    },

    /// Build, then run the echo server until it is interrupted
    ///
    /// Listens on 127.0.0.1:9001 unless the arguments behind `--` say otherwise.
    #[command(after_help = "Example:\n  cargo xtask serve -- --isolation worker")]
    Serve {
        /// Arguments for `sandsock serve`; `-- --help` lists them
        #[arg(last = true, value_name = "HOST ARGUMENTS")]
        arguments: Vec<OsString>,
    },

    /// Build, then run every test of the workspace
    ///
    /// The tests are built in the release profile, as the host is, so that
    /// wasmtime is compiled once for both.
    #[command(after_help = "Example:\n  cargo xtask test -- close")]
    Test {
        /// Arguments for `cargo test`
        #[arg(last = true, value_name = "CARGO TEST ARGUMENTS")]
        arguments: Vec<OsString>,
    },

    /// Check the format, the lints and the documentation; warnings fail
    Check,

    /// Build, then let the Autobahn test suite judge the host
    ///
    /// Installs the suite under target/autobahn if it is not there, runs it, and
    /// compares each case's verdict with autobahn/expected.json. A worse verdict
    /// fails, and so does a better one that is not recorded yet.
    #[command(
        after_help = "Examples:\n  cargo xtask autobahn --cases '1.*,5.*'\n  cargo xtask autobahn --bless\n\nautobahn/README.md explains the verdicts."
    )]
    Autobahn(autobahn::Arguments),

    /// Build, then measure the host beside other servers
    ///
    /// Builds the load generator and the peers of bench/, installs those from npm,
    /// and measures for about half an hour. Writes bench/RESULTS.md and
    /// bench/RESULTS.svg if nothing was left out, else the same under target/bench.
    #[command(
        after_help = "Examples:\n  cargo xtask bench --quick\n  cargo xtask bench --workload 1k,wss --peer raw,fastwebsockets\n\nbench/README.md explains the figures."
    )]
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    // Not returned from here: that would print a backtrace at a person who only
    // has to install something.
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    let Some(task) = cli.task else {
        return Ok(Cli::command().print_help()?);
    };
    let workspace = Workspace::locate()?;
    match task {
        Task::Build => {
            guests::build(&workspace, cli.wasm_std)?;
            host::build(&workspace)
        }
        Task::Component { module, component } => guests::encode(&workspace, &module, &component),
        Task::Serve { arguments } => {
            guests::build(&workspace, cli.wasm_std)?;
            host::build(&workspace)?;
            host::serve(&workspace, &arguments)
        }
        Task::Test { arguments } => {
            guests::build(&workspace, cli.wasm_std)?;
            host::build(&workspace)?;
            test::run(&workspace, &arguments)
        }
        Task::Check => {
            guests::build(&workspace, cli.wasm_std)?;
            check::run(&workspace)
        }
        Task::Autobahn(arguments) => {
            guests::build(&workspace, cli.wasm_std)?;
            host::build(&workspace)?;
            autobahn::run(&workspace, &arguments)
        }
        Task::Bench(arguments) => {
            if arguments.sandsock.is_none() {
                guests::build(&workspace, cli.wasm_std)?;
                host::build(&workspace)?;
            }
            bench::run(&workspace, &arguments)
        }
    }
}
