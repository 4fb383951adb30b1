//! The command `sandsock`.

mod cli;
mod commands;

use std::fs;
use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::process::{ExitCode, exit};
use std::thread;

use clap::Parser;
use sandsock::{App, ECHO, Server, Tls};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tracing::{error, info};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::autobahn_client::AutobahnClient;
use crate::cli::connect::Connect;
use crate::cli::serve::{Listening, Serve};
use crate::cli::{Cli, Command};

/// What a shell reports for a process that an interrupt ended: 128 and SIGINT.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let log = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    tracing_subscriber::registry().with(cli.log).with(log).init();

    let result = match &cli.command {
        Command::Serve(flags) => serve(flags).map(|()| ExitCode::SUCCESS),
        Command::Connect(flags) => connect(flags),
        Command::AutobahnClient(flags) => autobahn_client(flags).map(|()| ExitCode::SUCCESS),
    };
    match result {
        Ok(code) => code,
        Err(message) => {
            commands::complain(&message);
            ExitCode::FAILURE
        }
    }
}

fn serve(flags: &Serve) -> Result<(), String> {
    let tls = flags.tls.settings().map(Tls::load).transpose();
    let tls = tls.map_err(|error| format!("TLS: {error}"))?;
    let mut server = Server::new(load(flags)?);
    let ready = listen(&mut server, flags, tls.as_ref())?;
    let ending = interrupted()?;
    runtime()?.block_on(async {
        let hangup = signal(SignalKind::hangup());
        let hangup = hangup.map_err(|error| format!("cannot wait for signals: {error}"))?;
        tokio::spawn(reload(hangup, tls));
        let mut output = io::stdout().lock();
        // Whoever reads this may be gone; the server goes on.
        let _ = output.write_all(ready.as_bytes()).and(output.flush());
        drop(output);
        server.run(ending).await.map_err(|error| error.to_string())
    })
}

fn connect(flags: &Connect) -> Result<ExitCode, String> {
    let interrupted = interrupted()?;
    runtime()?
        .block_on(async { commands::connect::run(flags, interrupted).await.map(ExitCode::from) })
}

fn autobahn_client(flags: &AutobahnClient) -> Result<(), String> {
    runtime()?.block_on(commands::autobahn_client::run(flags))
}

fn runtime() -> Result<Runtime, String> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot set up an event loop: {error}"))
}

fn load(flags: &Serve) -> Result<App, String> {
    let adjust = |options: &mut _| flags.adjust(options);
    let Some(path) = &flags.app else {
        return App::load(ECHO, flags.settings(), adjust).map_err(|error| format!("echo: {error}"));
    };
    let component = fs::read(path)
        .map_err(|error| format!("--app: cannot read {}: {error}", path.display()))?;
    App::load(&component, flags.settings(), adjust)
        .map_err(|error| format!("--app: {}: {error}", path.display()))
}

/// Listens wherever the flags say, and returns what there is to tell of it.
fn listen(server: &mut Server, flags: &Serve, tls: Option<&Tls>) -> Result<String, String> {
    let mut ready = Vec::new();
    for Listening { flag, address, tls: over_tls } in flags.listening() {
        let tls = tls.filter(|_| over_tls);
        let bound = match tls {
            Some(tls) => server.listen_tls(address, tls.clone()),
            None => server.listen(address),
        };
        let bound = bound.map_err(|error| format!("{flag}: {error}"))?;
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        ready.push(format!("listening on {scheme}://{bound}\n"));
    }
    Ok(ready.concat())
}

/// Reads the files of TLS anew at every SIGHUP, which else would end the
/// process. A server that has none to read takes no harm from it either.
async fn reload(mut hangup: Signal, tls: Option<Tls>) {
    while hangup.recv().await.is_some() {
        match tls.as_ref().map(Tls::reload) {
            Some(Ok(())) => info!("SIGHUP: TLS is read anew, for the connections to come"),
            Some(Err(error)) => error!("SIGHUP: TLS stays as it was: {error}"),
            None => info!("SIGHUP: there is no TLS to read anew"),
        }
    }
}

/// Ready at the first SIGINT or SIGTERM. The second one ends the process; a thread of its own
/// waits for it, as all else may wait for somebody to read what is printed.
fn interrupted() -> Result<impl Future<Output = ()>, String> {
    let no_signals = |error| format!("cannot wait for signals: {error}");
    let runtime = runtime()?;
    let within = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    drop(within);
    let (first, is_first) = oneshot::channel();
    let wait = async move {
        either(&mut interrupt, &mut terminate).await;
        // Nobody is there to be told once all is over.
        let _ = first.send(());
        either(&mut interrupt, &mut terminate).await;
        exit(INTERRUPTED);
    };
    let thread = thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || runtime.block_on(wait)).map_err(no_signals)?;
    Ok(async {
        // It is not dropped before it is sent.
        let _ = is_first.await;
    })
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
