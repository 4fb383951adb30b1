//! Reads for tasks that are about to read anyway, one behind another: as with the sends
//! of a [`Batch`](super::batch::Batch), each finds the last one's way in the processor's
//! caches.

use std::collections::VecDeque;
use std::mem;
use std::rc::Rc;

use slab::Slab;

use super::recent::{Read, Recent};
use super::source::{Readiness, Registered};
use super::stream::Stream;
use super::{GROUP, TaskId};

/// What is read ahead of a task at most, in bytes, as each task of a group has a buffer.
pub(super) const LONGEST: usize = 8 << 10;

/// The streams that are read ahead of the tasks that wait for bytes.
#[derive(Default)]
pub(super) struct Ahead {
    streams: VecDeque<(Rc<Readiness>, Rc<Stream>)>,
    pub(super) recent: Recent,
    buffers: Buffers,
}

/// Empty buffers, to be used again.
#[derive(Default)]
struct Buffers(Vec<Vec<u8>>);

impl Buffers {
    fn take(&mut self) -> Vec<u8> {
        self.0.pop().unwrap_or_else(|| Vec::with_capacity(LONGEST))
    }

    /// Puts one back, if it was not kept.
    fn put_back(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() > 0 && self.0.len() < GROUP {
            buffer.clear();
            self.0.push(buffer);
        }
    }
}

impl Ahead {
    /// Adds a stream to which an event came, if its task waits for bytes. Where they are
    /// many, the task has better room for them.
    pub(super) fn add(&mut self, readiness: &Rc<Readiness>, stream: &Rc<Stream>) {
        if readiness.takes_event_for_reading() && stream.has_little() {
            self.streams.push_back((Rc::clone(readiness), Rc::clone(stream)));
        }
    }

    /// Reads for the next so many tasks, which are a group. A single one does as well itself;
    /// it is remembered like others, as its peer may be as busy.
    pub(super) fn read(&mut self, tasks: usize, group: u64) {
        let count = self.streams.len().min(tasks);
        let mut streams = mem::take(&mut self.streams);
        for (readiness, stream) in streams.range(..count) {
            // Its task may have run already, and wait again: nobody would tell it.
            let is_unread = !stream.has_ahead() && readiness.is_readable();
            if is_unread && count > 1 {
                self.read_stream(readiness, stream);
            }
            let is_lone = is_unread && count == 1;
            if stream.has_ahead() || is_lone {
                readiness.note_read_for(group);
                self.recent.add(Read { source: readiness.token(), group, was_put_back: false });
            }
        }
        for (_, stream) in streams.drain(..count) {
            stream.prepare();
        }
        self.streams = streams;
    }

    /// Reads from streams that had bytes lately, as if events had come to them. Returns
    /// whether there were more for any.
    pub(super) fn read_recent(
        &mut self,
        sources: &Slab<Registered>,
        last_group: u64,
        mut wake: impl FnMut(TaskId),
    ) -> bool {
        if !self.recent.is_due(last_group) {
            return false;
        }
        let (mut reads, mut found) = (0, 0);
        while reads < GROUP
            && let Some(read) = self.recent.next(last_group)
        {
            let Some(Registered { readiness, stream: Some(stream) }) = sources.get(read.source.0)
            else {
                continue;
            };
            let awaits_bytes = readiness.awaits_more_than(read.group) && !stream.has_ahead();
            if !awaits_bytes || !stream.has_little() {
                continue;
            }
            reads += 1;
            self.read_stream(readiness, stream);
            if stream.has_ahead() {
                found += 1;
                wake(readiness.take_reader(last_group));
                self.streams.push_back((Rc::clone(readiness), Rc::clone(stream)));
            } else if self.recent.put_back(read) {
                // Those behind it were answered later, and are not to be served before it.
                break;
            }
        }
        self.recent.note(reads, found);
        found > 0
    }

    /// Events were asked for.
    pub(super) fn note_events(&mut self) {
        self.recent.note_events();
    }

    fn read_stream(&mut self, readiness: &Readiness, stream: &Stream) {
        let mut buffer = self.buffers.take();
        if stream.read_ahead(&mut buffer) {
            readiness.note_read_up();
        } else {
            readiness.note_more();
        }
        self.buffers.put_back(buffer);
    }

