//! From a target to a byte stream: addresses, TCP and TLS.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::client::error::{ConnectError, Stage};
use crate::client::target::Target;
use crate::client::tls::{self, Trust};

/// How long an address has for itself before the next one is tried as well (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);

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

    /// Connects to one of the host's addresses.
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
                let stream = connect_to_first(addresses).await?;
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

/// Connects to the first of these addresses that answers. They are tried in turn; one that
/// keeps silent holds up the next only for its head start.
async fn connect_to_first(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut attempts = JoinSet::new();
    let mut addresses = addresses.into_iter();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    loop {
        if let Some(address) = addresses.next() {
            attempts.spawn(TcpStream::connect(address));
        }
        tokio::select! {
            attempt = attempts.join_next() => match attempt {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(error))) => last = error,
                Some(Err(error)) => last = io::Error::other(error),
                None => return Err(last),
            },
            () = sleep(HEAD_START), if addresses.len() > 0 => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use socket2::{Domain, Socket, Type};
    use tokio::runtime::Builder;
    use tokio::time::timeout;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    fn connect(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { timeout(LONG, connect_to_first(addresses)).await? })
    }

    /// A port that is taken, and refuses: nobody listens there.
    struct Refusing(Socket);

    impl Refusing {
        fn new() -> io::Result<Self> {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
            Ok(Self(socket))
        }

        fn address(&self) -> SocketAddr {
            self.0.local_addr().unwrap().as_socket().unwrap()
        }
    }

    #[test]
    fn an_address_that_refuses_is_passed_over_at_once() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let began = Instant::now();
        let refusing = (0..20).map(|_| Refusing::new()).collect::<io::Result<Vec<_>>>()?;
        let many = refusing.iter().map(Refusing::address).chain([address]);
        assert_eq!(connect(many.collect())?.peer_addr()?, address);
        assert!(began.elapsed() < 20 * HEAD_START);
        Ok(())
    }

    #[test]
    fn without_an_address_that_answers_the_last_one_tells_why() -> io::Result<()> {
        let refusing = Refusing::new()?;
        let refused = connect(vec![refusing.address(); 2]).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(connect(Vec::new()).unwrap_err().kind(), io::ErrorKind::NotFound);
        Ok(())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_address_that_keeps_silent_is_not_waited_for() -> io::Result<()> {
        let silent = Refusing::new()?;
        silent.0.listen(0)?;
        let address = silent.address();
        // Linux has one more wait than is asked for, and then answers nobody.
        let _waiting = std::net::TcpStream::connect(address)?;

        let listener = TcpListener::bind("127.0.0.1:0")?;
        let answering = listener.local_addr()?;
        assert_eq!(connect(vec![address, answering])?.peer_addr()?, answering);
        Ok(())
    }
}
