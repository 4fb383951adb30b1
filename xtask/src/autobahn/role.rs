//! What Sandsock is in a run, as a person names it.

use clap::ValueEnum;

/// One role, or all of them.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Roles {
    /// A server, over plain TCP
    Server,
    /// A server, over TLS
    TlsServer,
    /// A client, over plain TCP
    Client,
    /// A client, over TLS
    TlsClient,
    /// Each of these, one after the other
    All,
}

/// What Sandsock is in a run; the suite is its peer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Server { tls: bool },
    Client { tls: bool },
}

/// The server's `--isolation`.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Isolation {
    /// An instance for each connection
    Connection,
    /// An instance for each worker thread
    Worker,
}

impl Roles {
    pub(super) fn each(self) -> Vec<Role> {
        let [server, tls_server] = [false, true].map(|tls| Role::Server { tls });
        let [client, tls_client] = [false, true].map(|tls| Role::Client { tls });
        match self {
            Self::Server => vec![server],
            Self::TlsServer => vec![tls_server],
            Self::Client => vec![client],
            Self::TlsClient => vec![tls_client],
            Self::All => vec![server, tls_server, client, tls_client],
        }
    }
}

impl Role {
    /// The role's name in `expected.json`, as on the command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Server { tls: false } => "server",
            Self::Server { tls: true } => "tls-server",
            Self::Client { tls: false } => "client",
            Self::Client { tls: true } => "tls-client",
        }
    }
}

impl Isolation {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Worker => "worker",
        }
    }
}
