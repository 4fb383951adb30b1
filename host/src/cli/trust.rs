//! The TLS flags of clients: whose certificates are accepted.

use std::path::PathBuf;

use clap::Args;
use sandsock::client::Connector;

/// Whose certificates are accepted, where the URL says wss.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct Trust {
    /// PEM file of authorities to trust beside the system's; repeat for more.
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Vec<PathBuf>,

    /// Accept any certificate. Whoever is on the way to the server can then read
    /// and change everything.
    #[arg(long)]
    insecure: bool,
}

impl Trust {
    /// Puts what was given into a connector.
    pub(crate) fn adjust(&self, connector: Connector) -> Connector {
        if self.insecure {
            return connector.danger_accept_any_certificate();
        }
        self.ca.iter().fold(connector, Connector::authorities)
    }
}
