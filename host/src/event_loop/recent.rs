//! Which streams to read from before the operating system tells that bytes came.
//!
//! It looks at each socket once more to tell, which takes 8 % of a worker's time for short
//! messages. Where peers are busy, those that were answered a while ago have mostly sent
//! again, in the order in which they were.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mio::Token;

use super::GROUP;
use super::backoff::Backoff;

/// How long nobody is asked for events at most, as those of other sources wait meanwhile.
const LONGEST: Duration = Duration::from_micros(200);

/// The most reads that are remembered.
const MOST: usize = 8 * GROUP;

/// A read by a task or ahead of it, which may be followed by one ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) source: Token,
    /// The group that it was for.
    pub(super) group: u64,
    /// The stream has been read from again, and had nothing.
    pub(super) was_put_back: bool,
}

/// The reads of late, those first that are longest ago.
pub(super) struct Recent {
    reads: VecDeque<Read>,
    backoff: Backoff,
    /// How long nobody is asked for events at most.
    longest: Duration,
    /// Since when nobody is.
    since: Option<Instant>,
}

impl Default for Recent {
    fn default() -> Self {
        Self::new(LONGEST)
    }
}

impl Recent {
    fn new(longest: Duration) -> Self {
        Self { reads: VecDeque::new(), backoff: Backoff::default(), longest, since: None }
    }

    /// Adds a read.
    pub(super) fn add(&mut self, read: Read) {
        if self.reads.len() == MOST {
            self.reads.pop_front();
        }
        self.reads.push_back(read);
    }

    /// Events were asked for.
    pub(super) fn note_events(&mut self) {
        self.since = None;
    }

    /// Whether to read from any again, where `last` is the group that ran last.
    pub(super) fn is_due(&mut self, last: u64) -> bool {
        if self.reads.front().is_none_or(|read| read.group >= last) || !self.backoff.is_due() {
            return false;
        }
        if let Some(since) = self.since {
            return since.elapsed() < self.longest;
        }
        self.since = Some(Instant::now());
        true
    }

    /// Takes the read that is longest ago; none of the group that ran last, whose peers have
    /// hardly been answered.
    pub(super) fn next(&mut self, last: u64) -> Option<Read> {
        self.reads.pop_front_if(|read| read.group < last)
    }

    /// Puts back a read whose stream has nothing yet, to be the next. Returns whether it did:
    /// only once, so that a peer that has left off keeps nobody else waiting.
    pub(super) fn put_back(&mut self, read: Read) -> bool {
        if !read.was_put_back {
            self.reads.push_front(Read { was_put_back: true, ..read });
        }
        !read.was_put_back
    }

