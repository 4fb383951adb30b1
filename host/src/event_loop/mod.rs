//! The event loop of a worker: its thread, sockets, and the tasks that wait for them.
//!
//! The kernel does most of the work for a short message, and what an event loop adds to
//! it counts. One that moves tasks between threads, and has many wait for one socket,
//! locks and counts atomically for each event. Here a socket knows the one task that
//! waits for it, and an event is a flag and a place in a queue. Tasks run in groups, with
//! their reads before them and their sends behind, so that the kernel does the same thing
//! several times in a row. Where peers are busy, their sockets are read from before the
//! kernel is asked which have something. Timers are not in it: another thread waits for
//! them, see [`Clock`](crate::clock::Clock).

mod ahead;
mod backoff;
mod batch;
mod busy_wait;
mod mailbox;
mod recent;
mod socket;
mod source;
mod stream;
mod tasks;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io;
use std::mem;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use mio::{Events, Registry, Token};
use slab::Slab;

use self::ahead::Ahead;
use self::batch::Batch;
use self::busy_wait::BusyWait;
pub(crate) use self::socket::{ListeningSocket, Socket};
use self::source::Registered;
use self::stream::Stream;
pub(crate) use self::stream::{Follows, Prepare};
pub(crate) use self::tasks::TaskId;
use self::tasks::Tasks;

/// Events that are taken from the operating system at once.
const EVENTS: usize = 1024;

/// Reads, writes and accepts of one task before all others have their turn.
const TURN: u32 = 128;

/// Tasks that run one behind another, between reads and sends for all of them. The
/// outputs of the first wait for the last.
const GROUP: usize = 32;

/// That a task was woken from another thread.
const WOKEN: Token = Token(usize::MAX);

/// Whom an event concerns.
struct Concerned {
    /// The number of the last group that had run when its task was woken to read the time
    /// before: the smaller, the longer it has waited.
    woken_after: u64,
    source: usize,
    task: TaskId,
}

/// An event loop, shared by its sockets. It stays on the thread that made it.
pub(crate) struct EventLoop {
    poll: RefCell<mio::Poll>,
    registry: Registry,
    sources: RefCell<Slab<Registered>>,
    tasks: Tasks,
    /// What the running task may still attempt.
    turn: Cell<u32>,
    /// How many tasks of the group are to run behind this one.
    behind: Cell<usize>,
    /// The groups that have run, with the one that runs.
    groups: Cell<u64>,
    ahead: RefCell<Ahead>,
    batch: RefCell<Batch>,
    /// Nobody, between waits.
    concerned: RefCell<Vec<Concerned>>,
    /// Connections among the sources, which are too many to be counted for each wait.
    streams: Cell<usize>,
    busy_wait: RefCell<BusyWait>,
}

impl EventLoop {
    /// A loop without tasks. For few connections it waits awake, for up to `busy_wait` at a
    /// time, of which more than 1 ms counts as that.
    pub(crate) fn new(busy_wait: Duration) -> io::Result<Rc<Self>> {
        let poll = mio::Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let tasks = Tasks::new(mio::Waker::new(&registry, WOKEN)?);
        Ok(Rc::new(Self {
            poll: RefCell::new(poll),
            registry,
            sources: RefCell::default(),
            tasks,
            turn: Cell::new(TURN),
            behind: Cell::new(0),
            groups: Cell::new(0),
            ahead: RefCell::default(),
            batch: RefCell::default(),
            concerned: RefCell::default(),
            streams: Cell::new(0),
            busy_wait: RefCell::new(BusyWait::new(busy_wait.min(busy_wait::LONGEST))),
        }))
    }

