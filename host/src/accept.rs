//! What a worker thread does: it accepts connections, and has each served or refused.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tracing::{debug, info, warn};

use crate::app::App;
use crate::clock::Clock;
use crate::connection;
use crate::error::Error;
use crate::event_loop::{EventLoop, ListeningSocket, Socket};
use crate::listener::{self, Listener};
use crate::throttle::Throttle;
use crate::tls::Tls;
use crate::transport::Transport;
use crate::worker::Worker;

/// What a connection above the most gets: a complete answer, and no instance.
const SERVICE_UNAVAILABLE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How long a refused connection may take to close.
const REFUSAL: Duration = Duration::from_secs(1);

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
    let worker = Rc::new(Worker::new(app, events, clock));

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
    // Those that were accepted last take their seats.
    worker.events.yield_now().await;

    worker.roster.drain();
    let all_gone = async {
        worker.roster.emptied().await;
        worker.refused_all().await;
    };
    if worker.clock.timeout(drain_timeout, all_gone).await.is_err() {
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
