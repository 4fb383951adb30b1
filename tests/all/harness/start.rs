//! Beginnings of connections.

use sandsock_engine::types::{Agreed, ClientOptions, HandedOver, Options, ServerOptions, Start};

/// The two roles (§4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    Client,
    #[default]
    Server,
}

impl Role {
    pub(crate) const BOTH: [Self; 2] = [Self::Client, Self::Server];

    pub(crate) fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// A connection whose opening handshake is done.
    pub(crate) fn open(self, options: Options) -> Start {
        let handed_over = HandedOver { options, agreed: Agreed::default() };
        match self {
            Self::Client => Start::Connected(handed_over),
            Self::Server => Start::Accepted(handed_over),
        }
    }

    /// A connection that begins with its opening handshake.
    pub(crate) fn connecting(self, options: Options) -> Start {
        match self {
            Self::Client => Start::Connect(ClientOptions {
                options,
                host: "example.com".into(),
                resource_name: "/chat".into(),
                ..ClientOptions::default()
            }),
            Self::Server => Start::Accept(ServerOptions { options, ..ServerOptions::default() }),
        }
    }
}

/// The defaults, without compression and without timers that interrupt a test
/// about something else.
pub(crate) fn quiet_options() -> Options {
    let mut options = Options { compression: None, ..Options::default() };
    options.timeouts.keepalive = None;
    options
}

/// §1.3's sample request, with the lines that some tests add.
pub(crate) fn request_with(lines: &str) -> String {
    format!(
        "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{lines}\r\n"
    )
}

/// A request that every server accepts.
pub(crate) fn request() -> String {
    request_with("")
}
