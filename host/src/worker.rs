//! What the connections of a worker thread share.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::app::App;
use crate::clock::{Clock, Moment, Told};
use crate::engine::Ticks;
use crate::event_loop::EventLoop;
use crate::isolation::Sandboxes;
use crate::read_buffer::ReadBuffer;
use crate::reclaim::Reclaim;
use crate::roster::Roster;
use crate::throttle::Throttle;

/// Refused connections of one worker that are closed with care at once. Any
/// further ones are dropped: refusing is not to become the load.
const MOST_REFUSALS: u32 = 64;

/// What the connections of one worker share.
pub(crate) struct Worker {
    pub(crate) events: Rc<EventLoop>,
    pub(crate) clock: Clock,
    /// By the clock, to the tasks of a group.
    told: Told,
    ticks: Ticks,
    pub(crate) sandboxes: Sandboxes,
    pub(crate) roster: Rc<Roster>,
    /// One for all connections: it is only in use while a read is handed to a
    /// guest.
    pub(crate) buffer: RefCell<ReadBuffer>,
    /// How long an opening handshake may take, with that of TLS before it.
    pub(crate) opening_timeout: Duration,
    /// How long a transport may take to close.
    pub(crate) closing_timeout: Duration,
    /// The most bytes that are read straight into a guest's memory at once.
    pub(crate) most_direct: usize,
    /// Bytes that may wait for one peer.
    pub(crate) most_queued: usize,
    /// A permit for each refused connection that is closed with care.
    pub(crate) refusals: Arc<Semaphore>,
    pub(crate) reclaim: Reclaim,
    /// Of warnings that a guest failed, as a peer may know how to make one fail.
    pub(crate) guest_failures: RefCell<Throttle>,
}

impl Worker {
    pub(crate) fn new(app: Arc<App>, events: Rc<EventLoop>, clock: Clock) -> Self {
        let roster = Rc::new(Roster::new(Rc::clone(&events)));
        Self {
            told: Told::default(),
            ticks: app.plugin.ticks.clone(),
            events,
            clock,
            opening_timeout: app.opening_timeout,
            closing_timeout: app.closing_timeout,
            most_direct: app.most_direct(),
            most_queued: app.most_queued(),
            sandboxes: Sandboxes::new(app, &roster),
            roster,
            buffer: RefCell::new(ReadBuffer::new()),
            refusals: Arc::new(Semaphore::new(MOST_REFUSALS as usize)),
            reclaim: Reclaim::default(),
            guest_failures: RefCell::default(),
        }
    }

    /// The time, for which the clock is asked once for all tasks that run in a group. Where
    /// they take long, it is asked again with the next tick of the engine: so nobody's
    /// timeout is shorter by more than a fiftieth of the longest call.
    pub(crate) fn now(&self) -> u64 {
        let moment = Moment { group: self.events.group(), tick: self.ticks.count() };
        self.told.within(moment, || self.clock.now())
    }

    /// Has the clock asked again.
    pub(crate) fn forget_now(&self) {
        self.told.forget();
    }

    /// Waits until no connection is being refused.
    pub(crate) async fn refused_all(&self) {
        // An error means that nobody is refused any more: the same.
        let _ = self.refusals.acquire_many(MOST_REFUSALS).await;
    }

    /// How long, in milliseconds, a peer that takes what it is sent is given for more.
    pub(crate) fn patience(&self) -> u64 {
        u64::try_from(self.closing_timeout.as_millis()).unwrap_or(u64::MAX)
    }
}
