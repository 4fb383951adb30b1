//! A source of events, and what it is ready for.

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;
use std::task::Poll;

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Interest, Token};

use super::{EventLoop, TaskId};

/// What a source is ready for, until an attempt finds otherwise. The operating system
/// tells each change once.
pub(super) struct Readiness {
    readable: Cell<bool>,
    writable: Cell<bool>,
    /// There are no more changes: the peer ended its sending direction, or the source
    /// broke. What is left to be read, and then the end, come without another event.
    is_final: Cell<bool>,
    /// The one that waits, or did last.
    task: Cell<TaskId>,
}

impl Readiness {
    /// Notes an event, and tells whom to wake.
    pub(super) fn note(&self, event: &Event) -> TaskId {
        let is_final = event.is_read_closed() || event.is_error();
        self.is_final.set(self.is_final.get() || is_final);
        self.readable.set(self.readable.get() || event.is_readable() || is_final);
        let writable = event.is_writable() || event.is_write_closed() || event.is_error();
        self.writable.set(self.writable.get() || writable);
        self.task.get()
    }
}

/// A source that is registered with an event loop until it is dropped.
pub(super) struct Source<S> {
    inner: Rc<S>,
    readiness: Rc<Readiness>,
    token: Token,
    events: Rc<EventLoop>,
}

impl<S: AsFd> Source<S> {
    /// Registers a source. It is ready for anything until an attempt finds otherwise.
    pub(super) fn new(inner: S, events: &Rc<EventLoop>) -> io::Result<Self> {
        let readiness = Rc::new(Readiness {
            readable: Cell::new(true),
            writable: Cell::new(true),
            is_final: Cell::new(false),
            task: Cell::new(events.running()),
        });
        let token = Token(events.sources.borrow_mut().insert(Rc::clone(&readiness)));
        let mut fd = SourceFd(&inner.as_fd().as_raw_fd());
        let interests = Interest::READABLE | Interest::WRITABLE;
        let registered = events.registry.register(&mut fd, token, interests);
        // Dropped, it is forgotten.
        let source = Self { inner: Rc::new(inner), readiness, token, events: Rc::clone(events) };
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
        self.poll_ready(&self.readiness.readable)
    }

    /// Attempts to read as soon as there may be something.
    #[inline]
    pub(super) fn poll_read<T>(
        &self,
        attempt: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        self.poll_attempt(&self.readiness.readable, attempt)
    }

    /// Attempts to write as soon as there may be room.
    #[inline]
    pub(super) fn poll_write<T>(
        &self,
        attempt: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        self.poll_attempt(&self.readiness.writable, attempt)
    }

    /// All that there was is read. An attempt would find out, but costs a system call.
    #[inline]
    pub(super) fn is_read_up(&self) {
        self.readiness.readable.set(self.readiness.is_final.get());
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

    #[inline]
    fn poll_attempt<T>(
        &self,
        ready: &Cell<bool>,
        mut attempt: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        while self.poll_ready(ready).is_ready() {
            match attempt(&self.inner) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.set(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Poll::Ready(result),
            }
        }
        Poll::Pending
    }
}

impl<S> Drop for Source<S> {
    fn drop(&mut self) {
        self.events.sources.borrow_mut().try_remove(self.token.0);
    }
}
