//! The limit: bytes come back as they are, without a protocol.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use anyhow::Result;
use tokio::io::ReadBuf;

use crate::{Peer, Transport};

/// Bytes of one read.
const READ_BYTES: usize = 256 * 1024;

thread_local! {
    /// All connections read into it, so that none holds a buffer of its own.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

#[derive(Clone, Copy)]
pub(crate) struct Raw;

impl Peer for Raw {
    async fn echo<T: Transport>(self, mut transport: T) -> Result<()> {
        let mut unsent = Vec::new();
        poll_fn(|context| {
            BUFFER.with_borrow_mut(|buffer| {
                poll_echo(Pin::new(&mut transport), context, buffer, &mut unsent)
            })
        })
        .await
    }
}

/// Echoes what is there; `unsent` are bytes that TCP had no room for.
fn poll_echo<T: Transport>(
    mut transport: Pin<&mut T>,
    context: &mut Context,
    buffer: &mut [u8],
    unsent: &mut Vec<u8>,
) -> Poll<Result<()>> {
    loop {
        while !unsent.is_empty() {
            let length = ready!(transport.as_mut().poll_write(context, unsent))?;
            unsent.drain(..length);
        }
        let mut read = ReadBuf::new(buffer);
        if transport.as_mut().poll_read(context, &mut read)?.is_pending() {
            ready!(transport.as_mut().poll_flush(context))?;
            return Poll::Pending;
        }
        let bytes = read.filled();
        if bytes.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let sent = match transport.as_mut().poll_write(context, bytes)? {
            Poll::Ready(length) => length,
            Poll::Pending => 0,
        };
        unsent.extend_from_slice(&bytes[sent..]);
    }
}
