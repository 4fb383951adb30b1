//! The command line: what each flag means, and what it sets.

pub(crate) mod autobahn_client;
mod compression;
pub(crate) mod connect;
mod options;
pub(crate) mod serve;
mod tls;
mod trust;
mod values;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::Targets;

use self::autobahn_client::AutobahnClient;
use self::connect::Connect;
use self::serve::Serve;

/// WebSocket (RFC 6455, RFC 7692), with every connection in a sandbox of its own.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to log to standard error: error, warn, info, debug or trace, also
    /// for one part, as in `info,sandsock::connection=debug`.
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", default_value = "info", global = true)]
    pub(crate) log: Targets,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a server: an application in WebAssembly behind a port.
    ///
    /// Prints `listening on ws://ADDRESS:PORT` once it accepts connections, and
    /// `listening on wss://ADDRESS:PORT` where it speaks TLS. An interrupt
    /// (Ctrl-C) or SIGTERM ends it: peers get close code 1001, and time to
    /// answer. A second one ends it at once. SIGHUP reads the files of TLS anew
    /// for the connections to come, and without TLS does nothing.
    #[command(after_help = SYNTAX, args_override_self = true)]
    Serve(Box<Serve>),

    /// Talk to a server: lines of the input become messages, and messages lines
    /// of the output.
    ///
    /// At the end of the input the answers are waited for (see --linger), then
    /// the connection is closed with code 1000. An interrupt (Ctrl-C) or SIGTERM
    /// closes it with 1001; a second one, or one while it closes, ends at once.
    ///
    /// Text goes to the standard output, a line for each message; on a terminal,
    /// control characters are escaped. Binary messages are printed as a line of
    /// hexadecimal digits; with --binary, and unless to a terminal, as they are.
    /// What else happens is told on the standard error.
    #[command(after_help = CONNECT, args_override_self = true)]
    Connect(Box<Connect>),

    /// Run the cases of Autobahn's fuzzing server: echo all it sends, and have
    /// it write its reports.
    AutobahnClient(AutobahnClient),
}

const SYNTAX: &str = "Sizes are in bytes, or with a unit: 64KiB, 16MiB. \
    Times need one: 500ms, 10s, 2m.\n\
    Where a default is the application's, it is shown as it is for the echo application.";

const CONNECT: &str = "\
Exit status:
  0    closed cleanly, with code 1000, 1001 or none
  1    not connected, or messages cannot be written to the output: the line on the
       standard error says why
  2    not understood: flags, or text in the input that is not UTF-8
  3    the connection failed, or ended without a closing handshake
  4    closed cleanly, with another code
  130  interrupted before it was connected, or twice

Examples:
  echo hi | sandsock connect ws://localhost:9001
  sandsock connect --header 'Authorization: Bearer TOKEN' wss://example.com/chat
  sandsock connect --keep-open wss://example.com/feed </dev/null

Sizes are in bytes, or with a unit: 64KiB, 16MiB. Times need one: 500ms, 10s, 2m.";
