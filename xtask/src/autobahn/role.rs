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
    /// Each of these, one after the other, and the server in both isolations
    All,
}

/// What Sandsock is in a run; the suite is its peer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Server { tls: bool, isolation: Isolation },
    Client { tls: bool },
}

/// The server's `--isolation`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Isolation {
    /// An instance for each connection
    Connection,
    /// An instance for each worker thread
    Worker,
}

impl Roles {
    /// The runs to make, with servers that are isolated as told.
    pub(super) fn each(self, isolation: Isolation) -> Vec<Role> {
        let server = |tls, isolation| Role::Server { tls, isolation };
        let client = |tls| Role::Client { tls };
        match self {
            Self::Server => vec![server(false, isolation)],
            Self::TlsServer => vec![server(true, isolation)],
            Self::Client => vec![client(false)],
            Self::TlsClient => vec![client(true)],
            Self::All => vec![
                server(false, Isolation::Connection),
                server(false, Isolation::Worker),
                server(true, isolation),
                client(false),
                client(true),
            ],
        }
    }
}

impl Role {
    /// The role's name in `expected.json`, as on the command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Server { tls: false, .. } => "server",
            Self::Server { tls: true, .. } => "tls-server",
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
