//! A byte stream to a peer, with the bytes that wait to be transmitted on it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are discarded from a peer at most while the transport closes.
/// More than a peer with the default limits can have under way in one message,
/// and little enough that sending on and on gains nobody anything.
const MOST_DISCARDED: usize = 64 << 20;

/// A stream, and what is to be transmitted on it.
pub(crate) struct Transport<S> {
    stream: S,
    transmission: Vec<u8>,
    transmitted: usize,
    /// The peer ended its sending direction, or the stream broke.
    has_ended: bool,
    /// Bytes discarded while the transport closes.
    discarded: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport<S> {
    /// A transport with nothing to transmit.
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, transmission: Vec::new(), transmitted: 0, has_ended: false, discarded: 0 }
    }

    /// Adds bytes behind those that wait already.
    pub(crate) fn queue(&mut self, bytes: Vec<u8>) {
        if self.transmission.is_empty() {
            self.transmission = bytes;
        } else {
            self.transmission.drain(..self.transmitted);
            self.transmitted = 0;
            self.transmission.extend_from_slice(&bytes);
        }
    }

    /// How many bytes wait to be transmitted.
    pub(crate) fn queued(&self) -> usize {
        self.transmission.len() - self.transmitted
    }

    /// Ready once nothing waits to be transmitted any more.
    pub(crate) fn poll_transmit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.transmission.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let result = ready!(self.poll_write_all(cx));
        self.transmission = Vec::new();
        self.transmitted = 0;
        self.has_ended |= result.is_err();
        Poll::Ready(result)
    }

    fn poll_write_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.transmission.get(self.transmitted..) {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.transmitted += written,
            }
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Reads once, into a buffer that is only borrowed for the call: an idle
    /// connection holds none. Says how many bytes came; once, 0 for the end.
    pub(crate) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.has_ended {
            return Poll::Pending;
        }
        let mut buffer = ReadBuf::new(buffer);
        let mut result = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
        let count = buffer.filled().len();
        if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::UnexpectedEof) {
            // TLS that ends without close_notify (RFC 8446 §6.1), as many peers
            // have it. Truncation is told by the closing handshake (§7.1.5).
            result = Ok(());
        }
        self.has_ended = result.is_err() || count == 0;
        Poll::Ready(result.map(|()| count))
    }

    /// Closes the transport (§7.1.1): transmits what waits, ends the sending
    /// direction, then discards until the peer ends. Unread bytes would make
    /// TCP reset the connection, which could cost the peer the Close frame.
    pub(crate) fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_transmit(cx))?;
        // Has no effect from the second time on.
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        while !self.has_ended && self.discarded < MOST_DISCARDED {
            self.discarded += ready!(self.poll_receive(cx, buffer))?;
        }
        Poll::Ready(Ok(()))
    }

    /// [`poll_close`](Self::poll_close) for a transport that is let go of.
    pub(crate) async fn close(mut self, buffer: &RefCell<Box<[u8]>>) -> io::Result<()> {
        poll_fn(|cx| self.poll_close(cx, &mut buffer.borrow_mut())).await
    }
}
