//! sockudo-ws.

use ::sockudo_ws::deflate::{DeflateConfig, DeflateNegotiation, negotiate_server_deflate};
use ::sockudo_ws::handshake::{build_response, generate_accept_key, parse_request};
use ::sockudo_ws::{CompressedWebSocketStream, Config, Message, Role, WebSocketStream};
use anyhow::{Result, ensure};
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Peer, Transport, batched};

#[derive(Clone, Copy)]
pub(crate) struct SockudoWs;

impl Peer for SockudoWs {
    async fn echo<T: Transport>(self, mut transport: T) -> Result<()> {
        let (deflate, leftover) = open(&mut transport).await?;
        let leftover = Some(leftover.freeze()).filter(|bytes| !bytes.is_empty());
        let config = Config::default();
        if let Some(deflate) = deflate {
            let websocket = CompressedWebSocketStream::server_with_leftover(
                transport, config, deflate, leftover,
            );
            batched::echo(websocket, 1, is_echoed).await
        } else {
            let websocket =
                WebSocketStream::from_raw_with_leftover(transport, Role::Server, config, leftover);
            batched::echo(websocket, 1, is_echoed).await
        }
    }
}

fn is_echoed(message: &Message) -> bool {
    matches!(message, Message::Text(_) | Message::Binary(_))
}

/// The opening handshake, with permessage-deflate if the client offers it; and
/// what came behind it.
async fn open<T: Transport>(transport: &mut T) -> Result<(Option<DeflateConfig>, BytesMut)> {
    let mut head = BytesMut::with_capacity(4096);
    loop {
        ensure!(transport.read_buf(&mut head).await? > 0, "the request ends early");
        let Some((request, length)) = parse_request(&head)? else { continue };
        let agreed = request
            .extensions
            .and_then(|offers| negotiate_server_deflate(offers, &DeflateConfig::default()));
        let accept = generate_accept_key(request.key);
        let extensions = agreed.as_ref().map(DeflateNegotiation::to_response_header);
        let response = build_response(&accept, None, extensions.as_deref());
        transport.write_all(&response).await?;
        transport.flush().await?;
        return Ok((agreed.map(|agreed| agreed.config), head.split_off(length)));
    }
}
