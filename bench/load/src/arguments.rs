//! The command line.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

/// Loads a WebSocket echo server, verifies what comes back, and prints one line
/// of JSON about it.
#[derive(Parser)]
#[command(name = "load")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Messages there and back, as fast as they come
    Echo(Echo),
    /// Whole lives of connections: TCP, opening handshake, Close frames
    Accept(Accept),
    /// The server's memory with connections that are open and do nothing
    Idle(Idle),
}

/// Where the server is, and what it speaks.
#[derive(Args)]
pub(crate) struct Target {
    /// The server's address, as in 127.0.0.1:9001
    pub(crate) address: SocketAddr,

    /// Speak TLS, and accept any certificate
    #[arg(long)]
    pub(crate) tls: bool,

    /// The server echoes bytes and knows no WebSocket: no opening handshake, no
    /// masking, and what comes back is what was sent
    #[arg(long)]
    pub(crate) raw: bool,
}

/// When to measure.
#[derive(Args)]
pub(crate) struct Window {
    /// Time measured
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    pub(crate) seconds: Duration,

    /// Time before that under the same load, not measured
    #[arg(long, value_name = "SECONDS", default_value = "0.5", value_parser = seconds)]
    pub(crate) warmup: Duration,

    /// The server's process, for its CPU time
    #[arg(long, value_name = "PID")]
    pub(crate) server_pid: Option<u32>,
}

#[derive(Args)]
pub(crate) struct Echo {
    #[command(flatten)]
    pub(crate) target: Target,

    #[command(flatten)]
    pub(crate) window: Window,

    /// Payload bytes of a message
    #[arg(long, value_name = "BYTES", default_value_t = 125)]
    pub(crate) size: usize,

    /// Connections
    #[arg(long, value_name = "COUNT", default_value = "1")]
    pub(crate) connections: NonZeroUsize,

    /// Messages of a connection that wait for their echo at any time
    #[arg(long, value_name = "COUNT", default_value = "1")]
    pub(crate) in_flight: NonZeroUsize,

    /// Payload bytes of a fragment [default: the message is one frame]
    #[arg(long, value_name = "BYTES")]
    pub(crate) fragment_bytes: Option<NonZeroUsize>,

    /// Text of mixed scripts instead of binary messages
    #[arg(long)]
    pub(crate) text: bool,

    /// Text messages compressed with permessage-deflate, each by itself
    #[arg(long, conflicts_with_all = ["text", "raw", "fragment_bytes"])]
    pub(crate) compressed: bool,
}

#[derive(Args)]
pub(crate) struct Accept {
    #[command(flatten)]
    pub(crate) target: Target,

    #[command(flatten)]
    pub(crate) window: Window,

    /// Connections at once
    #[arg(long, value_name = "COUNT", default_value = "64")]
    pub(crate) connections: NonZeroUsize,
}

#[derive(Args)]
pub(crate) struct Idle {
    #[command(flatten)]
    pub(crate) target: Target,

    /// Connections
    #[arg(long, value_name = "COUNT", default_value = "10000")]
    pub(crate) connections: NonZeroUsize,

    /// The server's process, for its memory
    #[arg(long, value_name = "PID")]
    pub(crate) server_pid: u32,
}

fn seconds(argument: &str) -> anyhow::Result<Duration> {
    let seconds: f64 = argument.parse()?;
    Duration::try_from_secs_f64(seconds).context("not a time")
}
