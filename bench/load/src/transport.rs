//! TCP, with or without TLS on it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use anyhow::{Context, Result};
use rustls::ClientConnection;

use crate::arguments::Target;
use crate::tls;

/// Longest silence of a server that is still expected to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A connection; it blocks until [`Transport::set_nonblocking`].
pub(crate) struct Transport {
    socket: TcpStream,
    session: Option<ClientConnection>,
}

impl Transport {
    pub(crate) fn connect(target: &Target) -> Result<Self> {
        let socket = TcpStream::connect(target.address)
            .with_context(|| format!("connecting to {}", target.address))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let name = target.address.ip().into();
        let session = target.tls.then(|| tls::session(name)).transpose()?;
        Ok(Self { socket, session })
    }

    pub(crate) fn set_nonblocking(&self) -> io::Result<()> {
        self.socket.set_nonblocking(true)
    }

    /// Whether a read that does not fill its buffer took all there was, so that
    /// a second one would only see that nothing is left. TLS may hold back the
    /// bytes of records that are complete.
    pub(crate) const fn is_drained_by_short_read(&self) -> bool {
        self.session.is_none()
    }
}

impl AsRawFd for Transport {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.session {
            None => self.socket.read(buffer),
            Some(session) => rustls::Stream::new(session, &mut self.socket).read(buffer),
        }
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.session {
            None => self.socket.write(bytes),
            Some(session) => rustls::Stream::new(session, &mut self.socket).write(bytes),
        }
    }

    /// Hands TCP the records that it had no room for.
    fn flush(&mut self) -> io::Result<()> {
        match &mut self.session {
            None => Ok(()),
            Some(session) => rustls::Stream::new(session, &mut self.socket).flush(),
        }
    }
}
