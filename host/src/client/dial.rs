//! From a target to a byte stream: addresses, TCP and TLS.

use std::future::Future;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use crate::client::error::{ConnectError, Stage};
use crate::client::target::Target;
use crate::client::tls::{self, Trust};

/// A byte stream to a server, with or without TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The one timeout that spans a whole opening.
pub(super) struct Opening<'t> {
    pub(super) target: &'t Target,
    pub(super) begun: Instant,
    pub(super) timeout: Duration,
}

impl Opening<'_> {
    /// Connects to the target, and speaks TLS if it is to be spoken.
    pub(super) async fn dial(&self, trust: &Trust) -> Result<Box<dyn Stream>, ConnectError> {
        let stream = self.connect().await?;
        if !self.target.is_secure {
            return Ok(Box::new(stream));
        }
        let Target { host, .. } = self.target;
        let handshake = tls::handshake(tls::config(trust)?, stream, host, self.target.authority());
        Ok(Box::new(self.within(Stage::Tls, handshake).await?))
    }

    /// Connects to the first of the host's addresses that answers.
    async fn connect(&self) -> Result<TcpStream, ConnectError> {
        let Target { host, port, .. } = self.target;
        let addresses: Vec<_> = self
            .within(Stage::Lookup, async {
                let found = lookup_host((host.as_str(), *port)).await;
                found.map_err(|error| ConnectError::Lookup { host: host.clone(), error })
            })
            .await?
            .collect();
        self.within(Stage::Tcp, async {
            let connected = async {
                let stream = TcpStream::connect(&*addresses).await?;
                // Small frames are not to wait for more of them (Nagle).
                stream.set_nodelay(true)?;
                Ok(stream)
            };
            let authority = self.target.authority();
            connected.await.map_err(|error| ConnectError::Tcp { authority, error })
        })
        .await
    }

    /// Does one stage of the opening in what is left of its time.
    pub(super) async fn within<T>(
        &self,
        stage: Stage,
        work: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<T, ConnectError> {
        let worked = timeout_at(self.begun + self.timeout, work).await;
        worked.unwrap_or_else(|_| Err(self.timed_out(stage)))
    }

    /// The opening timeout passed in this stage.
    pub(super) fn timed_out(&self, stage: Stage) -> ConnectError {
        ConnectError::Timeout { authority: self.target.authority(), stage, after: self.timeout }
    }
}
