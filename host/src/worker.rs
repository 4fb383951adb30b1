//! A worker thread: an event loop, listeners, and the connections they accepted.

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tracing::{debug, info, warn};

use crate::app::App;
use crate::clock::{Clock, Moment, Told};
use crate::connection;
use crate::engine::Ticks;
use crate::error::Error;
use crate::event_loop::{EventLoop, ListeningSocket, Socket};
use crate::isolation::Sandboxes;
use crate::listener::{self, Listener};
use crate::read_buffer::ReadBuffer;
use crate::reclaim::Reclaim;
use crate::roster::Roster;
use crate::throttle::Throttle;
use crate::tls::Tls;
use crate::transport::Transport;

/// What a connection above the most gets: a complete answer, and no instance.
const SERVICE_UNAVAILABLE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How long a refused connection may take to close.
const REFUSAL: Duration = Duration::from_secs(1);

/// Refused connections of one worker that are closed with care at once. Any
/// further ones are dropped: refusing is not to become the load.
const MOST_REFUSALS: usize = 64;

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
    refusals: Arc<Semaphore>,
    reclaim: Reclaim,
}

impl Worker {
    /// The time, for which the clock is asked once for all tasks that run in a group. Where
    /// they take long, it is asked again with the next tick of the CPU clock: so nobody's
    /// timeout is shorter by more than a fiftieth of the longest call.
    pub(crate) fn now(&self) -> u64 {
        let moment = Moment { group: self.events.group(), tick: self.ticks.count() };
        self.told.within(moment, || self.clock.now())
    }

    /// Has the clock asked again.
    pub(crate) fn forget_now(&self) {
        self.told.forget();
    }

    /// How long, in milliseconds, a peer that takes what it is sent is given for more.
    pub(crate) fn patience(&self) -> u64 {
        u64::try_from(self.closing_timeout.as_millis()).unwrap_or(u64::MAX)
    }
}

/// What a worker is handed by its server.
pub(crate) struct Assignment {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Clock,
    pub(crate) listeners: Vec<Listener>,
    /// A permit for each connection of the server.
    pub(crate) vacancies: Arc<Semaphore>,
    /// Changes when the server is about to end.
    pub(crate) ending: watch::Receiver<()>,
}

/// Runs a worker on this thread until the server ends.
pub(crate) fn run(assignment: Assignment) -> Result<(), Error> {
    let events = EventLoop::new(assignment.app.settings.busy_wait).map_err(Error::Worker)?;
    events.block_on(work(assignment, Rc::clone(&events))).map_err(Error::Worker)?
}

async fn work(assignment: Assignment, events: Rc<EventLoop>) -> Result<(), Error> {
    let Assignment { app, clock, listeners, vacancies, mut ending } = assignment;
    let drain_timeout = app.settings.drain_timeout;
    let roster = Rc::new(Roster::new(Rc::clone(&events)));
    let worker = Rc::new(Worker {
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
        refusals: Arc::new(Semaphore::new(MOST_REFUSALS)),
        reclaim: Reclaim::default(),
    });

    let mut accepting = Vec::new();
    for Listener { socket, tls } in listeners {
        let socket = ListeningSocket::new(socket, &worker.events).map_err(Error::Worker)?;
        let accept = accept(Rc::clone(&worker), socket, tls, Arc::clone(&vacancies));
        accepting.push(worker.events.spawn(accept));
    }
    // An error means that the server itself is gone: the same.
    let _ = ending.changed().await;
    for task in accepting {
        worker.events.cancel(task);
    }

    worker.roster.drain();
    let emptied = worker.clock.timeout(drain_timeout, worker.roster.emptied());
    if emptied.await.is_err() {
        info!(connections = worker.roster.len(), "dropped: they did not close in time");
    }
    Ok(())
}

async fn accept(
    worker: Rc<Worker>,
    listener: ListeningSocket,
    tls: Option<Tls>,
    vacancies: Arc<Semaphore>,
) {
    let mut refused = Throttle::default();
    let mut failed = Throttle::default();
    loop {
        match poll_fn(|_| listener.poll_accept()).await {
            Ok((stream, peer)) => {
                if let Ok(permit) = Arc::clone(&vacancies).try_acquire_owned() {
                    welcome(&worker, stream, peer, tls.as_ref(), permit);
                    continue;
                }
                if let Some(times) = refused.permit() {
                    warn!(%peer, times, "refused: as many connections as allowed");
                }
                // It is not worth a TLS handshake to say so.
                let answer = if tls.is_none() { SERVICE_UNAVAILABLE } else { &[] };
                refuse(&worker, stream, answer);
            }
            Err(error) if listener::is_of_one_connection(&error) => {
                debug!(%error, "a connection ended before it was accepted");
            }
            Err(error) => {
                if let Some(times) = failed.permit() {
                    warn!(%error, times, "cannot accept connections for now");
                }
                worker.clock.sleep(listener::PAUSE).await;
            }
        }
    }
}

fn welcome(
    worker: &Rc<Worker>,
    stream: Socket,
    peer: SocketAddr,
    tls: Option<&Tls>,
    permit: OwnedSemaphorePermit,
) {
    // Small frames are not to wait for more of them (Nagle).
    if let Err(error) = stream.set_nodelay() {
        debug!(%peer, %error, "the connection ended as it was accepted");
        return;
    }
    let events = &worker.events;
    let worker = Rc::clone(worker);
    let accepted = worker.now();
    worker.reclaim.count(worker.roster.len());
    let Some(tls) = tls else {
        events.spawn(async move {
            connection::serve(stream, peer, accepted, &worker).await;
            worker.reclaim.count(worker.roster.len());
            drop(permit);
        });
        return;
    };
    // The endpoint is told when the transport was accepted, and so has one
    // deadline for all of the opening. But it is made when TLS is done: a
    // stranger who never gets that far costs no instance, only the permit.
    let handshake = tls.accept(stream);
    events.spawn(async move {
        match worker.clock.timeout(worker.opening_timeout, handshake).await {
            Ok(Ok(stream)) => connection::serve(stream, peer, accepted, &worker).await,
            Ok(Err((error, stream))) => {
                debug!(%peer, %error, "the TLS handshake failed");
                // With care: the alert is to arrive.
                refuse(&worker, stream, &[]);
            }
            Err(_) => debug!(%peer, "the TLS handshake took too long"),
        }
        worker.reclaim.count(worker.roster.len());
        drop(permit);
    });
}

fn refuse(worker: &Rc<Worker>, stream: Socket, answer: &'static [u8]) {
    let Ok(permit) = Arc::clone(&worker.refusals).try_acquire_owned() else { return };
    let events = &worker.events;
    let worker = Rc::clone(worker);
    events.spawn(async move {
        let mut transport = Transport::new(stream);
        transport.queue(answer.to_vec());
        let clean = transport.close(&worker.buffer, &worker.clock, REFUSAL).await;
        debug!(clean, "a refused connection is closed");
        drop(permit);
    });
}
