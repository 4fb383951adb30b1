//! The stream of a socket, and what is left of what was sent on it.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use mio::net::TcpStream;
use rustix::net::{SendFlags, send};

/// A stream that a batch can hold as well as its socket: what is in there is sent
/// even if the socket is dropped meanwhile.
pub(super) struct Outlet {
    stream: TcpStream,
    /// What there was no room for. It goes before anything else.
    rest: RefCell<Vec<u8>>,
}

impl Outlet {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, rest: RefCell::default() }
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends, or keeps what there is no room for. Tells whether nothing is left.
    pub(super) fn send(&self, bytes: &[u8]) -> bool {
        let mut rest = self.rest.borrow_mut();
        // What is wrong with the stream is found out when the rest is sent.
        let sent = if rest.is_empty() { self.try_send(bytes).unwrap_or(0) } else { 0 };
        rest.extend_from_slice(&bytes[sent..]);
        rest.is_empty()
    }

    /// Sends as much as there is room for.
    // Not by the C library, which looks before and behind whether the thread is cancelled.
    pub(super) fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(&self.stream, bytes, SendFlags::NOSIGNAL)?)
    }

    #[inline]
    pub(super) fn has_rest(&self) -> bool {
        !self.rest.borrow().is_empty()
    }

    /// Sends as much of the rest as there is room for.
    pub(super) fn try_send_rest(&self) -> io::Result<()> {
        let mut rest = self.rest.borrow_mut();
        let sent = self.try_send(&rest)?;
        if sent == rest.len() {
            *rest = Vec::new();
        } else {
            rest.drain(..sent);
        }
        Ok(())
    }
}

impl AsFd for Outlet {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream as Peer};

    use super::*;

    #[test]
    fn the_rest_is_sent_before_anything_else() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut peer = Peer::connect(listener.local_addr()?)?;
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        let outlet = Outlet::new(TcpStream::from_std(stream));
        // More than there is room for.
        let long: Vec<u8> = (0_u32..4 << 20).flat_map(u32::to_be_bytes).collect();
        assert!(!outlet.send(&long));
        let mut arrived = vec![0; 1 << 20];
        peer.read_exact(&mut arrived)?;
        assert!(!outlet.send(b"behind"), "though there is room again");
        while outlet.has_rest() {
            match outlet.try_send_rest() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let at = arrived.len();
                    arrived.resize(at + (64 << 10), 0);
                    peer.read_exact(&mut arrived[at..])?;
                }
                result => result?,
            }
        }
        drop(outlet);
        peer.read_to_end(&mut arrived)?;
        assert!(arrived == [&long[..], b"behind"].concat());
        Ok(())
    }
}
