//! The way of bytes between a socket and a guest's memory, past the host's.
//!
//! An output would have to be copied for the host, which writes it to a socket, where
//! it is copied again. Written from where it is, it is copied once, and so are bytes
//! that are read to where the guest has them: this counts for long messages.

use std::task::Poll;

use rustix::net::{RecvFlags, recv};
use tokio_rustls::server::TlsStream;

use crate::bindings::types::ReadyState;
use crate::event_loop::{Follows, Socket};

/// A stream, and the socket that its bytes pass as they are, if there is one.
pub(crate) trait Direct {
    fn socket(&self) -> Option<&Socket>;
    /// Ready once the socket may have bytes to read; at once without one.
    fn poll_readable(&self) -> Poll<()>;
}

impl Direct for Socket {
    fn socket(&self) -> Option<&Socket> {
        Some(self)
    }

    fn poll_readable(&self) -> Poll<()> {
        self.poll_readable()
    }
}

impl Direct for TlsStream<Socket> {
    fn socket(&self) -> Option<&Socket> {
        None
    }

    fn poll_readable(&self) -> Poll<()> {
        Poll::Ready(())
    }
}

/// What passes in one call: its output, and what it reads itself.
pub(crate) struct Passage<'s> {
    socket: Option<&'s Socket>,
    /// The most bytes of output that are taken.
    most: usize,
    taken: Result<Option<Taken>, Excess>,
    passed: Passed,
}

/// How many bytes a call took and gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Received from the peer, as far as the passage or its owner knows.
    pub(crate) received: usize,
    /// Of output for the peer.
    pub(crate) output: usize,
}

/// An output that was taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The bytes that the socket did not take; all of them without one.
    pub(crate) rest: Vec<u8>,
    /// The ready state that they lead to.
    pub(crate) ready_state: ReadyState,
}

/// So many bytes of output were refused, before any of them was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Excess(pub(crate) usize);

impl<'s> Passage<'s> {
    /// Takes output up to `most` bytes, which may go to a non-blocking `socket` at
    /// once; and gives what can be read from there.
    pub(crate) fn new(socket: Option<&'s Socket>, most: usize) -> Self {
        Self { socket, most, taken: Ok(None), passed: Passed::default() }
    }

    /// Reads once. Says how many bytes came; none also where something is wrong with
    /// the socket, which then ends for whoever reads from the transport.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> usize {
        let read = self.socket.map(|socket| recv(socket, room, RecvFlags::empty()));
        self.passed.received = read.and_then(Result::ok).map_or(0, |(_, count)| count);
        self.passed.received
    }

    /// What passed so far.
    pub(crate) fn passed(&self) -> Passed {
        self.passed
    }

    /// Takes an output.
    pub(crate) fn put(&mut self, bytes: &[u8], ready_state: ReadyState) {
        self.passed.output = bytes.len();
        self.taken = if bytes.len() > self.most {
            Err(Excess(bytes.len()))
        } else {
            let sent = self.send(bytes, ready_state);
            Ok(Some(Taken { rest: bytes[sent..].to_vec(), ready_state }))
        };
    }

    fn send(&self, bytes: &[u8], ready_state: ReadyState) -> usize {
        let Some(socket) = self.socket.filter(|_| !bytes.is_empty()) else { return 0 };
        let follows = match ready_state {
            ReadyState::Closed => Follows::End,
            ReadyState::Connecting | ReadyState::Open | ReadyState::Closing => Follows::Anything,
        };
        match socket.poll_send(bytes, follows) {
            Poll::Ready(Ok(sent)) => sent,
            // That the socket is broken is found out when the rest is transmitted.
            Poll::Ready(Err(_)) | Poll::Pending => 0,
        }
    }

    /// What was taken, if anything. A call may also fail behind its output: that
    /// counts, as a part of it may be on its way to the peer.
    pub(crate) fn taken(self) -> Result<Option<Taken>, Excess> {
        self.taken
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::{self, Read};
    use std::net::{TcpListener, TcpStream};
    use std::pin::Pin;
    use std::task::{Context, Waker};
    use std::time::Duration;

    use tokio::io::AsyncWrite;

    use super::*;
    use crate::event_loop::EventLoop;

    /// Puts bytes out, and tells which are left.
    fn rest(socket: Option<&Socket>, most: usize, bytes: &[u8]) -> Result<Option<Vec<u8>>, Excess> {
        let mut passage = Passage::new(socket, most);
        passage.put(bytes, ReadyState::Open);
        Ok(passage.taken()?.map(|taken| taken.rest))
    }

    /// A socket, and its peer.
    pub(crate) fn pair() -> io::Result<(Socket, TcpStream)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let peer = TcpStream::connect(listener.local_addr()?)?;
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        Ok((Socket::from_std(stream, &EventLoop::new(Duration::ZERO)?)?, peer))
    }

    #[test]
    fn without_a_socket_all_is_left() {
        assert_eq!(rest(None, 6, b"output"), Ok(Some(b"output".to_vec())));
    }

    #[test]
    fn what_a_socket_does_not_take_is_left() -> io::Result<()> {
        let (socket, mut peer) = pair()?;
        let long: Vec<u8> = (0..100_000_u32).map(|n| n.to_be_bytes()[2]).collect();
        let mut sent = Vec::new();
        let mut left = Vec::new();
        while left.is_empty() {
            left = rest(Some(&socket), long.len(), &long).unwrap().unwrap();
            sent.extend(&long);
        }
        let mut received = vec![0; sent.len() - left.len()];
        peer.read_exact(&mut received)?;
        assert_eq!([received, left].concat(), sent);
        Ok(())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_leads_to_the_end_waits_for_it() -> io::Result<()> {
        let (mut socket, mut peer) = pair()?;
        let mut passage = Passage::new(Some(&socket), 5);
        passage.put(b"Close", ReadyState::Closed);
        peer.set_nonblocking(true)?;
        let early = peer.read(&mut [0]).unwrap_err();
        assert_eq!(early.kind(), io::ErrorKind::WouldBlock);
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut socket).poll_shutdown(cx)?.is_ready());
        peer.set_nonblocking(false)?;
        let mut received = Vec::new();
        peer.read_to_end(&mut received)?;
        assert_eq!(received, b"Close");
        Ok(())
    }

    #[test]
    fn a_broken_socket_takes_nothing() -> io::Result<()> {
        let (mut socket, _peer) = pair()?;
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut socket).poll_shutdown(cx)?.is_ready());
        assert_eq!(rest(Some(&socket), 4, b"lost"), Ok(Some(b"lost".to_vec())));
        Ok(())
    }

    #[test]
    fn of_more_than_allowed_nothing_is_sent() -> io::Result<()> {
        let (socket, mut peer) = pair()?;
        assert_eq!(rest(Some(&socket), 3, b"much"), Err(Excess(4)));
        drop(socket);
        assert_eq!(peer.read(&mut [0])?, 0);
        Ok(())
    }
}
