//! What can go wrong for a client, each in one line that says what to do. How
//! a connection ends is none of it: that is a [`Closure`](super::Closure).

use std::fmt;
use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::bindings::types::{Failure, UsageError};
use crate::client::failure;
use crate::error::OptionRefusal;
use crate::tls::TlsError;

/// Why there is no connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Not the URL of a WebSocket server (§3).
    #[error("{0}")]
    Url(String),
    /// An option, header field or subprotocol that may not be sent.
    #[error("option refused: {0}")]
    Option(OptionRefusal),
    /// The host's name leads to no address.
    #[error("{host}: no address is known for this name; is it spelled right? ({error})")]
    Lookup {
        /// The host.
        host: String,
        /// What the resolver said.
        error: io::Error,
    },
    /// No TCP connection could be made.
    #[error("{authority}: {}", match .error.kind() {
        io::ErrorKind::ConnectionRefused =>
            "nothing listens there; is the server running, and is that its port?".to_owned(),
        _ => format!("cannot connect: {error}"),
    })]
    Tcp {
        /// Host and port.
        authority: String,
        /// What the operating system said.
        error: io::Error,
    },
    /// The server's certificate is not accepted.
    #[error("{authority}: its certificate is not accepted: {reason}")]
    Certificate {
        /// Host and port.
        authority: String,
        /// Why not.
        reason: String,
    },
    /// The server speaks something else than TLS.
    #[error("{0}: the answer is not TLS; if the server speaks plain WebSocket, say ws://")]
    NotTls(String),
    /// The TLS handshake failed for another reason.
    #[error("{authority}: the TLS handshake failed: {error}")]
    Tls {
        /// Host and port.
        authority: String,
        /// What failed.
        error: io::Error,
    },
    /// There is nothing to check the server's certificate against.
    #[error("no certificates to trust: {0}")]
    Roots(String),
    /// A file of certificates that cannot be used.
    #[error(transparent)]
    Authorities(#[from] TlsError),
    /// The server speaks TLS on a port that plain WebSocket was spoken to.
    #[error("{0}: the answer is TLS; say wss://")]
    TlsPort(String),
    /// The opening handshake failed (§4.1).
    #[error("{authority}: {}", failure::describe(.failure))]
    Handshake {
        /// Host and port.
        authority: String,
        /// What was wrong.
        failure: Failure,
    },
    /// The server ended the connection before the opening handshake was done.
    #[error("{authority}: the server ended the connection without an answer{}", match .error {
        Some(error) => format!(" ({error})"),
        None => String::new(),
    })]
    Ended {
        /// Host and port.
        authority: String,
        /// What the operating system said, if anything.
        error: Option<io::Error>,
    },
    /// The opening timeout passed.
    #[error("{authority}: {stage} was not done within {after:?}")]
    Timeout {
        /// Host and port.
        authority: String,
        /// What it passed in.
        stage: Stage,
        /// The opening timeout.
        after: Duration,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineFailure),
}

/// What an opening consists of, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Looking up the host's addresses.
    Lookup,
    /// Making a TCP connection to one of them.
    Tcp,
    /// The TLS handshake, for `wss`.
    Tls,
    /// The opening handshake (§4.1).
    Handshake,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lookup => "looking up the host's address",
            Self::Tcp => "making a TCP connection",
            Self::Tls => "the TLS handshake",
            Self::Handshake => "the opening handshake",
        })
    }
}

/// Why something was not sent. But for `Engine`, the connection is as it was
/// before.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// A Close frame was sent, or the connection failed.
    #[error("the connection is closing")]
    Closing,
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
    /// A Ping of more than 125 bytes (§5.5).
    #[error("a Ping holds at most 125 bytes")]
    ControlPayload,
    /// A close code that may not be sent (§7.4).
    #[error("only the close codes 1000-1003, 1007-1014 and 3000-4999 may be sent")]
    CloseCode,
    /// A close reason of more than 123 bytes (§5.5.1).
    #[error("a close reason has at most 123 bytes")]
    CloseReason,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineFailure),
}

impl From<UsageError> for SendError {
    fn from(error: UsageError) -> Self {
        match error {
            // Nobody holds a connection that is still connecting.
            UsageError::Connecting | UsageError::Closing => Self::Closing,
            UsageError::Closed => Self::Closed,
            UsageError::ControlPayload => Self::ControlPayload,
            UsageError::CloseCode => Self::CloseCode,
            UsageError::CloseReason => Self::CloseReason,
        }
    }
}

/// The instance that a connection had trapped, ran out of memory, or took too
/// long: a bug of the engine, which cost this connection and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the WebSocket engine failed: {0}")]
pub struct EngineFailure(pub(super) String);
