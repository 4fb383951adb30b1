//! tokio-tungstenite.

use ::tokio_tungstenite::accept_async_with_config;
use ::tokio_tungstenite::tungstenite::Message;
use ::tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use anyhow::Result;

use crate::{Peer, Transport, batched};

const SMALL_BUFFER_BYTES: usize = 8 * 1024;

#[derive(Clone, Copy)]
pub(crate) enum TokioTungstenite {
    /// With 128 KiB for reading, and up to as much for writing.
    AsItComes,
    /// With buffers that are cheaper to prepare for a read.
    SmallBuffers,
}

impl Peer for TokioTungstenite {
    async fn echo<T: Transport>(self, transport: T) -> Result<()> {
        let config = match self {
            Self::AsItComes => WebSocketConfig::default(),
            Self::SmallBuffers => WebSocketConfig::default()
                .read_buffer_size(SMALL_BUFFER_BYTES)
                .write_buffer_size(SMALL_BUFFER_BYTES),
        };
        let websocket = accept_async_with_config(transport, Some(config)).await?;
        batched::echo(websocket, 1, |message: &Message| message.is_text() || message.is_binary())
            .await
    }
}