    /// Takes back what a stream was given to read to.
    pub(super) fn put_back(&mut self, buffer: Vec<u8>) {
        self.buffers.put_back(buffer);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::io::{self, Write};
    use std::net::TcpStream;
    use std::pin::Pin;
    use std::time::Duration;

    use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::event_loop::tests::{Done, accept, listen, run};
    use crate::event_loop::{EventLoop, Prepare, Socket};

    /// Waits for bytes, and takes one. Tells whether it was read ahead.
    async fn take_first(socket: &mut Socket) -> io::Result<bool> {
        let mut was_ahead = false;
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        poll_fn(|cx| {
            was_ahead = socket.has_ahead();
            if was_ahead {
                assert!(socket.poll_readable().is_ready());
                assert_eq!(socket.waiting(), 0, "what is ahead would be passed");
            }
            Pin::new(&mut *socket).poll_read(cx, &mut buffer)
        })
        .await?;
        Ok(was_ahead)
    }

    /// Counts how often it is to prepare.
    #[derive(Default)]
    struct Prepared(Cell<usize>);

    impl Prepare for Prepared {
        fn prepare(&self) {
            self.0.update(|count| count + 1);
        }
    }

    #[test]
    fn of_several_tasks_that_wait_each_has_its_bytes_read_ahead() -> Done {
        let cases = [(1, 9), (2, 1), (2, 9), (3, LONGEST), (3, LONGEST + 1), (3, 3 * LONGEST)];
        for (count, len) in cases {
            let events = EventLoop::new(Duration::ZERO)?;
            let (listener, address) = listen(&events)?;
            run(&events, async {
                let (told, mut tasks) = unbounded_channel();
                let prepared = Rc::new(Prepared::default());
                let mut peers = Vec::new();
                for _ in 0..count {
                    peers.push(TcpStream::connect(address)?);
                    let (mut socket, told) = (accept(&listener).await?, told.clone());
                    socket.set_reader(Rc::clone(&prepared) as _);
                    events.spawn(async move {
                        loop {
                            let was_ahead = take_first(&mut socket).await.unwrap();
                            let mut rest = vec![0; len - 1];
                            socket.read_exact(&mut rest).await.unwrap();
                            told.send((was_ahead, rest)).unwrap();
                        }
                    });
                }
                let mut ahead = 0;
                for round in 0..3_usize {
                    // They find nothing yet. Then their events come together.
                    events.yield_now().await;
                    let sent: Vec<u8> =
                        (round..).map(|at| (at % 251).to_le_bytes()[0]).take(len).collect();
                    for peer in &mut peers {
                        peer.write_all(&sent)?;
                    }
                    for _ in 0..count {
                        let (was_ahead, rest) = tasks.recv().await.unwrap();
                        assert!(rest == sent[1..], "{} of {len}", rest.len());
                        ahead += usize::from(was_ahead);
                    }
                }
                assert!(ahead > 0 || count == 1, "none of {count}");
                assert!(prepared.0.get() >= ahead, "{ahead}");
                Ok(())
            })?;
        }
        Ok(())
    }

    #[test]
    fn nothing_is_read_ahead_of_tasks_that_read_much() -> Done {
        let events = EventLoop::new(Duration::ZERO)?;
        let (listener, address) = listen(&events)?;
        run(&events, async {
            let (told, mut tasks) = unbounded_channel();
            let mut peers = [TcpStream::connect(address)?, TcpStream::connect(address)?];
            for peer in &mut peers {
                peer.write_all(&[0; LONGEST])?;
                let (mut socket, told) = (accept(&listener).await?, told.clone());
                events.spawn(async move {
                    socket.read_exact(&mut [0; LONGEST]).await.unwrap();
                    told.send(false).unwrap();
                    told.send(take_first(&mut socket).await.unwrap()).unwrap();
                });
            }
            for _ in &peers {
                assert_eq!(tasks.recv().await, Some(false));
            }
            // Now they wait.
            events.yield_now().await;
            for peer in &mut peers {
                peer.write_all(b"more")?;
            }
            for _ in &peers {
                assert_eq!(tasks.recv().await, Some(false));
            }
            Ok(())
        })
    }

    #[test]
    fn nothing_is_read_that_nobody_waits_for() -> Done {
        let events = EventLoop::new(Duration::ZERO)?;
        let (listener, address) = listen(&events)?;
        run(&events, async {
            let mut peers = [TcpStream::connect(address)?, TcpStream::connect(address)?];
            let sockets = [accept(&listener).await?, accept(&listener).await?];
            for peer in &mut peers {
                peer.write_all(b"bytes")?;
            }
            // Two tasks that do something else.
            for _ in &peers {
                let others = Rc::clone(&events);
                events.spawn(async move {
                    loop {
                        others.yield_now().await;
                    }
                });
            }
            while sockets.each_ref().map(Socket::waiting) != [5; 2] {
                events.yield_now().await;
            }
            for _ in 0..3 {
                events.yield_now().await;
            }
            assert_eq!(sockets.each_ref().map(Socket::has_ahead), [false; 2]);
            assert_eq!(sockets.each_ref().map(Socket::waiting), [5; 2]);
            Ok(())
        })
    }
}
