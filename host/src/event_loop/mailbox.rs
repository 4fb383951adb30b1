//! Who was woken by a waker, on whichever thread.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;
use std::thread::{self, ThreadId};

use super::TaskId;

pub(super) struct Mailbox {
    woken: Mutex<Vec<TaskId>>,
    /// Whether there is anybody. Looking at it is cheap.
    is_filled: AtomicBool,
    /// The loop's own, which looks before it sleeps.
    thread: ThreadId,
    bell: mio::Waker,
}

impl Mailbox {
    /// An empty one for a loop on this thread, and how to get it out of its sleep.
    pub(super) fn new(bell: mio::Waker) -> Self {
        Self {
            woken: Mutex::default(),
            is_filled: AtomicBool::new(false),
            thread: thread::current().id(),
            bell,
        }
    }

    /// Takes all that were woken.
    pub(super) fn take(&self) -> Vec<TaskId> {
        // Whoever comes in between rings the bell for nothing.
        if !self.is_filled.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        mem::take(&mut *self.woken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, task: TaskId) {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner).push(task);
        let is_first = !self.is_filled.swap(true, Ordering::AcqRel);
        if is_first && thread::current().id() != self.thread {
            // Fails only if the loop is gone, or there is no memory: it cannot be told.
            let _ = self.bell.wake();
        }
    }
}

/// The waker of a task.
pub(super) struct Envelope {
    pub(super) task: TaskId,
    pub(super) mailbox: Arc<Mailbox>,
}

impl Wake for Envelope {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.mailbox.put(self.task);
    }
}
