//! The sockets of an event loop. What waits for one is the task that runs, whatever
//! context it is polled with.

use std::io::{self, IoSlice, Write};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use mio::net;
use rustix::io::read;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::EventLoop;
use super::source::Source;

/// A TCP connection.
pub(crate) struct Socket(Source<net::TcpStream>);

impl Socket {
    /// Small frames are not to wait for more of them (Nagle).
    pub(crate) fn set_nodelay(&self) -> io::Result<()> {
        self.0.get_ref().set_nodelay(true)
    }

    /// Ready once there may be bytes to read.
    pub(crate) fn poll_readable(&self) -> Poll<()> {
        self.0.poll_readable()
    }
}

#[cfg(test)]
impl Socket {
    /// Whether the end was told of.
    pub(crate) fn is_final(&self) -> bool {
        self.0.is_final()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get_ref().as_fd()
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buffer.initialize_unfilled();
        let most = room.len();
        // Not by the C library, which looks before and behind whether the thread is cancelled.
        let count = ready!(self.0.poll_read(|stream| Ok(read(stream, &mut *room)?)))?;
        if count < most {
            self.0.is_read_up();
        }
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(|mut stream| stream.write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(|mut stream| stream.write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.get_ref().shutdown(Shutdown::Write))
    }
}

/// A socket that listens.
pub(crate) struct ListeningSocket(Source<net::TcpListener>);

impl ListeningSocket {
    /// Registers a socket that does not block.
    pub(crate) fn new(listener: TcpListener, events: &Rc<EventLoop>) -> io::Result<Self> {
        Source::new(net::TcpListener::from_std(listener), events).map(Self)
    }

    /// Ready with the next connection.
    pub(crate) fn poll_accept(&self) -> Poll<io::Result<(Socket, SocketAddr)>> {
        self.0.poll_read(|listener| {
            let (stream, peer) = listener.accept()?;
            Ok((Socket(Source::new(stream, self.0.events())?), peer))
        })
    }
}
