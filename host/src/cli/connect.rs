//! The flags of `connect`: what each means, and what it sets.

use std::time::Duration;

use clap::Args;
use sandsock::client::{Connector, EngineFailure};
use sandsock::options::Header;

use super::compression::CompressionFlags;
use super::options::{Limits, Timeouts};
use super::trust::Trust;

/// The flags of `connect`.
#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// Where to connect to: `ws://HOST[:PORT][/PATH]`, or `wss://` for TLS.
    pub(crate) url: String,

    /// Send lines as binary messages, and print binary messages as they are.
    #[arg(short, long)]
    pub(crate) binary: bool,

    /// At the end of the input, close once nothing has come for this long.
    #[arg(long, value_name = "TIME", default_value = "500ms")]
    #[arg(value_parser = humantime::parse_duration)]
    linger: Duration,

    /// At the end of the input, do not close, but receive until the peer closes.
    #[arg(short, long, conflicts_with = "linger")]
    keep_open: bool,

    /// Tell nothing on the standard error but why there is no connection.
    #[arg(short, long)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    handshake: Handshake,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    compression: CompressionFlags,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    timeouts: Timeouts,
}

/// What the opening handshake asks for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Opening handshake")]
struct Handshake {
    /// Field to add to the request, as in 'Authorization: Bearer TOKEN'; repeat
    /// for more.
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<Header>,

    /// Subprotocol to offer; repeat for more, preferred first.
    #[arg(long, value_name = "NAME")]
    subprotocol: Vec<String>,

    /// Origin to send, as a browser does for a page of `https://example.com`.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
}

impl Connect {
    /// How long to go on behind the end of the input; without end if `None`.
    pub(crate) fn linger(&self) -> Option<Duration> {
        (!self.keep_open).then_some(self.linger)
    }

    /// How to connect.
    pub(crate) fn connector(&self) -> Result<Connector, EngineFailure> {
        let mut connector = self.trust.adjust(Connector::new()?);
        let options = connector.options();
        self.limits.adjust(&mut options.limits);
        self.timeouts.adjust(&mut options.timeouts);
        self.compression.adjust(&mut options.compression);

        let given = &self.handshake;
        if let Some(origin) = &given.origin {
            connector = connector.origin(origin);
        }
        let connector = given.subprotocol.iter().fold(connector, Connector::subprotocol);
        Ok(given.header.iter().fold(connector, |connector, Header { name, value }| {
            connector.header(name, value.as_slice())
        }))
    }
}

fn header(text: &str) -> Result<Header, String> {
    let (name, value) = text.split_once(':').ok_or("a field is like 'Name: value'")?;
    Ok(Header { name: name.trim().to_owned(), value: value.trim().as_bytes().to_vec() })
}
