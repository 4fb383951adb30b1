//! How fast the operating system lets a connection send: congestion control (RFC 5681).
//!
//! Loopback has no network that others need a share of. An algorithm that spreads out in
//! time what it sends, as BBR does, only waits there, and takes CPU time for each packet:
//! messages of 4 MiB on one connection took 1.5 of the CPU time and had 0.7 of the
//! throughput with it. Reno does the least, is part of every Linux, and takes no privilege.
//! So it is what a listener on loopback has, as behind a proxy on the same machine; others
//! have the system's default.
//!
//! A socket that is accepted has the algorithm of its listener, so this costs a connection
//! nothing.

use std::io;
use std::net::SocketAddr;

use socket2::Socket;
use tracing::debug;

use crate::error::Error;
use crate::settings::CongestionControl;

/// What a listener on loopback has.
const ON_LOOPBACK: &str = "reno";

/// Sees to the congestion control of a socket that is to listen on `address`.
pub(crate) fn control(
    socket: &Socket,
    address: SocketAddr,
    control: &CongestionControl,
) -> Result<(), Error> {
    match control {
        CongestionControl::Named(name) => choose(socket, name)
            .map_err(|error| Error::CongestionControl { name: name.clone(), error }),
        CongestionControl::ByAddress if address.ip().to_canonical().is_loopback() => {
            if let Err(error) = choose(socket, ON_LOOPBACK) {
                debug!(%address, %error, "the system's congestion control stays");
            }
            Ok(())
        }
        CongestionControl::ByAddress | CongestionControl::System => Ok(()),
    }
}

#[cfg(any(target_os = "linux", target_os = "freebsd"))]
fn choose(socket: &Socket, name: &str) -> io::Result<()> {
    socket.set_tcp_congestion(name.as_bytes())
}

/// Other systems leave no choice.
#[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
fn choose(_: &Socket, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::error::Error;
    use std::net::{TcpListener, TcpStream};

    use socket2::SockRef;

    use super::*;
    use crate::listener::listen;

    type Outcome<T> = Result<T, Box<dyn Error>>;

    /// The algorithm of a connection to a listener with these.
    fn of_accepted(address: &str, control: &CongestionControl) -> Outcome<String> {
        let (address, listeners) = listen(address.parse()?, 1, control)?;
        let _peer = TcpStream::connect(("127.0.0.1", address.port()))?;
        listeners[0].set_nonblocking(false)?;
        of(SockRef::from(&listeners[0].accept()?.0))
    }

    fn of(socket: SockRef<'_>) -> Outcome<String> {
        Ok(String::from_utf8(socket.tcp_congestion()?)?.trim_end_matches('\0').to_owned())
    }

    #[test]
    fn connections_have_the_algorithm_of_their_listener() -> Outcome<()> {
        let (loopback, any) = ("127.0.0.1:0", "0.0.0.0:0");
        let systems = of(SockRef::from(&TcpListener::bind(loopback)?))?;
        assert_eq!(of_accepted(loopback, &CongestionControl::ByAddress)?, "reno");
        assert_eq!(of_accepted(any, &CongestionControl::ByAddress)?, systems);
        assert_eq!(of_accepted(loopback, &CongestionControl::System)?, systems);
        assert_eq!(of_accepted(any, &CongestionControl::Named("reno".to_owned()))?, "reno");
        Ok(())
    }

    #[test]
    fn an_algorithm_that_is_not_there_is_told_with_what_to_do() -> Outcome<()> {
        for name in ["nosuch", "", "a name that is longer than any has"] {
            let control = CongestionControl::Named(name.to_owned());
            let listening = listen("127.0.0.1:0".parse()?, 1, &control);
            let text = listening.err().ok_or(name)?.to_string();
            assert!(text.contains(&format!("{name:?}")), "{text}");
            assert!(text.contains("tcp_available_congestion_control"), "{text}");
            assert!(!text.contains("file"), "{text}");
        }
        Ok(())
    }
}