    /// Adds a task, which has its first turn soon.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) -> TaskId {
        self.tasks.add(Box::pin(task))
    }

    /// Gives a task a turn soon.
    pub(crate) fn wake(&self, task: TaskId) {
        self.tasks.wake(task);
    }

    /// Drops a task that is not running.
    pub(crate) fn cancel(&self, task: TaskId) {
        self.tasks.remove(task);
    }

    /// The task that is running.
    pub(crate) fn running(&self) -> TaskId {
        self.tasks.running()
    }

    /// The number of the group that is running, or of a turn of `main`: no other has it.
    pub(crate) fn group(&self) -> u64 {
        self.groups.get()
    }

    /// Lets all that are woken have their turn, and those whom events concern, before the
    /// running task goes on.
    pub(crate) async fn yield_now(&self) {
        let mut has_yielded = false;
        poll_fn(|_| {
            if mem::replace(&mut has_yielded, true) {
                return Poll::Ready(());
            }
            self.tasks.wake(self.running());
            Poll::Pending
        })
        .await;
    }

    /// Runs all tasks until `main` is done. Then those that are left are dropped.
    pub(crate) fn block_on<T>(&self, main: impl Future<Output = T>) -> io::Result<T> {
        let mut main = pin!(main);
        let waker = self.tasks.main_waker();
        let mut events = Events::with_capacity(EVENTS);
        let output = loop {
            if self.tasks.begin_main() {
                self.groups.update(|groups| groups + 1);
                self.turn.set(TURN);
                if let Poll::Ready(output) = main.as_mut().poll(&mut Context::from_waker(&waker)) {
                    break Ok(output);
                }
            }
            // Those that are woken meanwhile have to wait for events to be looked at.
            let mut woken = self.tasks.count_woken();
            while woken > 0 {
                let group = woken.min(GROUP);
                self.run_group(group);
                woken -= group;
            }
            let is_any_woken = self.tasks.is_any_woken();
            if !is_any_woken && self.read_recent() {
                continue;
            }
            if let Err(error) = self.wait(&mut events, is_any_woken) {
                break Err(error);
            }
        };
        // They hold sockets, which hold the loop.
        self.tasks.clear();
        output
    }

    /// Runs the tasks that are woken for longest: their reads go before them, and their
    /// sends follow.
    fn run_group(&self, count: usize) {
        self.groups.update(|groups| groups + 1);
        self.ahead.borrow_mut().read(count, self.group());
        for behind in (0..count).rev() {
            self.turn.set(TURN);
            self.behind.set(behind);
            self.tasks.run_next();
        }
        self.send_batch();
    }

    /// Reads for tasks whose peers are busy. Returns whether that woke any.
    fn read_recent(&self) -> bool {
        let sources = self.sources.borrow();
        let wake = |task| self.tasks.wake(task);
        self.ahead.borrow_mut().read_recent(&sources, self.group(), wake)
    }

    /// Waits for events, unless a task is woken already, and wakes whom they concern: those
    /// first who were woken to read longest ago.
    fn wait(&self, events: &mut Events, is_any_woken: bool) -> io::Result<()> {
        if is_any_woken {
            self.take_events(events, Some(Duration::ZERO))?;
        } else if !self.wait_awake(events)? {
            self.take_events(events, None)?;
        }
        let (mut ahead, sources) = (self.ahead.borrow_mut(), self.sources.borrow());
        let mut concerned = self.concerned.borrow_mut();
        ahead.note_events();
        for event in &*events {
            let source = event.token().0;
            // One that is gone may have left an event.
            let Some(Registered { readiness, .. }) = sources.get(source) else { continue };
            if let Some(task) = readiness.note(event) {
                let woken_after = readiness.woken_after();
                concerned.push(Concerned { woken_after, source, task });
            }
        }
        // An event stands in epoll's list where its socket's first bytes put it, though those
        // may be read by now.
        concerned.sort_by_key(|concerned| concerned.woken_after);
        for Concerned { source, task, .. } in concerned.drain(..) {
            self.tasks.wake(task);
            let Some(Registered { readiness, stream }) = sources.get(source) else { continue };
            readiness.note_woken(self.group());
            if let Some(stream) = stream {
                ahead.add(readiness, stream);
            }
        }
        Ok(())
    }

    /// Returns whether events came so soon that the thread need not sleep for them.
    fn wait_awake(&self, events: &mut Events) -> io::Result<bool> {
        if !(1..=busy_wait::FEW).contains(&self.streams.get()) {
            return Ok(false);
        }
        self.busy_wait.borrow_mut().run(|| {
            self.take_events(events, Some(Duration::ZERO))?;
            Ok(!events.is_empty())
        })
    }

    /// Takes events from the operating system; waits until there are any, but no longer
    /// than `longest`.
    fn take_events(&self, events: &mut Events, longest: Option<Duration>) -> io::Result<()> {
        match self.poll.borrow_mut().poll(events, longest) {
            // None were taken: the former ones are gone.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            polled => polled,
        }
    }

    /// Puts an output of the running task in the batch. Returns whether it did: not where
    /// the task is alone in its group, nor where the batch is full.
    #[inline]
    fn put_in_batch(&self, stream: &Rc<Stream>, bytes: &[u8], follows: Follows) -> bool {
        let mut batch = self.batch.borrow_mut();
        let is_one = self.behind.get() > 0 || batch.len() > 0;
        let has_room = is_one && batch.len() < batch::MOST;
        if has_room {
            batch.put(stream, bytes, follows, self.running());
        }
        has_room
    }

    /// Sends the outputs of the batch.
    fn send_batch(&self) {
        self.batch.borrow_mut().send(|task| self.tasks.wake(task));
    }

    /// Takes back a buffer with bytes that were read ahead.
    pub(crate) fn put_back(&self, buffer: Vec<u8>) {
        self.ahead.borrow_mut().put_back(buffer);
    }

    /// Whether the running task may attempt one more thing. If not, it is woken for
    /// another turn.
    fn may_attempt(&self) -> bool {
        let left = self.turn.get();
        if left == 0 {
            self.tasks.wake(self.running());
            return false;
        }
        self.turn.set(left - 1);
        true
    }
}
