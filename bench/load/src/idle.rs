//! `load idle`: the server's memory with connections that do nothing.

use std::io::{Read, Write};
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde::Serialize;

use crate::arguments::Idle;
use crate::content::Content;
use crate::frame::{self, BINARY, FIN, Sender};
use crate::handshake;
use crate::server::{Memory, Process};
use crate::transport::Transport;

/// Payload of the one message that each connection has had: what an endpoint
/// allocates for its first message belongs to it.
const MESSAGE_BYTES: usize = 16;

/// For the server to come to rest. Below the time after which servers send Pings.
const REST: Duration = Duration::from_secs(2);

/// File descriptors besides those of the connections.
const SPARE_FILES: u64 = 64;

/// Memory in KiB, that of all connections together.
#[derive(Serialize)]
pub(crate) struct Occupancy {
    connections: usize,
    before: Memory,
    open: Memory,
    /// After all connections have left.
    after: Memory,
}

/// Opens the connections, closes them, and returns the server's memory.
pub(crate) fn run(options: &Idle) -> Result<Occupancy> {
    raise_file_limit(options.connections)?;
    let server = Process::new(options.server_pid);
    let before = server.memory()?;
    let mut connections = Vec::new();
    for index in 0..options.connections.get() {
        let mut transport =
            handshake::open(&options.target, false).with_context(|| reached(index))?;
        exchange(&mut transport, index, options.target.raw).with_context(|| reached(index))?;
        connections.push(transport);
    }
    thread::sleep(REST);
    let open = server.memory()?;
    let connections_open = connections.len();
    drop(connections);
    thread::sleep(REST);
    Ok(Occupancy { connections: connections_open, before, open, after: server.memory()? })
}

fn reached(index: usize) -> String {
    format!("with {index} connections open")
}

/// One message there and back.
fn exchange(transport: &mut Transport, index: usize, raw: bool) -> Result<()> {
    let payload = Content::Binary.payload(index, MESSAGE_BYTES);
    let sender = if raw { Sender::Server } else { Sender::Client };
    let mut message = Vec::new();
    frame::encode(sender, FIN | BINARY, &payload, &mut message);
    transport.write_all(&message)?;
    transport.flush()?;
    let mut expected = Vec::new();
    frame::encode(Sender::Server, FIN | BINARY, &payload, &mut expected);
    let mut echo = vec![0; expected.len()];
    transport.read_exact(&mut echo)?;
    ensure!(echo == expected, "an echo differs");
    Ok(())
}

/// Allows this process as many files as it may ask for.
fn raise_file_limit(connections: NonZeroUsize) -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    let wanted = connections.get() as u64 + SPARE_FILES;
    if let Some(maximum) = limit.maximum {
        ensure!(maximum >= wanted, "{wanted} files are needed, and {maximum} allowed (ulimit -Hn)");
    }
    Ok(())
}
