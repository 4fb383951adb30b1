//! A source of events, and what it is ready for.

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;
use std::task::Poll;

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Interest, Token};

use super::stream::Stream;
use super::{EventLoop, TaskId};

/// What a source is ready for, until an attempt finds otherwise. The operating system
/// tells each change once.
pub(super) struct Readiness {
    readable: Cell<bool>,
    writable: Cell<bool>,
    /// There are no more changes: the peer ended its sending direction, or the source
    /// broke. What is left to be read, and then the end, come without another event.
    is_final: Cell<bool>,
    /// The task found nothing to read, and nothing came since.
    awaits_reading: Cell<bool>,
    /// The group that it was read for last, where it can be read ahead. There is no group 0.
    read_for: Cell<u64>,
    /// The group that had run last when the task was woken to read; before that, when the
    /// source was new.
    woken_after: Cell<u64>,
    /// The one that waits, or did last.
    task: Cell<TaskId>,
    token: Token,
}

impl Readiness {
    /// Notes an event, and tells whom to wake: nobody where what it tells of was read
    /// before it was asked for.
    pub(super) fn note(&self, event: &Event) -> Option<TaskId> {
        let is_final = event.is_read_closed() || event.is_error();
        self.is_final.set(self.is_final.get() || is_final);
        let readable = event.is_readable() || is_final;
        self.readable.set(self.readable.get() || readable);
        let writable = event.is_writable() || event.is_write_closed() || event.is_error();
        let had_room = self.writable.replace(self.writable.get() || writable);
        (readable || !had_room).then(|| self.task.get())
    }

    pub(super) fn token(&self) -> Token {
        self.token
    }

    pub(super) fn is_readable(&self) -> bool {
        self.readable.get()
    }

    /// Whether the event that came is what the task waits for so as to read; told once.
    pub(super) fn takes_event_for_reading(&self) -> bool {
        self.readable.get() && self.awaits_reading.take()
    }

    pub(super) fn woken_after(&self) -> u64 {
        self.woken_after.get()
    }

    /// The task is woken, and this group ran last.
    pub(super) fn note_woken(&self, last_group: u64) {
        if self.readable.get() {
            self.woken_after.set(last_group);
        }
    }

    pub(super) fn note_read_for(&self, group: u64) {
        self.read_for.set(group);
    }

    /// Whether the task waits for bytes, and those that were read for a group were the last.
    pub(super) fn awaits_more_than(&self, group: u64) -> bool {
        self.awaits_reading.get() && self.read_for.get() == group
    }

    /// Tells which task to wake, where what it waits for so as to read came before an event.
    pub(super) fn take_reader(&self, last_group: u64) -> TaskId {
        self.awaits_reading.set(false);
        self.woken_after.set(last_group);
        self.task.get()
    }

    /// There may be more to read than what was.
    pub(super) fn note_more(&self) {
        self.readable.set(true);
    }

    /// All that there was is read. An attempt would find out, but costs a system call.
    #[inline]
    pub(super) fn note_read_up(&self) {
        self.readable.set(self.is_final.get());
    }
}

/// What an event loop knows of a source.
pub(super) struct Registered {
    pub(super) readiness: Rc<Readiness>,
    /// What can be read ahead.
    pub(super) stream: Option<Rc<Stream>>,
}

/// A source that is registered with an event loop until it is dropped.
pub(super) struct Source<S> {
    inner: Rc<S>,
    readiness: Rc<Readiness>,
    events: Rc<EventLoop>,
}

impl<S: AsFd> Source<S> {
    /// Registers a source. It is ready for anything until an attempt finds otherwise.
    pub(super) fn new(
        inner: Rc<S>,
        stream: Option<Rc<Stream>>,
        events: &Rc<EventLoop>,
    ) -> io::Result<Self> {
        let mut sources = events.sources.borrow_mut();
        let entry = sources.vacant_entry();
        let token = Token(entry.key());
        let readiness = Rc::new(Readiness {
            readable: Cell::new(true),
            writable: Cell::new(true),
            is_final: Cell::new(false),
            awaits_reading: Cell::new(false),
            read_for: Cell::new(0),
            woken_after: Cell::new(events.group()),
            task: Cell::new(events.running()),
            token,
        });
        events.streams.update(|streams| streams + usize::from(stream.is_some()));
        entry.insert(Registered { readiness: Rc::clone(&readiness), stream });
        drop(sources);
        let mut fd = SourceFd(&inner.as_fd().as_raw_fd());
        let interests = Interest::READABLE | Interest::WRITABLE;
        let registered = events.registry.register(&mut fd, token, interests);
        // Dropped, it is forgotten.
        let source = Self { inner, readiness, events: Rc::clone(events) };
        registered.map(|()| source)
    }
}

impl<S> Source<S> {
    pub(super) fn get_ref(&self) -> &Rc<S> {
        &self.inner
    }

    pub(super) fn events(&self) -> &Rc<EventLoop> {
        &self.events
    }

    /// Ready once there may be something to read. Else the running task is woken then.
    #[inline]
    pub(super) fn poll_readable(&self) -> Poll<()> {
        let readable = self.poll_ready(&self.readiness.readable);
        self.readiness.awaits_reading.set(readable.is_pending());
        readable
    }

    /// Attempts to read as soon as there may be something.
    #[inline]
    pub(super) fn poll_read<T>(
        &self,
        mut attempt: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        while self.poll_readable().is_ready() {
            if let done @ Poll::Ready(_) = self.attempt(&self.readiness.readable, &mut attempt) {
                return done;
            }
        }
        Poll::Pending
    }

    /// Attempts to write as soon as there may be room.
    #[inline]
    pub(super) fn poll_write<T>(
        &self,
        mut attempt: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        while self.poll_ready(&self.readiness.writable).is_ready() {
            if let done @ Poll::Ready(_) = self.attempt(&self.readiness.writable, &mut attempt) {
                return done;
            }
        }
        Poll::Pending
    }

    /// All that there was is read.
    #[inline]
    pub(super) fn note_read_up(&self) {
        self.readiness.note_read_up();
    }

    #[cfg(test)]
    pub(super) fn is_final(&self) -> bool {
        self.readiness.is_final.get()
    }

    #[inline]
    fn poll_ready(&self, ready: &Cell<bool>) -> Poll<()> {
        if !ready.get() {
            self.readiness.task.set(self.events.running());
            return Poll::Pending;
        }
        if self.events.may_attempt() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Attempts once. Pending where that is to be done again, as soon as it can be.
    #[inline]
    fn attempt<T>(
        &self,
        ready: &Cell<bool>,
        attempt: &mut impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        match attempt(&self.inner) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.set(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return Poll::Ready(result),
        }
        Poll::Pending
    }
}

impl<S> Drop for Source<S> {
    fn drop(&mut self) {
        let gone = self.events.sources.borrow_mut().try_remove(self.readiness.token.0);
        let has_stream = gone.is_some_and(|registered| registered.stream.is_some());
        self.events.streams.update(|streams| streams - usize::from(has_stream));
    }
}
