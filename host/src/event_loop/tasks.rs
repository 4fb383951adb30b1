//! The tasks of an event loop, and who is woken.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};

use slab::Slab;
use tracing::error;

use super::mailbox::{Envelope, Mailbox};

/// A task's number until it is done, and another's then: tasks may be woken for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskId(usize);

impl TaskId {
    /// What the loop runs for.
    const MAIN: Self = Self(usize::MAX);
}

struct Task {
    future: RefCell<Pin<Box<dyn Future<Output = ()>>>>,
    waker: Waker,
    is_woken: Cell<bool>,
}

pub(super) struct Tasks {
    tasks: RefCell<Slab<Rc<Task>>>,
    /// Those that are woken, in order.
    queue: RefCell<VecDeque<TaskId>>,
    is_main_woken: Cell<bool>,
    running: Cell<TaskId>,
    mailbox: Arc<Mailbox>,
}

impl Tasks {
    pub(super) fn new(bell: mio::Waker) -> Self {
        Self {
            tasks: RefCell::default(),
            queue: RefCell::default(),
            is_main_woken: Cell::new(true),
            running: Cell::new(TaskId::MAIN),
            mailbox: Arc::new(Mailbox::new(bell)),
        }
    }

    fn waker(&self, task: TaskId) -> Waker {
        Waker::from(Arc::new(Envelope { task, mailbox: Arc::clone(&self.mailbox) }))
    }

    pub(super) fn main_waker(&self) -> Waker {
        self.waker(TaskId::MAIN)
    }

    pub(super) fn running(&self) -> TaskId {
        self.running.get()
    }

    /// Adds a task that is woken.
    pub(super) fn add(&self, future: Pin<Box<dyn Future<Output = ()>>>) -> TaskId {
        let mut tasks = self.tasks.borrow_mut();
        let entry = tasks.vacant_entry();
        let id = TaskId(entry.key());
        let (future, is_woken) = (RefCell::new(future), Cell::new(true));
        entry.insert(Rc::new(Task { future, waker: self.waker(id), is_woken }));
        self.queue.borrow_mut().push_back(id);
        id
    }

    pub(super) fn remove(&self, id: TaskId) {
        let removed = self.tasks.borrow_mut().try_remove(id.0);
        // Here nothing is borrowed: what it drops may wake others.
        drop(removed);
    }

    /// Drops all tasks.
    pub(super) fn clear(&self) {
        drop(self.tasks.take());
    }

    #[inline]
    pub(super) fn wake(&self, id: TaskId) {
        if id == TaskId::MAIN {
            self.is_main_woken.set(true);
        } else if let Some(task) = self.tasks.borrow().get(id.0)
            && !task.is_woken.replace(true)
        {
            self.queue.borrow_mut().push_back(id);
        }
    }

    /// Whether anybody is woken.
    pub(super) fn is_any_woken(&self) -> bool {
        for id in self.mailbox.take() {
            self.wake(id);
        }
        self.is_main_woken.get() || !self.queue.borrow().is_empty()
    }

    /// How many tasks are woken, besides what the loop runs for.
    pub(super) fn count_woken(&self) -> usize {
        self.queue.borrow().len()
    }

    /// Whether what the loop runs for is woken: then it is the one that runs.
    pub(super) fn begin_main(&self) -> bool {
        self.running.set(TaskId::MAIN);
        self.is_main_woken.take()
    }

    /// Runs the task that has been woken for longest.
    pub(super) fn run_next(&self) {
        let Some(id) = self.queue.borrow_mut().pop_front() else { return };
        let Some(task) = self.tasks.borrow().get(id.0).cloned() else { return };
        self.running.set(id);
        task.is_woken.set(false);
        let run = || {
            let context = &mut Context::from_waker(&task.waker);
            task.future.borrow_mut().as_mut().poll(context).is_ready()
        };
        let is_done = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
            error!("a task panicked; what it served is dropped");
            true
        });
        if is_done {
            self.remove(id);
        }
    }
}
