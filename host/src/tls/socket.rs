//! A socket that TLS is spoken on.

use std::io::{self, Read};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsStream;

use crate::event_loop::{Prepare, Socket};

/// The most bytes that wait in records to be sent. 64 KiB in one message or in several,
/// headers and all, become records at once then, of which the last one needs no send of
/// its own. What waits here counts neither as queued for the peer nor as its progress: a
/// deadline is not put off for it, as it hardly is for so little that is queued.
const MOST_RECORDED: usize = 80 << 10;

/// A socket with TLS, once its handshake is done.
pub(crate) struct TlsSocket<S = Socket> {
    stream: TlsStream<S>,
    /// What is wrong behind the bytes that are left, to be told to the next one who polls.
    broken: Option<io::Error>,
}

impl<S> TlsSocket<S> {
    pub(crate) fn new(stream: impl Into<TlsStream<S>>) -> Self {
        let mut stream = stream.into();
        match &mut stream {
            TlsStream::Client(stream) => stream.get_mut().1.set_buffer_limit(Some(MOST_RECORDED)),
            TlsStream::Server(stream) => stream.get_mut().1.set_buffer_limit(Some(MOST_RECORDED)),
        }
        Self { stream, broken: None }
    }

    /// Reads what is decrypted already. Says how many bytes that were.
    fn read_decrypted(&mut self, room: &mut [u8]) -> usize {
        let mut decrypted = match &mut self.stream {
            TlsStream::Client(stream) => stream.get_mut().1.reader(),
            TlsStream::Server(stream) => stream.get_mut().1.reader(),
        };
        // It is at its end, or has none for now.
        decrypted.read(room).unwrap_or(0)
    }
}

impl TlsSocket {
    /// Has `reader` prepare for bytes that were read ahead.
    pub(crate) fn set_reader(&self, reader: Rc<dyn Prepare>) {
        self.stream.get_ref().0.set_reader(reader);
    }

    /// How many bytes of records came that have not been read.
    pub(crate) fn waiting(&self) -> usize {
        self.stream.get_ref().0.unread()
    }

