//! The stream of a socket, with what was read from it before that was asked for, and
//! what is left of what was sent on it.

use std::cell::{Cell, OnceCell, RefCell};
use std::io::{self, IoSlice};
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;

use mio::net::TcpStream;
use rustix::buffer::spare_capacity;
use rustix::io::{Errno, ioctl_fionread};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, send, sendmsg};

use super::ahead;

/// What follows an output.
#[derive(Clone, Copy)]
pub(crate) enum Follows {
    Anything,
    /// The end of the sending direction, at once. Where that is known, the output waits
    /// for it (send(2), `MSG_MORE`; tcp(7): 200 ms at most), so that both are one packet.
    End,
}

impl Follows {
    #[cfg(target_os = "linux")]
    fn flags(self) -> SendFlags {
        match self {
            Self::Anything => SendFlags::NOSIGNAL,
            Self::End => SendFlags::NOSIGNAL | SendFlags::MORE,
        }
    }

    /// Not every system has these flags. The signal is ignored by any program in Rust.
    #[cfg(not(target_os = "linux"))]
    fn flags(self) -> SendFlags {
        SendFlags::empty()
    }
}

/// A stream that a batch can hold as well as its socket: what is in there is sent
/// even if the socket is dropped meanwhile.
pub(super) struct Stream {
    tcp: TcpStream,
    /// What reading ahead found.
    ahead: RefCell<Option<io::Result<Vec<u8>>>>,
    /// The last read found little.
    has_little: Cell<bool>,
    /// What there was no room for. It goes before anything else.
    rest: RefCell<Vec<u8>>,
    /// Who is handed what was read ahead.
    reader: OnceCell<Rc<dyn Prepare>>,
}

/// Who is handed the bytes of a stream by its task.
pub(crate) trait Prepare {
    /// Bytes were read ahead, for this one and, next to it, for others. They are handed over
    /// when all have prepared.
    fn prepare(&self);
}

impl Stream {
    pub(super) fn new(tcp: TcpStream) -> Self {
        let (ahead, has_little) = (RefCell::default(), Cell::new(true));
        Self { tcp, ahead, has_little, rest: RefCell::default(), reader: OnceCell::new() }
    }

    /// Has `reader` prepare for bytes that are read ahead; the first one that is set.
    pub(super) fn set_reader(&self, reader: Rc<dyn Prepare>) {
        let _ = self.reader.set(reader);
    }

    /// Has the reader prepare, if bytes were read ahead.
    #[inline]
    pub(super) fn prepare(&self) {
        if let (true, Some(reader)) = (self.has_ahead(), self.reader.get()) {
            reader.prepare();
        }
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Reads what there is room for. `recv` has less on its way in the kernel than `read`.
    pub(super) fn try_read(&self, room: &mut [u8]) -> io::Result<usize> {
        self.note_received(recv(&self.tcp, room, RecvFlags::empty()))
    }

    /// Reads before that is asked for, to an empty buffer, and keeps it where bytes came.
    /// Tells whether all that there was is read.
    pub(super) fn read_ahead(&self, buffer: &mut Vec<u8>) -> bool {
        let capacity = buffer.capacity();
        let room = spare_capacity(buffer);
        let found = self.note_received(recv(&self.tcp, room, RecvFlags::empty()));
        let is_read_up = match &found {
            Ok(count) => *count < capacity,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return false,
            Err(_) => false,
        };
        let bytes = |count| if count > 0 { mem::take(buffer) } else { Vec::new() };
        *self.ahead.borrow_mut() = Some(found.map(bytes));
        is_read_up
    }

    fn note_received<T>(&self, result: Result<(T, usize), Errno>) -> io::Result<usize> {
        let (_, count) = result?;
        self.has_little.set(count < ahead::LONGEST);
        Ok(count)
    }

    #[inline]
    pub(super) fn has_ahead(&self) -> bool {
        self.ahead.borrow().is_some()
    }

    /// How many bytes the operating system has (tcp(7), `SIOCINQ`).
    pub(super) fn received(&self) -> usize {
        ioctl_fionread(self).ok().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0)
    }

    /// How many bytes reading ahead found.
    pub(super) fn ahead(&self) -> usize {
        self.ahead.borrow().as_ref().and_then(|found| found.as_ref().ok()).map_or(0, Vec::len)
    }

