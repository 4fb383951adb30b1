//! Echo for libraries whose WebSocket is a stream and a sink of messages.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};

use anyhow::Result;
use futures_util::{Sink, Stream};

/// Echoes until the stream ends, and flushes when no further message is there, so
/// that the echoes of one read leave in one write.
///
/// Up to `gathered` messages are taken before the first is answered. One is best
/// unless the library flushes whenever it is asked for a message.
pub(crate) async fn echo<W, M, E>(
    mut websocket: W,
    gathered: usize,
    is_echoed: fn(&M) -> bool,
) -> Result<()>
where
    W: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    E: Into<anyhow::Error>,
{
    let mut answers = VecDeque::new();
    poll_fn(|context| {
        let mut websocket = Pin::new(&mut websocket);
        loop {
            let mut more = true;
            while more && answers.len() < gathered {
                match websocket.as_mut().poll_next(context) {
                    Poll::Ready(Some(message)) => answers.extend(Some(message?).filter(is_echoed)),
                    Poll::Ready(None) => return Poll::Ready(Ok(())),
                    Poll::Pending => more = false,
                }
            }
            while !answers.is_empty() {
                ready!(websocket.as_mut().poll_ready(context))?;
                if let Some(answer) = answers.pop_front() {
                    websocket.as_mut().start_send(answer)?;
                }
            }
            if !more {
                ready!(websocket.as_mut().poll_flush(context))?;
                return Poll::Pending;
            }
        }
    })
    .await
    .map_err(E::into)
}
