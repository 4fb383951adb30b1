//! A load generator for WebSocket echo servers that verifies every echo.
//!
//! One thread, plain non-blocking sockets, and everything it sends built
//! beforehand: so that a server is what a run measures. Prints one line of JSON.

mod accept;
mod arguments;
mod connection;
mod content;
mod echo;
mod frame;
mod handshake;
mod idle;
mod measurement;
mod server;
mod tls;
mod traffic;
mod transport;
mod verify;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use serde::Serialize;

use crate::arguments::{Arguments, Task};

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.task {
        Task::Echo(options) => print(&echo::run(options)?),
        Task::Accept(options) => print(&accept::run(options)?),
        Task::Idle(options) => print(&idle::run(options)?),
    }
}

fn print(result: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(result)?);
    Ok(())
}
