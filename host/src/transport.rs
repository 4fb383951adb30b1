//! A byte stream to a peer, with the bytes that wait to be transmitted on it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::Clock;
use crate::event_loop::Prepare;
use crate::passage::{Direct, Way};
use crate::read_buffer::ReadBuffer;

/// Bytes that are discarded from a peer at most while the transport closes.
/// More than a peer with the default limits can have under way in one message,
/// and little enough that sending on and on gains nobody anything.
const MOST_DISCARDED: usize = 64 << 20;

/// Bytes that a peer has to take while it is waited for, so as not to pass for one
/// that does not read.
const LEAST_PROGRESS: usize = 64 << 10;

/// A stream, and what is to be transmitted on it.
pub(crate) struct Transport<S> {
    stream: S,
    transmission: Vec<u8>,
    transmitted: usize,
    /// Bytes that the peer took since somebody asked. When it has taken all there were, they
    /// count as [`LEAST_PROGRESS`].
    progress: usize,
    /// Something waits in the stream itself.
    is_flushing: bool,
    /// Why nothing can be transmitted any more. What the peer sent before can
    /// still be received: its Close frame may be among it.
    broken: Option<io::ErrorKind>,
    /// The peer ended its sending direction, or the stream broke.
    has_ended: bool,
    /// Bytes discarded since the sending direction ended; `None` before that.
    discarded: Option<usize>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport<S> {
    /// A transport with nothing to transmit.
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            transmission: Vec::new(),
            transmitted: 0,
            progress: 0,
            is_flushing: false,
            broken: None,
            has_ended: false,
            discarded: None,
        }
    }

    /// Adds bytes behind those that wait already.
    #[inline]
    pub(crate) fn queue(&mut self, bytes: Vec<u8>) {
        if bytes.is_empty() || self.broken.is_some() {
            return;
        }
        if self.transmission.is_empty() {
            self.transmission = bytes;
        } else {
            self.transmission.drain(..self.transmitted);
            self.transmitted = 0;
            self.transmission.extend_from_slice(&bytes);
        }
    }

    /// Has `reader` prepare for bytes that were read ahead.
    pub(crate) fn set_reader(&self, reader: Rc<dyn Prepare>)
    where
        S: Direct,
    {
        self.stream.set_reader(reader);
    }

    /// The way past this transport, while nothing waits here.
    pub(crate) fn way(&mut self) -> Way<'_>
    where
        S: Direct,
    {
        if self.is_idle() { self.stream.way() } else { Way::None }
    }

    fn is_idle(&self) -> bool {
        self.transmission.is_empty() && self.broken.is_none()
    }

    /// Ready once there may be bytes to receive, as far as a socket tells; not without
    /// end for one that always has some (the task's turn ends).
    pub(crate) fn poll_readable(&self) -> Poll<()>
    where
        S: Direct,
    {
        self.stream.poll_readable()
    }

    /// Bytes that have come already, where they pass this transport as they are. Their
    /// buffer is the event loop's.
    #[inline]
    pub(crate) fn take_bytes_ahead(&self) -> Option<Vec<u8>>
    where
        S: Direct,
    {
        self.stream.take_bytes_ahead()
    }

    /// How many bytes can be received past this transport.
    pub(crate) fn waiting(&self) -> usize
    where
        S: Direct,
    {
        if self.is_idle() { self.stream.waiting() } else { 0 }
    }

    /// All bytes were received that waited: more of them wake the task.
    pub(crate) fn note_read_up(&self)
    where
        S: Direct,
    {
        self.stream.note_read_up();
    }

    /// How many bytes wait to be transmitted.
    pub(crate) fn queued(&self) -> usize {
        self.transmission.len() - self.transmitted
    }

    /// Whether nothing waits to be transmitted, here or in the stream.
    pub(crate) fn is_transmitted(&self) -> bool {
        self.transmission.is_empty()
    }

    /// Whether something waits for the peer and it takes it: then a deadline can wait.
    pub(crate) fn is_taken_from(&mut self) -> bool {
        self.queued() > 0 && self.has_progressed()
    }

    /// Whether the peer took a good part of what waited for it, or the rest, since
    /// this was asked last: then it reads, however slowly.
    fn has_progressed(&mut self) -> bool {
        mem::take(&mut self.progress) >= LEAST_PROGRESS
    }

    /// Ready once nothing waits to be transmitted any more. Where the stream
    /// broke nothing does, and receiving tells of it, behind what came before.
    #[inline]
    pub(crate) fn poll_transmit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.transmission.is_empty() {
            return self.poll_transmit_all(cx);
        }
        // What the stream took may still wait in it.
        if self.broken.is_none() {
            let flushed = Pin::new(&mut self.stream).poll_flush(cx);
            if mem::replace(&mut self.is_flushing, flushed.is_pending()) && flushed.is_ready() {
                self.progress = LEAST_PROGRESS;
            }
            if let Err(error) = ready!(flushed) {
                self.broken = Some(error.kind());
            }
        }
        Poll::Ready(())
    }

    fn poll_transmit_all(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Err(error) = ready!(self.poll_write_all(cx)) {
            self.broken = Some(error.kind());
        }
        self.transmission = Vec::new();
        self.transmitted = 0;
        self.progress = LEAST_PROGRESS;
        Poll::Ready(())
    }

    fn poll_write_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.transmission.get(self.transmitted..) {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => {
                    self.transmitted += written;
                    self.progress += written;
                }
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
        if let (true, Ok(()), Some(kind)) = (self.has_ended, &result, self.broken) {
            result = Err(kind.into());
        }
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
        ready!(self.poll_transmit(cx));
        let mut discarded = match self.discarded {
            Some(discarded) => discarded,
            None => ready!(Pin::new(&mut self.stream).poll_shutdown(cx)).map(|()| 0)?,
        };
        loop {
            self.discarded = Some(discarded);
            if self.has_ended || discarded >= MOST_DISCARDED {
                return Poll::Ready(Ok(()));
            }
            discarded += ready!(self.poll_receive(cx, buffer))?;
        }
    }

    /// [`poll_close`](Self::poll_close) for a transport that is let go of. Waits so long for
    /// the peer, and again each time that it took a good part of what waited for it. Tells
    /// whether that was enough.
    pub(crate) async fn close(
        mut self,
        buffer: &RefCell<ReadBuffer>,
        clock: &Clock,
        wait: Duration,
    ) -> bool {
        self.progress = 0;
        loop {
            let closing = poll_fn(|cx| self.poll_close(cx, &mut buffer.borrow_mut()));
            match clock.timeout(wait, closing).await {
                Ok(closed) => return closed.is_ok(),
                Err(_) if self.has_progressed() => {}
                Err(_) => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{BufWriter, Empty, duplex, empty, join};

    use super::*;

    #[test]
    fn a_transport_that_breaks_still_gives_what_the_peer_sent_before() {
        // Whatever is written goes to nobody.
        let (broken, _) = duplex(1);
        let mut transport = Transport::new(join(&b"Close"[..], broken));
        transport.queue(b"anything".to_vec());
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(transport.poll_transmit(cx).is_ready());

        let mut buffer = [0; 8];
        assert!(matches!(transport.poll_receive(cx, &mut buffer), Poll::Ready(Ok(5))));
        let Poll::Ready(Err(error)) = transport.poll_receive(cx, &mut buffer) else {
            panic!("the end of a broken transport is an error")
        };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        transport.queue(b"more".to_vec());
        assert_eq!(transport.queued(), 0, "nothing is kept for nobody");
    }

    #[test]
    fn what_the_stream_took_waits_as_well() {
        let (stream, mut peer) = duplex(1);
        let mut stream = BufWriter::new(stream);
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut stream).poll_write(cx, b"12").is_ready());
        let mut transport = Transport::new(stream);
        assert!(transport.poll_transmit(cx).is_pending());
        assert!(!transport.has_progressed());
        let _ = Pin::new(&mut peer).poll_read(cx, &mut ReadBuf::new(&mut [0]));
        assert!(transport.poll_transmit(cx).is_ready());
        assert!(transport.has_progressed());
        assert!(transport.poll_transmit(cx).is_ready());
        assert!(!transport.has_progressed(), "nothing waited");

        transport.queue(b"34".to_vec());
        assert!(transport.poll_transmit(cx).is_pending());
        assert_eq!(transport.queued(), 0);
        assert!(!transport.is_transmitted());
        let _ = Pin::new(&mut peer).poll_read(cx, &mut ReadBuf::new(&mut [0]));
        assert!(transport.poll_transmit(cx).is_pending(), "one at a time");
        let _ = Pin::new(&mut peer).poll_read(cx, &mut ReadBuf::new(&mut [0]));
        assert!(transport.poll_transmit(cx).is_ready());
        assert!(transport.is_transmitted());
    }

    #[test]
    fn a_peer_progresses_by_what_it_takes() {
        let (stream, mut peer) = duplex(LEAST_PROGRESS);
        let mut transport = Transport::new(stream);
        transport.queue(vec![0; 2 * LEAST_PROGRESS]);
        let cx = &mut Context::from_waker(Waker::noop());
        let mut take = |count| {
            let mut part = vec![0; count];
            let _ = Pin::new(&mut peer).poll_read(cx, &mut ReadBuf::new(&mut part));
            let _ = transport.poll_transmit(cx);
            transport.has_progressed()
        };
        assert!(take(0), "a part");
        assert!(!take(0), "nothing since");
        assert!(!take(LEAST_PROGRESS - 1), "too little");
        assert!(take(1), "the rest");
        assert!(!take(LEAST_PROGRESS), "nothing waits any more");
    }

    #[test]
    fn the_end_is_told_once() {
        let mut transport = Transport::new(join::<Empty, Empty>(empty(), empty()));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(matches!(transport.poll_receive(cx, &mut [0; 8]), Poll::Ready(Ok(0))));
        assert!(transport.poll_receive(cx, &mut [0; 8]).is_pending());
    }
}