    /// Whether there is likely to be no more than can be read ahead.
    pub(super) fn has_little(&self) -> bool {
        self.has_little.get()
    }

    /// What reading ahead found.
    #[inline]
    pub(super) fn take_ahead(&self) -> Option<io::Result<Vec<u8>>> {
        self.ahead.take()
    }

    /// The bytes that reading ahead found, if there are any.
    #[inline]
    pub(super) fn take_bytes_ahead(&self) -> Option<Vec<u8>> {
        self.ahead.borrow_mut().take_if(is_bytes)?.ok()
    }

    /// Keeps what there was no room for of that.
    pub(super) fn keep_ahead(&self, bytes: Vec<u8>) {
        *self.ahead.borrow_mut() = Some(Ok(bytes));
    }

    /// Sends, or keeps what there is no room for. Tells whether nothing is left.
    pub(super) fn send(&self, bytes: &[u8], follows: Follows) -> bool {
        let mut rest = self.rest.borrow_mut();
        // What is wrong with the stream is found out when the rest is sent.
        let sent = if rest.is_empty() { self.try_send(bytes, follows).unwrap_or(0) } else { 0 };
        rest.extend_from_slice(&bytes[sent..]);
        rest.is_empty()
    }

    /// Sends as much as there is room for.
    pub(super) fn try_send(&self, bytes: &[u8], follows: Follows) -> io::Result<usize> {
        Ok(send(&self.tcp, bytes, follows.flags())?)
    }

    /// Sends as much as there is room for of several buffers.
    pub(super) fn try_send_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let flags = Follows::Anything.flags();
        Ok(sendmsg(&self.tcp, buffers, &mut SendAncillaryBuffer::default(), flags)?)
    }

    #[inline]
    pub(super) fn has_rest(&self) -> bool {
        !self.rest.borrow().is_empty()
    }

    /// Sends as much of the rest as there is room for.
    pub(super) fn try_send_rest(&self) -> io::Result<()> {
        let mut rest = self.rest.borrow_mut();
        let sent = self.try_send(&rest, Follows::Anything)?;
        if sent == rest.len() {
            *rest = Vec::new();
        } else {
            rest.drain(..sent);
        }
        Ok(())
    }
}

fn is_bytes(found: &mut io::Result<Vec<u8>>) -> bool {
    found.as_ref().is_ok_and(|bytes| !bytes.is_empty())
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tcp.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream as Peer};

    use super::*;

    #[test]
    fn an_end_or_an_error_that_was_read_ahead_is_not_taken_for_bytes() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let stream = Stream::new(TcpStream::from_std(Peer::connect(listener.local_addr()?)?));
        assert_eq!(stream.take_bytes_ahead(), None);
        stream.keep_ahead(b"bytes".to_vec());
        assert_eq!(stream.take_bytes_ahead().as_deref(), Some(&b"bytes"[..]));
        assert!(!stream.has_ahead());
        for kept in [Ok(Vec::new()), Err(io::ErrorKind::ConnectionReset.into())] {
            *stream.ahead.borrow_mut() = Some(kept);
            assert_eq!(stream.take_bytes_ahead(), None);
            assert!(stream.has_ahead());
        }
        Ok(())
    }

    #[test]
    fn the_rest_is_sent_before_anything_else() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut peer = Peer::connect(listener.local_addr()?)?;
        let (tcp, _) = listener.accept()?;
        tcp.set_nonblocking(true)?;
        let stream = Stream::new(TcpStream::from_std(tcp));
        // More than there is room for.
        let long: Vec<u8> = (0_u32..4 << 20).flat_map(u32::to_be_bytes).collect();
        assert!(!stream.send(&long, Follows::Anything));
        let mut arrived = vec![0; 1 << 20];
        peer.read_exact(&mut arrived)?;
        assert!(!stream.send(b"behind", Follows::Anything), "though there is room again");
        while stream.has_rest() {
            match stream.try_send_rest() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let at = arrived.len();
                    arrived.resize(at + (64 << 10), 0);
                    peer.read_exact(&mut arrived[at..])?;
                }
                result => result?,
            }
        }
        drop(stream);
        peer.read_to_end(&mut arrived)?;
        assert!(arrived == [&long[..], b"behind"].concat());
        Ok(())
    }
}
