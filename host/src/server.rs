//! A server: an application behind listening ports, on several threads.

use std::future::Future;
use std::io;
use std::iter::repeat_n;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use tokio::sync::{Semaphore, mpsc, watch};
use tracing::info;

use crate::accept::{self, Assignment};
use crate::app::App;
use crate::clock::Clock;
use crate::error::Error;
use crate::listener::{self, Listener};
use crate::process;
use crate::scheduling;
use crate::tls::Tls;

/// A server that listens already, and serves once it runs.
pub struct Server {
    app: Arc<App>,
    /// Those of each worker.
    listeners: Vec<Vec<Listener>>,
}

impl Server {
    /// A server that nobody can connect to yet.
    pub fn new(app: App) -> Self {
        process::raise_file_limit();
        let listeners = (0..app.settings.workers.get()).map(|_| Vec::new()).collect();
        Self { app: Arc::new(app), listeners }
    }

    /// Listens on `address` too, for connections without TLS (`ws`). From here
    /// on peers can connect, to the address that is returned: port 0 has become
    /// one that was free.
    pub fn listen(&mut self, address: SocketAddr) -> Result<SocketAddr, Error> {
        self.listen_with(address, None)
    }

    /// Listens on `address` too, for connections over TLS (`wss`), and returns
    /// it as [`listen`](Self::listen) does.
    pub fn listen_tls(&mut self, address: SocketAddr, tls: Tls) -> Result<SocketAddr, Error> {
        self.listen_with(address, Some(tls))
    }

    fn listen_with(&mut self, address: SocketAddr, tls: Option<Tls>) -> Result<SocketAddr, Error> {
        let count = self.listeners.len();
        let control = &self.app.settings.congestion_control;
        let (address, sockets) = listener::listen(address, count, control)?;
        let listeners = sockets.into_iter().zip(repeat_n(tls, count));
        for (own, (socket, tls)) in self.listeners.iter_mut().zip(listeners) {
            own.push(Listener { socket, tls });
        }
        Ok(address)
    }

    /// Serves until `ending` is ready. Then accepts no more, starts the closing
    /// handshake with code 1001 (§7.4.1) on every connection, and returns when
    /// all are gone or the drain timeout has passed.
    pub async fn run(self, ending: impl Future<Output = ()>) -> Result<(), Error> {
        let clock = Clock::with_thread().map_err(Error::Worker)?;
        let most = usize::try_from(self.app.settings.max_connections).unwrap_or(usize::MAX);
        let vacancies = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        let (end, ended) = watch::channel(());
        let (report, mut reports) = mpsc::unbounded_channel();
        // For a single one there mostly is a core to itself.
        let share_cores = self.listeners.len() > 1;

        for (number, listeners) in self.listeners.into_iter().enumerate() {
            let assignment = Assignment {
                app: Arc::clone(&self.app),
                clock: clock.clone(),
                listeners,
                vacancies: Arc::clone(&vacancies),
                ending: ended.clone(),
            };
            let report = report.clone();
            thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || {
                    if share_cores {
                        scheduling::wait_for_the_core();
                    }
                    let ran = catch_unwind(AssertUnwindSafe(|| accept::run(assignment)));
                    let panicked = |_| Err(Error::Worker(io::Error::other("it panicked")));
                    // Nobody is there to be told once the server has returned.
                    drop(report.send(ran.unwrap_or_else(panicked)));
                })
                .map_err(Error::Worker)?;
        }
        drop(report);

        let mut ended = tokio::select! {
            () = ending => {
                info!("ending: no more connections are accepted");
                Ok(())
            }
            // Workers only end before that where something is wrong with them. Those that are
            // left take their leave of their peers all the same.
            Some(early) = reports.recv() => early,
        };
        drop(end);
        while let Some(result) = reports.recv().await {
            ended = ended.and(result);
        }
        ended
    }
}
