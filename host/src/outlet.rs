//! Where the bytes of an output go when they are lifted from a guest's memory.
//!
//! A call that returns bytes has them copied for the host, which writes them to a
//! socket, where they are copied again. Written while they are lifted, they are
//! copied once, which counts for long messages.
//!
//! Wasmtime lifts a result without a context of the caller's, so the socket of
//! the call under way is a variable of the thread. A thread makes one at a time.

use std::cell::RefCell;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::bindings::types::ReadyState;

thread_local! {
    static OUTLET: RefCell<Outlet> = const { RefCell::new(Outlet::SHUT) };
}

/// A stream, and the socket that takes its bytes as they are, if there is one.
pub(crate) trait Direct {
    fn socket(&self) -> Option<BorrowedFd<'_>>;
}

impl Direct for TcpStream {
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

impl Direct for TlsStream<TcpStream> {
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

struct Outlet {
    socket: Option<RawFd>,
    /// The most bytes that are taken.
    most: usize,
    taken: Option<Result<Taken, Excess>>,
}

impl Outlet {
    const SHUT: Self = Self { socket: None, most: 0, taken: None };
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

/// Makes a call, of which output up to `most` bytes is taken and may go to a
/// non-blocking `socket` at once.
///
/// Returns with its result what was taken, if anything. A call may also fail behind
/// its output: that counts, as a part of it may be on its way to the peer.
pub(crate) fn during<T>(
    socket: Option<BorrowedFd<'_>>,
    most: usize,
    call: impl FnOnce() -> T,
) -> (T, Result<Option<Taken>, Excess>) {
    struct Open<'s>(Option<BorrowedFd<'s>>);

    impl Drop for Open<'_> {
        fn drop(&mut self) {
            OUTLET.with_borrow_mut(|outlet| outlet.socket = None);
        }
    }

    let open = Open(socket);
    let socket = open.0.map(|socket| socket.as_raw_fd());
    OUTLET.set(Outlet { socket, most, ..Outlet::SHUT });
    let result = call();
    drop(open);
    (result, OUTLET.replace(Outlet::SHUT).taken.transpose())
}

/// Takes the output of a call.
pub(crate) fn put(bytes: &[u8], ready_state: ReadyState) {
    OUTLET.with_borrow_mut(|outlet| {
        outlet.taken = Some(if bytes.len() > outlet.most {
            Err(Excess(bytes.len()))
        } else {
            let sent = outlet.send(bytes);
            Ok(Taken { rest: bytes[sent..].to_vec(), ready_state })
        });
    });
}

impl Outlet {
    fn send(&self, bytes: &[u8]) -> usize {
        let Some(socket) = self.socket.filter(|_| !bytes.is_empty()) else { return 0 };
        // SAFETY: `during` borrows the socket for as long as it is here.
        #[expect(unsafe_code, reason = "a variable of a thread has no lifetime but `'static`")]
        let socket = unsafe { BorrowedFd::borrow_raw(socket) };
        // That the socket is broken is found out when the rest is transmitted.
        SockRef::from(&socket).send_with_flags(bytes, libc::MSG_NOSIGNAL).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::*;

    /// Puts bytes out, and tells which are left.
    fn rest(
        socket: Option<BorrowedFd<'_>>,
        most: usize,
        bytes: &[u8],
    ) -> Result<Option<Vec<u8>>, Excess> {
        let ((), taken) = during(socket, most, || put(bytes, ReadyState::Open));
        Ok(taken?.map(|taken| taken.rest))
    }

    fn pair() -> io::Result<(TcpStream, TcpStream)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let peer = TcpStream::connect(listener.local_addr()?)?;
        let (socket, _) = listener.accept()?;
        socket.set_nonblocking(true)?;
        Ok((socket, peer))
    }

    #[test]
    fn without_a_socket_all_is_left() {
        assert_eq!(rest(None, 6, b"output"), Ok(Some(b"output".to_vec())));
    }

    #[test]
    fn what_a_call_put_out_before_it_failed_counts() {
        let (result, taken) = during(None, 6, || {
            put(b"output", ReadyState::Closing);
            Err::<(), _>("failed")
        });
        let expected = Taken { rest: b"output".to_vec(), ready_state: ReadyState::Closing };
        assert_eq!((result, taken), (Err("failed"), Ok(Some(expected))));
        assert_eq!(during(None, 6, || ()).1, Ok(None), "nothing is left of an earlier call");
    }

    #[test]
    fn what_a_socket_does_not_take_is_left() -> io::Result<()> {
        let (socket, mut peer) = pair()?;
        let long: Vec<u8> = (0..100_000_u32).map(|n| n.to_be_bytes()[2]).collect();
        let mut sent = Vec::new();
        let mut left = Vec::new();
        while left.is_empty() {
            left = rest(Some(socket.as_fd()), long.len(), &long).unwrap().unwrap();
            sent.extend(&long);
        }
        let mut received = vec![0; sent.len() - left.len()];
        peer.read_exact(&mut received)?;
        assert_eq!([received, left].concat(), sent);
        Ok(())
    }

    #[test]
    fn a_broken_socket_takes_nothing() -> io::Result<()> {
        let (socket, _peer) = pair()?;
        socket.shutdown(Shutdown::Write)?;
        assert_eq!(rest(Some(socket.as_fd()), 4, b"lost"), Ok(Some(b"lost".to_vec())));
        Ok(())
    }

    #[test]
    fn of_more_than_allowed_nothing_is_sent() -> io::Result<()> {
        let (socket, mut peer) = pair()?;
        assert_eq!(rest(Some(socket.as_fd()), 3, b"much"), Err(Excess(4)));
        drop(socket);
        assert_eq!(peer.read(&mut [0])?, 0);
        Ok(())
    }
}
