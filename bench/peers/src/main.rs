//! Echo servers on other WebSocket libraries, to measure beside Sandsock.
//!
//! All of them share this accept loop on one thread; what they do with a
//! connection is theirs.

mod batched;
mod peer;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
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

    /// Speak TLS with the certificate in this PEM file
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// PEM file of its private key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
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
    let listen = arguments.listen;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        match arguments.peer {
            Name::Raw => serve(Raw, listen, tls).await,
            Name::TokioTungstenite => serve(TokioTungstenite::AsItComes, listen, tls).await,
            Name::TokioTungstenite8k => serve(TokioTungstenite::SmallBuffers, listen, tls).await,
            Name::FastWebSockets => serve(FastWebSockets, listen, tls).await,
            Name::TokioWebSockets => serve(TokioWebSockets, listen, tls).await,
            Name::SockudoWs => serve(SockudoWs, listen, tls).await,
        }
    })
}

async fn serve<P: Peer>(peer: P, listen: SocketAddr, tls: Option<TlsAcceptor>) -> Result<()> {
    let listener = TcpListener::bind(listen).await?;
    println!("listening on {}", listener.local_addr()?);
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
