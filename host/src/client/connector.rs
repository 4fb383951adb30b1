//! How connections are to be made, and making them.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use crate::bindings::types::{ClientOptions, Failure, HandshakeError, Header, Options, Start};
use crate::client::connection::{Connection, NotOpened};
use crate::client::dial::Opening;
use crate::client::error::{ConnectError, EngineFailure, Stage};
use crate::client::guest::{self, Guest};
use crate::client::target::Target;
use crate::client::tls::Trust;
use crate::clock::Clock;
use crate::error::OptionRefusal;

/// What an answer begins with: HTTP, and records of TLS (RFC 8446 §5.1), of a handshake and
/// of an alert.
const HTTP: &[u8] = b"HT";
const TLS_HANDSHAKE: &[u8] = &[0x16, 0x03];
const TLS_ALERT: &[u8] = &[0x15, 0x03];

/// Connects to the server at a URL, with the defaults of [`Connector`].
pub async fn connect(url: &str) -> Result<Connection, ConnectError> {
    Connector::new()?.connect(url).await
}

/// How connections are to be made. Serves for any number of them.
///
/// ```no_run
/// use sandsock::client::{Connector, Event, Message};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut connector = Connector::new()?
///     .subprotocol("chat")
///     .header("authorization", "Bearer token")
///     .authorities("company-ca.pem");
/// connector.options().timeouts.opening = 3_000;
///
/// let mut connection = connector.connect("wss://example.com/room?name=7").await?;
/// while let Some(event) = connection.next_event().await? {
///     match event {
///         Event::Message(Message::Text(text)) => println!("{text}"),
///         Event::Closed(closure) => println!("closed with code {}", closure.code),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Connector {
    options: Options,
    origin: Option<String>,
    subprotocols: Vec<String>,
    headers: Vec<Header>,
    trust: Trust,
}

impl Connector {
    /// The defaults: permessage-deflate is offered, no subprotocol is, and of
    /// `wss` servers the system's authorities are trusted.
    pub fn new() -> Result<Self, EngineFailure> {
        Ok(Self {
            options: guest::default_options()?,
            origin: None,
            subprotocols: Vec::new(),
            headers: Vec::new(),
            trust: Trust::Authorities(Vec::new()),
        })
    }

    /// Limits, timeouts and compression, to be changed. `timeouts.opening` spans
    /// the lookup of the host, TCP and TLS, too.
    pub fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    /// Sends `Origin` (§10.2), as on behalf of a web page.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Offers a subprotocol (§1.9), behind those offered already.
    #[must_use]
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Adds a field to the request's head, such as `authorization`, which then
    /// goes instead of a user name and password in the URL.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push(Header { name: name.into(), value: value.into() });
        self
    }

    /// Trusts the authorities in a PEM file, beside the system's. The file is
    /// read with each connection.
    #[must_use]
    pub fn authorities(mut self, file: impl Into<PathBuf>) -> Self {
        if let Trust::Authorities(files) = &mut self.trust {
            files.push(file.into());
        }
        self
    }

    /// Accepts any certificate. Whoever is on the way to the server can then
    /// read and change everything: for tests alone.
    #[must_use]
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.trust = Trust::Anybody;
        self
    }

    /// Connects to the server at a URL: `ws://` or `wss://`, a host, perhaps a
    /// port, path and query. Ready when the opening handshake is done (§4.1).
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time.
    pub async fn connect(&self, url: &str) -> Result<Connection, ConnectError> {
        let target = Target::parse(url)?;
        let opening = Opening {
            target: &target,
            begun: Instant::now(),
            timeout: Duration::from_millis(self.options.timeouts.opening.into()),
        };
        let clock = Clock::here();
        let message_bytes = self.options.limits.message_bytes;
        let guest = Guest::start(clock.now(), &self.start(&target), message_bytes)?
            .map_err(|refusal| ConnectError::Option(OptionRefusal(refusal)))?;
        let stream = opening.dial(&self.trust).await?;
        // Here the guest counts the time, from the same beginning.
        let opened = Connection::open(stream, guest, clock).await;
        opened.map_err(|reason| explain(reason, &opening))
    }

    fn start(&self, target: &Target) -> Start {
        let mut headers = self.headers.clone();
        if !headers.iter().any(|header| header.name.eq_ignore_ascii_case("authorization")) {
            headers.extend(target.authorization.clone());
        }
        Start::Connect(ClientOptions {
            options: self.options,
            host: target.host_field.clone(),
            resource_name: target.resource_name.clone(),
            origin: self.origin.clone(),
            subprotocols: self.subprotocols.clone(),
            headers,
        })
    }
}

/// Why the opening handshake failed, in view of what the response began with.
fn explain(reason: NotOpened, opening: &Opening<'_>) -> ConnectError {
    let authority = opening.target.authority();
    let (failure, start, error) = match reason {
        NotOpened::Engine(failure) => return failure.into(),
        NotOpened::Failed { failure, response_start, error } => (failure, response_start, error),
    };
    match (failure, &start[..]) {
        (Failure::Timeout(_), beginning) if HTTP.starts_with(beginning) => {
            opening.timed_out(Stage::Handshake)
        }
        (Failure::Timeout(_), _) => {
            // Whatever it is, it waits for us to say something else.
            let failure = Failure::Handshake(HandshakeError::MalformedHead);
            ConnectError::Handshake { authority, failure }
        }
        (_, TLS_HANDSHAKE | TLS_ALERT) => ConnectError::TlsPort(authority),
        (_, []) => ConnectError::Ended { authority, error },
        (failure, _) => ConnectError::Handshake { authority, failure },
    }
}
