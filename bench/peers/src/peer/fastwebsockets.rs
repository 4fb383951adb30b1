//! fastwebsockets.
//!
//! It has no way to hold an answer back until more are there. Its own opening
//! handshake needs a hyper server, through which all bytes would then go; so the
//! handshake is done here, as the first example of its documentation has it.

use ::fastwebsockets::{FragmentCollector, OpCode, Role, WebSocket};
use ::tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Peer, Transport};

/// A request that does not end within so many bytes is none.
const MAX_HEAD_BYTES: usize = 4096;

#[derive(Clone, Copy)]
pub(crate) struct FastWebSockets;

impl Peer for FastWebSockets {
    async fn echo<T: Transport>(self, mut transport: T) -> Result<()> {
        open(&mut transport).await?;
        let mut websocket = WebSocket::after_handshake(transport, Role::Server);
        websocket.set_writev(true);
        let mut websocket = FragmentCollector::new(websocket);
        // As its own example for benchmarks has it.
        tokio::task::unconstrained(async {
            loop {
                let frame = websocket.read_frame().await?;
                match frame.opcode {
                    OpCode::Text | OpCode::Binary => websocket.write_frame(frame).await?,
                    OpCode::Close => return Ok(()),
                    _ => {}
                }
            }
        })
        .await
    }
}

/// The opening handshake, for requests of the load generator.
async fn open<T: Transport>(transport: &mut T) -> Result<()> {
    let mut head = Vec::with_capacity(1024);
    while !head.ends_with(b"\r\n\r\n") {
        ensure!(head.len() <= MAX_HEAD_BYTES, "the request never ends");
        ensure!(transport.read_buf(&mut head).await? > 0, "the request ends early");
    }
    let key = head
        .split(|&byte| byte == b'\n')
        .find_map(|line| line.strip_prefix(b"Sec-WebSocket-Key:"))
        .context("the request has no key")?;
    let accept = derive_accept_key(key.trim_ascii());
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    transport.write_all(response.as_bytes()).await?;
    transport.flush().await?;
    Ok(())
}
