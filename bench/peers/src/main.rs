//! Echo servers on other WebSocket libraries, to measure beside Sandsock.
//!
//! All of them share this accept loop, on one thread or several; what they do with
//! a connection is theirs.

mod batched;
mod peer;
mod tls;

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use crate::peer::fastwebsockets::FastWebSockets;
use crate::peer::raw::Raw;
use crate::peer::sockudo_ws::SockudoWs;
use crate::peer::tokio_tungstenite::TokioTungstenite;
use crate::peer::tokio_websockets::TokioWebSockets;

/// Serves echo on one of several WebSocket libraries.
///
/// Prints `listening on ADDRESS:PORT` once it accepts connections.
#[derive(Parser)]
#[command(name = "peers")]
struct Arguments {
    #[arg(value_enum)]
    peer: Name,

    /// Address and port to listen on; port 0 takes any that is free
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Threads, each with its own listener
    #[arg(long, default_value_t = NonZeroUsize::MIN)]
    workers: NonZeroUsize,

    /// Speak TLS with the certificate in this PEM file
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// PEM file of its private key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// No WebSocket: bytes come back as they are
    Raw,
    /// tokio-tungstenite as it comes
    TokioTungstenite,
    /// tokio-tungstenite with buffers of 8 KiB instead of 128 KiB
    #[value(name = "tokio-tungstenite-8k")]
    TokioTungstenite8k,
    #[value(name = "fastwebsockets")]
    FastWebSockets,
    #[value(name = "tokio-websockets")]
    TokioWebSockets,
    SockudoWs,
}

/// What a library does with a connection.
trait Peer: Copy + Send + 'static {
    /// Does the opening handshake and echoes messages until the connection ends.
    fn echo<T: Transport>(self, transport: T) -> impl Future<Output = Result<()>> + Send;
}

/// TCP, with or without TLS on it.
trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for T {}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Some(tls::acceptor(certificate, key)?),
        _ => None,
    };
    let peer = arguments.peer;
    let first = listen(peer, arguments.listen)?;
    let address = first.local_addr()?;
    for _ in 1..arguments.workers.get() {
        let (listener, tls) = (listen(peer, address)?, tls.clone());
        thread::spawn(move || work(peer, listener, tls));
    }
    println!("listening on {address}");
    work(peer, first, tls)
}

/// A listener beside others on the same address, among which the kernel divides
/// connections.
fn listen(peer: Name, address: SocketAddr) -> Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    if peer == Name::Raw {
        // The least that the kernel does on loopback, as the limit is to be one.
        socket.set_tcp_congestion(b"reno")?;
    }
    socket.listen(1024)?;
    Ok(socket.into())
}

fn work(peer: Name, listener: TcpListener, tls: Option<TlsAcceptor>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        match peer {
            Name::Raw => serve(Raw, listener, tls).await,
            Name::TokioTungstenite => serve(TokioTungstenite::AsItComes, listener, tls).await,
            Name::TokioTungstenite8k => serve(TokioTungstenite::SmallBuffers, listener, tls).await,
            Name::FastWebSockets => serve(FastWebSockets, listener, tls).await,
            Name::TokioWebSockets => serve(TokioWebSockets, listener, tls).await,
            Name::SockudoWs => serve(SockudoWs, listener, tls).await,
        }
    })
}

async fn serve<P: Peer>(peer: P, listener: TcpListener, tls: Option<TlsAcceptor>) -> Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        // A connection that fails is the load generator's to report. The tasks are
        // apart, as one that may hold a TLS session has room for it.
        match tls.clone() {
            None => tokio::spawn(peer.echo(socket)),
            Some(tls) => tokio::spawn(async move { peer.echo(tls.accept(socket).await?).await }),
        };
    }
}
