//! Listening sockets, one for each worker on the same port, and what to do
//! when accepting fails.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::congestion;
use crate::error::Error;
use crate::settings::CongestionControl;
use crate::tls::Tls;

/// Connections that the kernel completes before they are accepted.
const BACKLOG: i32 = 4096;

/// How long to wait after accepting failed for want of a resource, which only
/// somebody else's leaving can cure.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// A listening socket, and what is spoken on its connections.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    /// Without it, a connection begins with its opening handshake.
    pub(crate) tls: Option<Tls>,
}

/// Listens with `count` sockets on one address, among which the kernel spreads
/// the connections. Port 0 is decided by the first, and shared by the rest; the
/// address comes back with it.
pub(crate) fn listen(
    mut address: SocketAddr,
    count: usize,
    control: &CongestionControl,
) -> Result<(SocketAddr, Vec<TcpListener>), Error> {
    check_is_free(address)?;
    let mut listeners = Vec::with_capacity(count);
    for _ in 0..count {
        let failed = |error| listen_error(address, error);
        let socket = bind(address).map_err(failed)?;
        congestion::control(&socket, address, control)?;
        let listener = open(socket).map_err(failed)?;
        address = listener.local_addr().map_err(failed)?;
        listeners.push(listener);
    }
    Ok((address, listeners))
}

/// Sockets that share a port do so with any process of the same user. A second
/// server would silently take half of the connections, so ask without sharing.
fn check_is_free(address: SocketAddr) -> Result<(), Error> {
    let probe = socket(address).and_then(|socket| socket.bind(&address.into()));
    probe.map_err(|error| listen_error(address, error))
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of an earlier server that still linger do not count.
    socket.set_reuse_address(true)?;
    Ok(socket)
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = socket(address)?;
    socket.set_reuse_port(true)?;
    // Small frames are not to wait for more of them (Nagle). Connections have it from here,
    // which spares each a call.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn open(socket: Socket) -> io::Result<TcpListener> {
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn listen_error(address: SocketAddr, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::AddrInUse => Error::PortTaken(address),
        io::ErrorKind::PermissionDenied => Error::PortPrivileged(address),
        _ => Error::Listen { address, error },
    }
}

/// Whether accepting failed because of the one connection that was to be
/// accepted, so that the next one may well go through at once.
pub(crate) fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
    )
}

#[cfg(test)]
mod tests {
    use std::error;
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn what_a_connection_sends_does_not_wait_for_more() -> Result<(), Box<dyn error::Error>> {
        let loopback = "127.0.0.1:0".parse()?;
        let (address, listeners) = listen(loopback, 1, &CongestionControl::System)?;
        let _peer = TcpStream::connect(address)?;
        listeners[0].set_nonblocking(false)?;
        assert!(listeners[0].accept()?.0.nodelay()?);
        Ok(())
    }

    #[test]
    fn what_keeps_a_server_from_a_port_is_told_with_what_to_do() {
        let address = "127.0.0.1:80".parse().unwrap();
        let text = |kind: io::ErrorKind| listen_error(address, kind.into()).to_string();
        assert!(text(io::ErrorKind::PermissionDenied).contains("setcap"));
        assert!(text(io::ErrorKind::AddrInUse).contains("port 0"));
        assert!(text(io::ErrorKind::AddrNotAvailable).contains("cannot listen on 127.0.0.1:80"));
    }
}
