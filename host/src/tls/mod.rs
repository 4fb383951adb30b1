//! TLS for a server: its certificate, whom it lets in, and reading both anew.

mod config;
mod error;
pub(crate) mod pem;
mod self_signed;
mod socket;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use crate::event_loop::Socket;

pub use self::error::TlsError;
pub(crate) use self::socket::TlsSocket;

/// What a server proves to its peers, and what it wants of them.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// Where the certificate comes from.
    pub certificate: Certificate,
    /// A PEM file of authorities, one of which must have issued the certificate
    /// that a client then has to present. Default: clients need none.
    pub client_authorities: Option<PathBuf>,
}

/// Where a server's certificate comes from.
#[derive(Clone, Debug)]
pub enum Certificate {
    /// Made on the spot, for `localhost`, `127.0.0.1` and `::1`. For development:
    /// no client trusts it unless told to.
    SelfSigned,
    /// Read from PEM files, which may be one and the same.
    Files {
        /// The server's certificate, and behind it those that lead to its root.
        chain: PathBuf,
        /// Its private key in PKCS#8, PKCS#1 or SEC1, not encrypted.
        key: PathBuf,
    },
}

/// TLS 1.2 and 1.3 as one server speaks them. Clones share what they speak, so
/// that one who keeps a clone can [`reload`](Self::reload) it for the server.
#[derive(Clone)]
pub struct Tls {
    settings: Arc<TlsSettings>,
    /// Replaced as a whole, with its cache of sessions: a session from before
    /// must not be resumed past a new choice of client authorities.
    config: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    /// Reads and checks all files.
    pub fn load(settings: TlsSettings) -> Result<Self, TlsError> {
        let config = config::read(&settings)?;
        Ok(Self { settings: Arc::new(settings), config: Arc::new(RwLock::new(Arc::new(config))) })
    }

    /// Reads all files anew, or makes a new self-signed certificate. It holds
    /// for the connections to come, and those there are go on as they are. On an
    /// error nothing changes.
    pub fn reload(&self) -> Result<(), TlsError> {
        let config = Arc::new(config::read(&self.settings)?);
        // Whoever panicked with the lock held left one whole value or the other.
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// The TLS handshake of one connection. Where it fails, the socket comes back, as the
    /// alert is still to be sent.
    pub(crate) fn accept(
        &self,
        socket: Socket,
    ) -> impl Future<Output = Result<TlsSocket, (io::Error, Socket)>> + use<> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        let accepting = TlsAcceptor::from(config).accept(socket).into_fallible();
        async { accepting.await.map(TlsSocket::new) }
    }
}
