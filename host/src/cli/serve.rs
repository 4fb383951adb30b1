//! The flags of `serve`: what each means, and what it sets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use sandsock::options::ServerOptions;
use sandsock::{CongestionControl, Isolation, Settings};

use super::compression::CompressionFlags;
use super::options::{Limits, Timeouts};
use super::tls::TlsFlags;
use super::values::{busy_time, call_time, size};

/// Where a server listens that is not told otherwise.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9001);

/// The flags of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address and port to listen on; port 0 takes any that is free. TLS is
    /// spoken there if it is asked for, and has no address of its own
    /// [default: 127.0.0.1:9001; none with --tls-listen].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,

    /// Component of the world sandsock:websocket/plugin to serve instead of the
    /// echo application.
    #[arg(long, value_name = "COMPONENT.wasm")]
    pub(crate) app: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) tls: TlsFlags,
    #[command(flatten)]
    sandbox: Sandbox,
    #[command(flatten)]
    handshake: Handshake,
    #[command(flatten)]
    compression: CompressionFlags,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    timeouts: Timeouts,
}

/// How guests are run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sandbox")]
struct Sandbox {
    /// Who shares an instance, and its fate when it fails.
    #[arg(long, value_enum, default_value = "connection")]
    isolation: Sharing,

    /// Worker threads [default: one for each core]. On Linux, several of them wait for
    /// cores that are in use, unless the process has a scheduling policy of its own.
    #[arg(long, value_name = "COUNT")]
    workers: Option<NonZeroUsize>,

    /// Connections at once; further ones are refused with status 503, or over
    /// TLS before its handshake.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,

    /// Memory of one instance [default: 16MiB and six times
    /// --max-message-bytes; 4GiB with --isolation worker].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory_limit: Option<u64>,

    /// Longest time in one call of the application; then its instance is stopped,
    /// and connections of that get close code 1011. At least 50ms.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = call_time)]
    call_timeout: Duration,

    /// How long a worker with up to eight connections stays awake for what comes
    /// next, as long as that often comes so soon: it is answered sooner, maybe for
    /// more CPU time. At most 1ms; 0s is never.
    #[arg(long, value_name = "TIME", default_value = "30us", value_parser = busy_time)]
    busy_wait: Duration,

    /// What decides how fast connections send (tcp(7), `TCP_CONGESTION`), as in `bbr`, or
    /// `system` [default: reno for a loopback address, where there is no network to
    /// share, else system].
    #[arg(long, value_name = "NAME")]
    congestion_control: Option<String>,

    /// Time for closing handshakes when the server ends.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    drain_timeout: Duration,
}

/// Who shares an instance.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sharing {
    /// Nobody: an instance for each connection, new or restored to what a new one is.
    Connection,
    /// The connections of one worker thread: less memory, less isolation.
    Worker,
}

/// What the opening handshake agrees to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Opening handshake")]
struct Handshake {
    /// Subprotocol to speak; repeat for more, preferred first.
    #[arg(long, value_name = "NAME")]
    subprotocol: Vec<String>,

    /// Origin that browsers may connect from, as in `https://example.com`; repeat
    /// for more [default: any].
    #[arg(long, value_name = "ORIGIN")]
    origin: Vec<String>,
}

/// An address to listen on.
pub(crate) struct Listening {
    /// The flag that is for it.
    pub(crate) flag: &'static str,
    pub(crate) address: SocketAddr,
    /// Whether TLS is spoken there.
    pub(crate) tls: bool,
}

impl Serve {
    /// Where to listen, first without TLS and then with it.
    pub(crate) fn listening(&self) -> Vec<Listening> {
        let own = self.tls.address();
        let default = own.is_none().then_some(DEFAULT_ADDRESS);
        let shared = self.listen.or(default).map(|address| Listening {
            flag: "--listen",
            address,
            tls: own.is_none() && self.tls.settings().is_some(),
        });
        let own = own.map(|address| Listening { flag: "--tls-listen", address, tls: true });
        shared.into_iter().chain(own).collect()
    }

    /// How guests are run.
    pub(crate) fn settings(&self) -> Settings {
        let given = &self.sandbox;
        Settings {
            isolation: match given.isolation {
                Sharing::Connection => Isolation::Connection,
                Sharing::Worker => Isolation::Worker,
            },
            workers: given.workers.unwrap_or(Settings::default().workers),
            max_connections: given.max_connections,
            memory_limit: given.memory_limit,
            call_timeout: given.call_timeout,
            busy_wait: given.busy_wait,
            congestion_control: match given.congestion_control.as_deref() {
                None => CongestionControl::ByAddress,
                Some("system") => CongestionControl::System,
                Some(name) => CongestionControl::Named(name.to_owned()),
            },
            drain_timeout: given.drain_timeout,
        }
    }

    /// Puts what was given in place of the application's own options.
    pub(crate) fn adjust(&self, server: &mut ServerOptions) {
        self.limits.adjust(&mut server.options.limits);
        self.timeouts.adjust(&mut server.options.timeouts);
        let given = &self.handshake;
        server.subprotocols.clone_from(&given.subprotocol);
        server.origins = (!given.origin.is_empty()).then(|| given.origin.clone());
        self.compression.adjust(&mut server.options.compression);
    }
}
