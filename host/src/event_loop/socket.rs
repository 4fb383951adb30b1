//! The sockets of an event loop. What waits for one is the task that runs, whatever
//! context it is polled with.

use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use mio::net;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::EventLoop;
use super::batch;
use super::source::Source;
use super::stream::{Follows, Prepare, Stream};

/// Bytes of several buffers that are sent at once at most: two full TLS records, and a
/// short one. The peer begins with what it has while the next ones are on their way; more
/// at once, and it waits longer (64 KiB: 0.9 of the throughput of 1 MiB over TLS).
const MOST_TOGETHER: usize = 40 << 10;

/// A TCP connection.
pub(crate) struct Socket(Source<Stream>);

impl Socket {
    fn new(stream: net::TcpStream, events: &Rc<EventLoop>) -> io::Result<Self> {
        let stream = Rc::new(Stream::new(stream));
        Source::new(Rc::clone(&stream), Some(stream), events).map(Self)
    }

    fn stream(&self) -> &Rc<Stream> {
        self.0.get_ref()
    }

    /// Has `reader` prepare for bytes that were read ahead.
    pub(crate) fn set_reader(&self, reader: Rc<dyn Prepare>) {
        self.stream().set_reader(reader);
    }

    /// Ready once there may be bytes to read.
    pub(crate) fn poll_readable(&self) -> Poll<()> {
        if self.stream().has_ahead() { Poll::Ready(()) } else { self.0.poll_readable() }
    }

    /// How many bytes a passage can read; none while others, read ahead, come first.
    pub(crate) fn waiting(&self) -> usize {
        if self.stream().has_ahead() { 0 } else { self.stream().received() }
    }

    /// A passage read all that there was. What comes from then on, and what came
    /// since it was asked how much there is, is told as an event.
    pub(crate) fn note_read_up(&self) {
        self.0.note_read_up();
    }

    /// How many bytes can be read from this socket.
    pub(crate) fn unread(&self) -> usize {
        self.stream().ahead().saturating_add(self.stream().received())
    }

    /// Sends, at once or with the next batch. Ready with how many bytes were taken, once
    /// nothing is left of earlier ones.
    #[inline]
    pub(crate) fn poll_send(&self, bytes: &[u8], follows: Follows) -> Poll<io::Result<usize>> {
        ready!(self.poll_rest())?;
        let events = self.0.events();
        if bytes.len() <= batch::LONGEST && events.put_in_batch(self.stream(), bytes, follows) {
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(self.poll_batch())?;
        self.0.poll_write(|stream| stream.try_send(bytes, follows))
    }

    /// Takes bytes that were read ahead, to be put back once they are handled; `None` if
    /// there are none.
    pub(crate) fn take_bytes_ahead(&self) -> Option<Vec<u8>> {
        self.stream().take_bytes_ahead()
    }

    /// Gives as much as there is room for of what was read ahead.
    fn give(&self, mut bytes: Vec<u8>, buffer: &mut ReadBuf<'_>) {
        let count = bytes.len().min(buffer.remaining());
        buffer.put_slice(&bytes[..count]);
        if count < bytes.len() {
            bytes.drain(..count);
            self.stream().keep_ahead(bytes);
        } else {
            self.0.events().put_back(bytes);
        }
    }

    /// Ready once nothing is left of what was taken, but for what is in the batch.
    #[inline]
    fn poll_rest(&self) -> Poll<io::Result<()>> {
        while self.stream().has_rest() {
            ready!(self.0.poll_write(Stream::try_send_rest))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Ready once nothing is left of what was taken.
    fn poll_batch(&self) -> Poll<io::Result<()>> {
        self.0.events().send_batch();
        self.poll_rest()
    }
}

#[cfg(test)]
impl Socket {
    /// Registers a stream that does not block.
    pub(crate) fn from_std(
        stream: std::net::TcpStream,
        events: &Rc<EventLoop>,
    ) -> io::Result<Self> {
        Self::new(net::TcpStream::from_std(stream), events)
    }

    pub(super) fn has_ahead(&self) -> bool {
        self.stream().has_ahead()
    }

    pub(super) fn has_rest(&self) -> bool {
        self.stream().has_rest()
    }

    /// Whether the end was told of.
    pub(super) fn is_final(&self) -> bool {
        self.0.is_final()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream().as_fd()
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Whoever handed it over may wait for an answer to it, and only read from then on. What
        // is wrong with the stream comes behind what the peer sent before.
        let _ = self.poll_rest();
        if let Some(found) = self.stream().take_ahead() {
            self.give(found?, buffer);
            return Poll::Ready(Ok(()));
        }
        let room = buffer.initialize_unfilled();
        let most = room.len();
        let count = ready!(self.0.poll_read(|stream| stream.try_read(room)))?;
        if count < most {
            self.0.note_read_up();
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
        self.poll_send(bytes, Follows::Anything)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let together = together(buffers);
        let [_, _, ..] = together else {
            let first = buffers.iter().find(|buffer| !buffer.is_empty());
            return self.poll_write(cx, first.map_or(&[], |buffer| buffer));
        };
        ready!(self.poll_rest())?;
        ready!(self.poll_batch())?;
        self.0.poll_write(|stream| stream.try_send_vectored(together))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_rest()
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_batch())?;
        Poll::Ready(self.stream().tcp().shutdown(Shutdown::Write))
    }
}

/// Those buffers that are sent at once: the first ones.
fn together<'b, 's>(buffers: &'b [IoSlice<'s>]) -> &'b [IoSlice<'s>] {
    let mut bytes = 0;
    let beyond = buffers.iter().position(|buffer| {
        bytes += buffer.len();
        bytes > MOST_TOGETHER
    });
    &buffers[..beyond.map_or(buffers.len(), |first| first.max(1))]
}

/// A socket that listens.
pub(crate) struct ListeningSocket(Source<net::TcpListener>);

impl ListeningSocket {
    /// Registers a socket that does not block.
    pub(crate) fn new(listener: TcpListener, events: &Rc<EventLoop>) -> io::Result<Self> {
        Source::new(Rc::new(net::TcpListener::from_std(listener)), None, events).map(Self)
    }

    /// Ready with the next connection.
    pub(crate) fn poll_accept(&self) -> Poll<io::Result<(Socket, SocketAddr)>> {
        self.0.poll_read(|listener| {
            let (stream, peer) = listener.accept()?;
            Ok((Socket::new(stream, self.0.events())?, peer))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_buffers_are_sent_together() {
        let bytes = vec![0; MOST_TOGETHER + 1];
        for (lens, count) in [
            (&[][..], 0),
            (&[MOST_TOGETHER + 1, 1], 1),
            (&[1, MOST_TOGETHER - 1, 1], 2),
            (&[1, MOST_TOGETHER], 1),
            (&[1, 2, 3], 3),
        ] {
            let buffers: Vec<_> = lens.iter().map(|&len| IoSlice::new(&bytes[..len])).collect();
            assert_eq!(together(&buffers).len(), count, "{lens:?}");
        }
    }
}