    /// Reads all records there are and room for, like a socket. Says how many bytes came; none
    /// also at the end, and where something is wrong, which the next one who polls is told.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> usize {
        let mut room = ReadBuf::new(room);
        // The socket knows whom to wake.
        let cx = &mut Context::from_waker(Waker::noop());
        if let Poll::Ready(Err(error)) = Pin::new(&mut *self).poll_read(cx, &mut room) {
            self.broken = Some(error);
        }
        room.filled().len()
    }

    /// Sends, like a socket. Returns how many bytes were taken.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> usize {
        let cx = &mut Context::from_waker(Waker::noop());
        match Pin::new(self).poll_write(cx, bytes) {
            Poll::Ready(Ok(taken)) => taken,
            // That it is broken, the next one finds out who polls.
            Poll::Ready(Err(_)) | Poll::Pending => 0,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.broken.is_none() {
            match Pin::new(&mut self.stream).poll_read(cx, buffer) {
                Poll::Ready(Err(error)) => self.broken = Some(error),
                read => return read,
            }
        }
        // What came before that may be left: the peer's Close frame may be among it.
        let count = self.read_decrypted(buffer.initialize_unfilled());
        buffer.advance(count);
        Poll::Ready(self.broken.take_if(|_| count == 0).map_or(Ok(()), Err))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::future::poll_fn;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use rustls::crypto::ring;
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::event_loop::EventLoop;
    use crate::tls::self_signed;

    type Done = Result<(), Box<dyn Error>>;
    type Peer = StreamOwned<ClientConnection, TcpStream>;

    /// A record of application data (RFC 8446 §5.1) that nobody sealed.
    const FORGED: [u8; 25] = {
        let mut record = [0; 25];
        (record[0], record[1], record[2], record[4]) = (23, 3, 3, 20);
        record
    };

    fn configs() -> Result<(ServerConfig, ClientConfig), Box<dyn Error>> {
        let (certificate, key) = self_signed::certificate()?;
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone())?;
        let provider = Arc::new(ring::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok((server, client))
    }

    /// What fits in a record that rustls reads in one piece, with nothing behind it.
    const PIECE: usize = 4096 - 22;

    /// Has a peer act behind the handshake, and then looks at the other end.
    fn behind_handshake(
        act: impl FnOnce(&mut Peer) + Send + 'static,
        look: impl AsyncFnOnce(TlsSocket, Peer) -> io::Result<()>,
    ) -> Done {
        let (server, client) = configs()?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let peer = thread::spawn(move || {
            let name = "localhost".try_into().unwrap();
            let connection = ClientConnection::new(Arc::new(client), name).unwrap();
            let stream = TcpStream::connect(address).unwrap();
            stream.set_nodelay(true).unwrap();
            let mut peer = Peer::new(connection, stream);
            peer.read_exact(&mut [0]).unwrap();
            act(&mut peer);
            peer
        });
        let events = EventLoop::new(Duration::ZERO)?;
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        let socket = Socket::from_std(stream, &events)?;
        Ok(events.block_on(async {
            let mut socket = TlsAcceptor::from(Arc::new(server)).accept(socket).await?;
            socket.write_all(&[0]).await?;
            look(TlsSocket::new(socket), peer.join().unwrap()).await
        })??)
    }

    /// Reads once, as soon as something comes, into so much room.
    async fn read(socket: &mut TlsSocket, room: usize) -> io::Result<Vec<u8>> {
        let mut room = vec![0; room];
        let count = AsyncReadExt::read(socket, &mut room).await?;
        room.truncate(count);
        Ok(room)
    }

    /// A record of these bytes, and one that is wrong, at once.
    fn send_forged_behind(peer: &mut Peer, bytes: &[u8]) {
        let mut records = Vec::new();
        peer.conn.writer().write_all(bytes).unwrap();
        peer.conn.write_tls(&mut records).unwrap();
        records.extend(FORGED);
        peer.sock.write_all(&records).unwrap();
    }

    #[test]
    fn what_is_wrong_is_told_behind_the_bytes_before_it() -> Done {
        for len in [1, PIECE] {
            let act = move |peer: &mut Peer| send_forged_behind(peer, &vec![7; len]);
            behind_handshake(act, async |mut socket, _peer| {
                assert_eq!(read(&mut socket, 2 * PIECE).await?, vec![7; len]);
                let error = read(&mut socket, 2 * PIECE).await.unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                Ok(())
            })?;
        }
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_told_to_who_polls_alone() -> Done {
        for len in [0, 3, PIECE] {
            let act = move |peer: &mut Peer| send_forged_behind(peer, &vec![7; len]);
            behind_handshake(act, async |mut socket, _peer| {
                poll_fn(|_| socket.stream.get_ref().0.poll_readable()).await;
                let mut room = [0; PIECE - 1];
                let counts = [(); 4].map(|()| socket.read(&mut room));
                assert_eq!(counts.iter().sum::<usize>(), len, "{counts:?}");
                let error = read(&mut socket, PIECE).await.unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                Ok(())
            })?;
        }
        Ok(())
    }

    #[test]
    fn the_end_is_read_behind_the_bytes_before_it() -> Done {
        let act = |peer: &mut Peer| {
            peer.write_all(b"bytes").unwrap();
            peer.conn.send_close_notify();
            peer.flush().unwrap();
        };
        behind_handshake(act, async |mut socket, _peer| {
            assert_eq!(read(&mut socket, 64).await?, b"bytes");
            assert_eq!(read(&mut socket, 64).await?, b"");
            Ok(())
        })
    }

    #[test]
    fn what_is_sent_like_a_socket_goes_before_what_is_written() -> Done {
        behind_handshake(
            |_| {},
            async |mut socket, mut peer| {
                // More than a socket holds.
                let all: Vec<u8> = (0..16_000_000_u32).map(|n| n.to_be_bytes()[2]).collect();
                let taken = socket.send(&all);
                assert!((MOST_RECORDED..all.len()).contains(&taken), "{taken}");
                let receiving = thread::spawn(move || {
                    let mut received = Vec::new();
                    peer.read_to_end(&mut received).map(|_| received)
                });
                socket.write_all(&all[taken..]).await?;
                socket.shutdown().await?;
                // Not with `assert_eq!`, which would print them.
                assert!(receiving.join().unwrap()? == all);
                Ok(())
            },
        )
    }
}
