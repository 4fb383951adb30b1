//! Short outputs that are sent one behind another.
//!
//! The kernel's way of a packet is long. Where a read and a call come between two sends,
//! each finds other things in the processor's caches; in a batch it finds those of the
//! send before.

use std::rc::Rc;

use super::TaskId;
use super::stream::{Follows, Stream};

/// The most outputs of a batch.
pub(super) const MOST: usize = 32;

/// The longest output in a batch, in bytes, as it has to be copied.
pub(super) const LONGEST: usize = 4 << 10;

#[derive(Default)]
pub(super) struct Batch {
    /// One for each output. They lie apart so that an `Output` is only copied, and written
    /// to its place at once instead of by way of the stack.
    streams: Vec<Rc<Stream>>,
    outputs: Vec<Output>,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Output {
    /// Where its bytes end. They begin where those of the output before it end.
    end: usize,
    follows: Follows,
    task: TaskId,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Adds an output of a task.
    pub(super) fn put(
        &mut self,
        stream: &Rc<Stream>,
        bytes: &[u8],
        follows: Follows,
        task: TaskId,
    ) {
        self.bytes.extend_from_slice(bytes);
        let end = self.bytes.len();
        self.streams.push(Rc::clone(stream));
        self.outputs.push(Output { end, follows, task });
    }

    /// Sends all, and tells whose outputs have to wait for room.
    pub(super) fn send(&mut self, mut waits: impl FnMut(TaskId)) {
        let mut start = 0;
        for (stream, output) in self.streams.drain(..).zip(self.outputs.drain(..)) {
            let Output { end, follows, task } = output;
            if !stream.send(&self.bytes[start..end], follows) {
                waits(task);
            }
            start = end;
        }
        self.bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::error::Error;
    use std::future::{Future, poll_fn};
    use std::io::{self, IoSlice, Read};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::pin::Pin;
    use std::sync::mpsc;
    use std::task::Poll;
    use std::thread;
    use std::time::Duration;

    use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
    use tokio::sync::mpsc::channel;

    use super::*;
    use crate::event_loop::tests::{Done, MUCH, accept, listen, run};
    use crate::event_loop::{EventLoop, Socket};

    /// Turns that tasks have before peers read.
    const TURNS: usize = 16;
    /// Those in which a socket is filled: its peer's side may be late to take its part.
    const FILLING: usize = 8;

    /// Serves so many connections by a task each, which have their turns together. Tells
    /// what arrives at the peers, which read only when all tasks have had some turns.
    fn arriving<F>(
        count: usize,
        serve: impl Fn(Socket, Rc<EventLoop>) -> F,
    ) -> Result<Vec<Vec<u8>>, Box<dyn Error>>
    where
        F: Future<Output = io::Result<()>> + 'static,
    {
        let events = EventLoop::new(Duration::ZERO)?;
        let (listener, address) = listen(&events)?;
        let (go, reading) = mpsc::channel();
        let peers = thread::spawn(move || {
            let peers: Vec<_> = (0..count).map(|_| TcpStream::connect(address).unwrap()).collect();
            reading.recv().unwrap();
            let read = |mut peer: TcpStream| {
                let mut all = Vec::new();
                peer.read_to_end(&mut all).map(|_| all)
            };
            peers.into_iter().map(read).collect::<io::Result<_>>()
        });
        run(&events, async {
            let (done, mut results) = channel(count);
            let mut sockets = Vec::new();
            for _ in 0..count {
                sockets.push(accept(&listener).await?);
            }
            for socket in sockets {
                let (task, done) = (serve(socket, Rc::clone(&events)), done.clone());
                events.spawn(async move { done.send(task.await).await.unwrap() });
            }
            drop(done);
            for _ in 0..TURNS {
                events.yield_now().await;
            }
            go.send(()).unwrap();
            while let Some(result) = results.recv().await {
                result?;
            }
            Ok(())
        })?;
        Ok(peers.join().unwrap()?)
    }

    /// Sends for as long as there is room, and asks for another turn.
    fn fill(socket: &Socket, events: &EventLoop) -> Poll<io::Result<()>> {
        while socket.poll_send(&[0; 2 * LONGEST], Follows::Anything)?.is_ready() {}
        events.wake(events.running());
        Poll::Pending
    }

    /// Bytes that tell where they are.
    fn numbered(count: usize) -> Vec<u8> {
        (0..count).map(|at| (at % 251).to_le_bytes()[0]).collect()
    }

    #[test]
    fn the_outputs_of_a_turn_are_a_batch_and_a_single_one_is_none() -> Done {
        for (count, expected) in [(1, &[0][..]), (3, &[1, 2, 3])] {
            let lens = Rc::new(RefCell::new(Vec::new()));
            let arrived = arriving(count, |mut socket, events| {
                let lens = Rc::clone(&lens);
                async move {
                    socket.write_all(b"short").await?;
                    lens.borrow_mut().push(events.batch.borrow().len());
                    Ok(())
                }
            })?;
            assert_eq!(*lens.borrow(), expected);
            assert!(
                arrived.iter().all(|arrived| arrived == b"short"),
                "though sockets are dropped"
            );
        }
        Ok(())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_leads_to_the_end_waits_for_it_in_a_batch_too() -> Done {
        let events = EventLoop::new(Duration::ZERO)?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut peer = TcpStream::connect(listener.local_addr()?)?;
        let tcp = mio::net::TcpStream::from_std(listener.accept()?.0);
        let stream = Rc::new(Stream::new(tcp));
        let mut batch = Batch::default();
        batch.put(&stream, b"Close", Follows::End, events.running());
        batch.send(|_| panic!("there is room"));
        peer.set_nonblocking(true)?;
        let early = peer.read(&mut [0]).unwrap_err();
        assert_eq!(early.kind(), io::ErrorKind::WouldBlock);
        stream.tcp().shutdown(Shutdown::Write)?;
        peer.set_nonblocking(false)?;
        let mut received = Vec::new();
        peer.read_to_end(&mut received)?;
        assert_eq!(received, b"Close");
        Ok(())
    }

    #[test]
    fn a_full_batch_is_sent() -> Done {
        let arrived = arriving(2, async |mut socket, events| {
            for n in numbered(3 * MOST) {
                socket.write_all(&[n]).await?;
                assert!(events.batch.borrow().len() <= MOST);
            }
            socket.shutdown().await
        })?;
        assert!(arrived.iter().all(|arrived| *arrived == numbered(3 * MOST)));
        Ok(())
    }

    #[test]
    fn outputs_arrive_in_order_be_they_long_or_short() -> Done {
        let lens = [1, LONGEST, LONGEST + 1, 2, 9 * LONGEST, 3];
        let all = numbered(lens.iter().sum());
        let arrived = arriving(3, |mut socket, _| {
            let all = all.clone();
            async move {
                let mut rest = &all[..];
                for len in lens {
                    socket.write_all(rest.split_off(..len).unwrap()).await?;
                }
                socket.shutdown().await
            }
        })?;
        assert!(arrived.iter().all(|arrived| *arrived == all));
        Ok(())
    }

    #[test]
    fn outputs_of_several_buffers_arrive_in_order() -> Done {
        let all = numbered(24 * LONGEST);
        let arrived = arriving(3, |mut socket, _| {
            let all = all.clone();
            async move {
                let mut rest = &all[..];
                while let Some(short) = rest.split_off(..1) {
                    socket.write_all(short).await?;
                    let parts: Vec<_> = rest.chunks(LONGEST + 1).map(IoSlice::new).collect();
                    let count = socket.write_vectored(&parts).await?;
                    rest = &rest[count..];
                }
                socket.shutdown().await
            }
        })?;
        assert!(arrived.iter().all(|arrived| *arrived == all));
        Ok(())
    }

    #[test]
    fn outputs_for_which_there_is_no_room_follow() -> Done {
        let all = numbered(MUCH);
        let arrived = arriving(3, |mut socket, _| {
            let all = all.clone();
            async move {
                for part in all.chunks(LONGEST) {
                    socket.write_all(part).await?;
                }
                socket.shutdown().await
            }
        })?;
        assert!(arrived.iter().all(|arrived| *arrived == all));
        Ok(())
    }

    #[test]
    fn a_task_whose_output_waits_for_room_is_told_and_sends_no_more() -> Done {
        let arrived = arriving(2, async |mut socket, events| {
            let mut turn = 0;
            poll_fn(|cx| {
                turn += 1;
                if turn <= FILLING {
                    return fill(&socket, &events);
                }
                match turn - FILLING {
                    1 => {
                        assert!(socket.poll_send(b"1", Follows::Anything)?.is_ready());
                        Poll::Pending
                    }
                    2 => {
                        assert!(socket.poll_send(b"2", Follows::Anything)?.is_pending());
                        Poll::Pending
                    }
                    _ => Pin::new(&mut socket).poll_flush(cx),
                }
            })
            .await?;
            assert!(turn > FILLING + 2, "told that there is none, and then that there is some");
            Ok(())
        })?;
        assert!(arrived.iter().all(|arrived| arrived.ends_with(b"\x001")));
        Ok(())
    }

    #[test]
    fn a_task_that_only_reads_sends_what_there_was_no_room_for() -> Done {
        let arrived = arriving(2, async |mut socket, events| {
            let mut turn = 0;
            poll_fn(|cx| {
                turn += 1;
                if turn <= FILLING {
                    return fill(&socket, &events);
                }
                if turn == FILLING + 1 {
                    assert!(socket.poll_send(b"1", Follows::Anything)?.is_ready());
                } else {
                    let mut byte = [0];
                    let buffer = &mut ReadBuf::new(&mut byte);
                    assert!(Pin::new(&mut socket).poll_read(cx, buffer)?.is_pending());
                    if !socket.has_rest() {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Pending
            })
            .await
        })?;
        assert!(arrived.iter().all(|arrived| arrived.ends_with(b"\x001")));
        Ok(())
    }
}
