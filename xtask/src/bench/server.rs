//! The servers, and how each is started.

use std::ffi::OsString;
use std::path::PathBuf;

use super::build::Programs;
use super::workload::Kind;

/// Sandsock in one of its configurations, or a peer.
#[derive(Clone, Copy)]
pub(super) enum Server {
    Sandsock(Configuration),
    Peer(&'static Peer),
}

/// How Sandsock is configured, one worker thread each but for one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Configuration {
    /// An instance for each connection.
    Default,
    /// The connections of a worker share one.
    SharedInstance,
    /// The worker always sleeps until something comes.
    NeverAwake,
    /// Its connections have the system's congestion control, as those of the peers.
    SystemCongestionControl,
    TwoWorkers,
}

impl Configuration {
    const fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Default => &["--workers", "1"],
            Self::SharedInstance => &["--workers", "1", "--isolation", "worker"],
            Self::NeverAwake => &["--workers", "1", "--busy-wait", "0s"],
            Self::SystemCongestionControl => &["--workers", "1", "--congestion-control", "system"],
            Self::TwoWorkers => &["--workers", "2"],
        }
    }
}

/// Somebody else's server.
pub(super) struct Peer {
    /// As on the command line and in the results.
    pub(super) name: &'static str,
    pub(super) runs_on: Runtime,
    /// Whether it has permessage-deflate.
    pub(super) compresses: bool,
}

/// What a peer needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    /// It is in the binary `peers`.
    Native,
    /// It is a script for Bun.
    Bun,
    /// It is a script for Node.
    Node,
}

/// The name of the peer that is no rival: it echoes bytes.
const RAW: &str = "raw";

/// The same on two threads.
static RAW_ON_TWO: Peer =
    Peer { name: "raw --workers 2", runs_on: Runtime::Native, compresses: false };

pub(super) static PEERS: &[Peer] = &[
    Peer { name: RAW, runs_on: Runtime::Native, compresses: false },
    Peer { name: "tokio-tungstenite", runs_on: Runtime::Native, compresses: false },
    Peer { name: "tokio-tungstenite-8k", runs_on: Runtime::Native, compresses: false },
    Peer { name: "fastwebsockets", runs_on: Runtime::Native, compresses: false },
    Peer { name: "tokio-websockets", runs_on: Runtime::Native, compresses: false },
    Peer { name: "sockudo-ws", runs_on: Runtime::Native, compresses: true },
    Peer { name: "bun", runs_on: Runtime::Bun, compresses: true },
    Peer { name: "ws", runs_on: Runtime::Node, compresses: true },
];

/// The peer of that name.
pub(super) fn find(name: &str) -> Result<&'static Peer, String> {
    PEERS.iter().find(|peer| peer.name == name).ok_or_else(|| {
        let names: Vec<_> = PEERS.iter().map(|peer| peer.name).collect();
        format!("the peers are {}", names.join(", "))
    })
}

/// The servers that take part in a workload, Sandsock first.
pub(super) fn taking_part(kind: Kind, peers: &[&'static Peer]) -> Vec<Server> {
    let mut servers = vec![Server::Sandsock(Configuration::Default)];
    match kind {
        Kind::Workers => {
            // One and two threads of each.
            servers.push(Server::Sandsock(Configuration::TwoWorkers));
            for raw in peers.iter().filter(|peer| peer.name == RAW) {
                servers.extend([raw, &RAW_ON_TWO].map(Server::Peer));
            }
            return servers;
        }
        Kind::Accept | Kind::Idle => {
            servers.push(Server::Sandsock(Configuration::SharedInstance));
        }
        Kind::EchoFew => servers.extend(
            [Configuration::NeverAwake, Configuration::SystemCongestionControl]
                .map(Server::Sandsock),
        ),
        Kind::Echo => servers.push(Server::Sandsock(Configuration::SystemCongestionControl)),
        Kind::EchoTls | Kind::EchoCompressed => {}
    }
    let takes_part = |peer: &&&Peer| peer.compresses || kind != Kind::EchoCompressed;
    servers.extend(peers.iter().filter(takes_part).map(|peer| Server::Peer(peer)));
    servers
}

impl Server {
    /// As in the results.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Sandsock(Configuration::Default) => "sandsock",
            Self::Sandsock(Configuration::SharedInstance) => "sandsock --isolation worker",
            Self::Sandsock(Configuration::NeverAwake) => "sandsock --busy-wait 0s",
            Self::Sandsock(Configuration::SystemCongestionControl) => {
                "sandsock --congestion-control system"
            }
            Self::Sandsock(Configuration::TwoWorkers) => "sandsock --workers 2",
            Self::Peer(peer) => peer.name,
        }
    }

    /// Whether it is somebody else's WebSocket server.
    pub(super) fn is_rival(self) -> bool {
        matches!(self, Self::Peer(_)) && !self.is_raw()
    }

    pub(super) fn is_raw(self) -> bool {
        matches!(self, Self::Peer(peer) if peer.name.split(' ').next() == Some(RAW))
    }

    /// The program and its arguments. All of them understand `--listen`,
    /// `--tls-cert` and `--tls-key`.
    pub(super) fn command_line(self, programs: &Programs, kind: Kind) -> Vec<OsString> {
        let mut line: Vec<OsString> = Vec::new();
        match self {
            Self::Sandsock(configuration) => {
                line.extend([programs.sandsock.clone().into(), "serve".into()]);
                line.extend(configuration.flags().iter().map(Into::into));
                if kind != Kind::EchoCompressed {
                    line.extend(["--compression".into(), "off".into()]);
                }
            }
            Self::Peer(peer) => {
                match peer.runs_on {
                    Runtime::Native => {
                        line.push(programs.peers.clone().into());
                        line.extend(peer.name.split(' ').map(Into::into));
                    }
                    Runtime::Bun => line.extend(script(programs.bun(), programs, peer)),
                    Runtime::Node => line.extend(script("node".into(), programs, peer)),
                }
                if kind == Kind::EchoCompressed && peer.runs_on != Runtime::Native {
                    line.push("--compression".into());
                }
            }
        }
        line.extend(["--listen", "127.0.0.1:0"].map(Into::into));
        if kind == Kind::EchoTls {
            line.extend(["--tls-cert".into(), programs.certificate.clone().into()]);
            line.extend(["--tls-key".into(), programs.key.clone().into()]);
        }
        line
    }
}

fn script(runtime: PathBuf, programs: &Programs, peer: &Peer) -> [OsString; 2] {
    [runtime.into(), programs.npm.join(format!("{}.mjs", peer.name)).into()]
}