    /// Notes how many reads were made again, and how many of them found bytes.
    pub(super) fn note(&mut self, again: usize, found: usize) {
        if again > 0 {
            self.backoff.note(2 * found >= again);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{self, Read as _, Write};
    use std::net::TcpStream;
    use std::rc::Rc;

    use tokio::io::AsyncReadExt;
    use tokio::sync::Notify;
    use tokio::sync::mpsc::channel;

    use super::*;
    use crate::event_loop::EventLoop;
    use crate::event_loop::tests::{Done, accept, be_woken, listen, run};

    const SHORT: Duration = Duration::from_nanos(1);
    const LONG: Duration = Duration::from_mins(1);

    fn read(source: usize, group: u64) -> Read {
        Read { source: Token(source), group, was_put_back: false }
    }

    /// With reads for the groups 1 and 2.
    fn recent(longest: Duration) -> Recent {
        let mut recent = Recent::new(longest);
        for read in [read(5, 1), read(3, 1), read(4, 2)] {
            recent.add(read);
        }
        recent
    }

    #[test]
    fn the_longest_ago_is_first_and_the_last_group_is_left_out() {
        let mut recent = recent(LONG);
        assert!(!recent.is_due(1));
        assert_eq!(recent.next(1), None);
        assert!(recent.is_due(2));
        assert_eq!([(); 3].map(|()| recent.next(2)), [Some(read(5, 1)), Some(read(3, 1)), None]);
        assert!(!recent.is_due(2));
        assert!(recent.is_due(3));
    }

    #[test]
    fn one_that_finds_nothing_is_the_next_once_more() {
        let mut recent = recent(LONG);
        let first = recent.next(2).unwrap();
        assert!(recent.put_back(first));
        let again = recent.next(2).unwrap();
        assert_eq!(again.source, first.source);
        assert!(!recent.put_back(again));
        assert_eq!(recent.next(2), Some(read(3, 1)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut recent = Recent::new(LONG);
        for source in 0..=MOST {
            recent.add(read(source, 1));
        }
        assert_eq!(recent.next(2), Some(read(1, 1)));
        assert_eq!((1..=MOST).map_while(|_| recent.next(2)).count(), MOST - 1);
    }

    #[test]
    fn events_are_asked_for_in_between() {
        let mut patient = recent(LONG);
        assert_eq!([(); 3].map(|()| patient.is_due(2)), [true; 3]);
        let mut recent = recent(SHORT);
        for _ in 0..3 {
            assert_eq!([(); 3].map(|()| recent.is_due(2)), [true, false, false]);
            recent.note_events();
        }
    }

    #[test]
    fn reads_that_find_little_are_put_off() {
        let mut recent = recent(LONG);
        recent.note(4, 2);
        assert!(recent.is_due(2));
        for put_off in [2, 4] {
            recent.note(4, 1);
            // None was made: that tells nothing.
            recent.note(0, 0);
            assert_eq!((0..99).take_while(|_| !recent.is_due(2)).count(), put_off);
        }
    }

    #[test]
    fn one_that_was_read_from_alone_is_remembered_too() -> Done {
        let events = EventLoop::new(Duration::ZERO)?;
        let (listener, address) = listen(&events)?;
        run(&events, async {
            let mut peer = TcpStream::connect(address)?;
            let mut socket = accept(&listener).await?;
            let (done, mut is_done) = channel(1);
            events.spawn(async move {
                socket.read_u8().await.unwrap();
                done.send(socket).await.unwrap();
            });
            events.yield_now().await;
            peer.write_all(b"?")?;
            let _socket = is_done.recv().await;
            assert_eq!(events.ahead.borrow().recent.reads.len(), 1);
            Ok(())
        })
    }

    #[test]
    fn what_nobody_waits_for_is_not_read_again() -> Done {
        let events = EventLoop::new(Duration::ZERO)?;
        let (listener, address) = listen(&events)?;
        run(&events, async {
            let mut peers = [TcpStream::connect(address)?, TcpStream::connect(address)?];
            let (done, mut sockets) = channel(peers.len());
            for _ in &peers {
                let (mut socket, done) = (accept(&listener).await?, done.clone());
                events.spawn(async move {
                    socket.read_u8().await.unwrap();
                    done.send(socket).await.unwrap();
                });
            }
            events.yield_now().await;
            for peer in &mut peers {
                peer.write_all(b"?")?;
            }
            let sockets = [sockets.recv().await.unwrap(), sockets.recv().await.unwrap()];
            assert_eq!(events.ahead.borrow().recent.reads.len(), peers.len());
            for peer in &mut peers {
                peer.write_all(b"more")?;
            }
            while !events.ahead.borrow().recent.reads.is_empty() {
                be_woken().await;
            }
            assert_eq!(sockets.map(|socket| socket.waiting()), [4; 2]);
            Ok(())
        })
    }

    /// Two halves, each of which has the other's peers send as it gets what they sent.
    #[test]
    fn busy_peers_are_read_from_before_events_are_asked_for() -> Done {
        const HALF: usize = 3;
        const TIMES: u32 = 20;
        let events = EventLoop::new(Duration::ZERO)?;
        let (listener, address) = listen(&events)?;
        run(&events, async {
            let mut sockets = Vec::new();
            let mut peers = Vec::new();
            for _ in 0..2 * HALF {
                peers.push(TcpStream::connect(address)?);
                sockets.push(accept(&listener).await?);
            }
            let before_events = Rc::new(Cell::new(0));
            let (served, all_served) = (Rc::new(Cell::new(0)), Rc::new(Notify::new()));
            let mut tasks = Vec::new();
            for (at, mut socket) in sockets.into_iter().enumerate() {
                let mut other = peers[(at + HALF) % (2 * HALF)].try_clone()?;
                let (events, before_events) = (Rc::clone(&events), Rc::clone(&before_events));
                let (served, all_served) = (Rc::clone(&served), Rc::clone(&all_served));
                tasks.push(events.clone().spawn(async move {
                    while socket.read_u8().await.is_ok() {
                        let asked = events.ahead.borrow().recent.since.is_none();
                        before_events.update(|count| count + u32::from(!asked));
                        if before_events.get() < TIMES {
                            other.write_all(b"!").unwrap();
                        } else {
                            served.update(|served| served + 1);
                            all_served.notify_one();
                        }
                    }
                }));
            }
            let wait_for_all = async || {
                while served.get() < HALF {
                    all_served.notified().await;
                }
                served.set(0);
            };
            peers[..HALF].iter_mut().try_for_each(|peer| peer.write_all(b"?"))?;
            wait_for_all().await;
            // Peers that were read from in vain are told of by events.
            for half in [HALF.., 0..] {
                for peer in peers[half].iter_mut().take(HALF) {
                    peer.write_all(b"?")?;
                }
                wait_for_all().await;
            }
            // It holds no socket.
            for task in tasks {
                events.cancel(task);
            }
            for peer in &mut peers {
                peer.set_read_timeout(Some(LONG))?;
                assert_eq!(peer.read(&mut [0])?, 0);
            }
            io::Result::Ok(())
        })
    }
}
