//! The way of bytes between a stream and a guest's memory, past the host's.
//!
//! An output would have to be copied for the host, which writes it to a socket, where
//! it is copied again. Written from where it is, it is copied once, and so are bytes
//! that are read to where the guest has them: this counts for long messages. With TLS
//! it is a copy less either way as well.

use std::rc::Rc;
use std::task::Poll;

use rustix::net::{RecvFlags, recv};

use crate::bindings::types::ReadyState;
use crate::event_loop::{Follows, Prepare, Socket};
use crate::tls::TlsSocket;

/// A stream that a passage may use.
pub(crate) trait Direct {
    /// How many bytes there are for a passage to read; over TLS, how many in records, of which
    /// fewer come. 0 where some were read ahead, which come first.
    fn waiting(&self) -> usize;
    /// Bytes that were read ahead of being asked for.
    fn take_bytes_ahead(&self) -> Option<Vec<u8>>;
    /// Has `reader` prepare for bytes that were read ahead.
    fn set_reader(&self, reader: Rc<dyn Prepare>);
    /// What takes outputs, as long as none wait to be transmitted.
    fn way(&mut self) -> Way<'_>;
    /// Ready once there may be bytes to read.
    fn poll_readable(&self) -> Poll<()>;
    /// A passage read as many bytes as there were. To attempt another read would find that
    /// out as well, for two system calls.
    fn note_read_up(&self);
}

impl Direct for Socket {
    fn waiting(&self) -> usize {
        self.waiting()
    }

    fn take_bytes_ahead(&self) -> Option<Vec<u8>> {
        self.take_bytes_ahead()
    }

    fn set_reader(&self, reader: Rc<dyn Prepare>) {
        self.set_reader(reader);
    }

    fn way(&mut self) -> Way<'_> {
        Way::Socket(self)
    }

    fn poll_readable(&self) -> Poll<()> {
        self.poll_readable()
    }

    fn note_read_up(&self) {
        self.note_read_up();
    }
}

impl Direct for TlsSocket {
    fn waiting(&self) -> usize {
        self.waiting()
    }

    fn take_bytes_ahead(&self) -> Option<Vec<u8>> {
        None
    }

    fn set_reader(&self, reader: Rc<dyn Prepare>) {
        self.set_reader(reader);
    }

    fn way(&mut self) -> Way<'_> {
        Way::Tls(self)
    }

    /// There may be more in it than in its socket.
    fn poll_readable(&self) -> Poll<()> {
        Poll::Ready(())
    }

    /// As above.
    fn note_read_up(&self) {}
}

/// What takes an output from where it is.
pub(crate) enum Way<'s> {
    /// A socket that does not block.
    Socket(&'s Socket),
    /// The same, in records.
    Tls(&'s mut TlsSocket),
    None,
}

impl Way<'_> {
    /// Returns how many bytes it takes. That a stream is broken is found out when the rest
    /// is transmitted.
    fn send(&mut self, bytes: &[u8], ready_state: ReadyState) -> usize {
        match self {
            _ if bytes.is_empty() => 0,
            Self::Socket(socket) => match socket.poll_send(bytes, follows(ready_state)) {
                Poll::Ready(Ok(sent)) => sent,
                Poll::Ready(Err(_)) | Poll::Pending => 0,
            },
            Self::Tls(tls) => tls.send(bytes),
            Self::None => 0,
        }
    }
}

fn follows(ready_state: ReadyState) -> Follows {
    match ready_state {
        ReadyState::Closed => Follows::End,
        ReadyState::Connecting | ReadyState::Open | ReadyState::Closing => Follows::Anything,
    }
}

/// What passes in one call: its output, and what it reads itself.
pub(crate) struct Passage<'s> {
    way: Way<'s>,
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
    /// The bytes that are not on their way; all of them without a way.
    pub(crate) rest: Vec<u8>,
    /// The ready state that they lead to.
    pub(crate) ready_state: ReadyState,
}

/// So many bytes of output were refused, before any of them was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Excess(pub(crate) usize);

impl<'s> Passage<'s> {
    /// Takes output up to `most` bytes, which may go on its way at once; and gives what can
    /// be read from a socket.
    pub(crate) fn new(way: Way<'s>, most: usize) -> Self {
        Self { way, most, taken: Ok(None), passed: Passed::default() }
    }

    /// Reads once. Says how many bytes came; none also where something is wrong with
    /// the socket, which then ends for whoever reads from the transport.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> usize {
        self.passed.received = match &mut self.way {
            Way::Socket(socket) => recv(socket, room, RecvFlags::empty()).map_or(0, |(_, n)| n),
            Way::Tls(tls) => tls.read(room),
            Way::None => 0,
        };
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
            let sent = self.way.send(bytes, ready_state);
            Ok(Some(Taken { rest: bytes[sent..].to_vec(), ready_state }))
        };
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
    fn rest(way: Way<'_>, most: usize, bytes: &[u8]) -> Result<Option<Vec<u8>>, Excess> {
        let mut passage = Passage::new(way, most);
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
    fn without_a_way_all_is_left() {
        assert_eq!(rest(Way::None, 6, b"output"), Ok(Some(b"output".to_vec())));
    }

    #[test]
    fn what_a_socket_does_not_take_is_left() -> io::Result<()> {
        let (socket, mut peer) = pair()?;
        let long: Vec<u8> = (0..100_000_u32).map(|n| n.to_be_bytes()[2]).collect();
        let mut sent = Vec::new();
        let mut left = Vec::new();
        while left.is_empty() {
            left = rest(Way::Socket(&socket), long.len(), &long).unwrap().unwrap();
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
        let mut passage = Passage::new(Way::Socket(&socket), 5);
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
        assert_eq!(rest(Way::Socket(&socket), 4, b"lost"), Ok(Some(b"lost".to_vec())));
        Ok(())
    }

    #[test]
    fn of_more_than_allowed_nothing_is_sent() -> io::Result<()> {
        let (socket, mut peer) = pair()?;
        assert_eq!(rest(Way::Socket(&socket), 3, b"much"), Err(Excess(4)));
        drop(socket);
        assert_eq!(peer.read(&mut [0])?, 0);
        Ok(())
    }
}
