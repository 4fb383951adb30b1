//! tokio-websockets.

use ::tokio_websockets::{Message, ServerBuilder};
use anyhow::Result;

use crate::{Peer, Transport, batched};

/// It flushes whenever it is asked for a message; see [`batched::echo`].
const GATHERED: usize = 64;

#[derive(Clone, Copy)]
pub(crate) struct TokioWebSockets;

impl Peer for TokioWebSockets {
    async fn echo<T: Transport>(self, transport: T) -> Result<()> {
        let (_, websocket) = ServerBuilder::new().accept(transport).await?;
        batched::echo(websocket, GATHERED, |message: &Message| {
            message.is_text() || message.is_binary()
        })
        .await
    }
}
