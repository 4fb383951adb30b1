//! `connect`: a conversation between a person, or a script, and a server.

use std::future::{self, Future};
use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use sandsock::client::{Closure, Connection, EngineFailure, Event, SendError};
use tokio::time::{Instant, sleep_until};

use super::input::Input;
use super::print::{Notes, Output};
use super::{advise, complain};
use crate::cli::connect::Connect;

/// How it ended, for scripts. The numbers are in the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ending {
    Normal = 0,
    BadOutput = 1,
    BadInput = 2,
    Abnormal = 3,
    OtherCode = 4,
    Interrupted = 130,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(ending as u8)
    }
}

/// Connects, and converses until the connection is closed. An interrupt while
/// connecting gives up.
pub(crate) async fn run(
    flags: &Connect,
    interrupted: impl Future<Output = ()>,
) -> Result<Ending, String> {
    let mut interrupt = Interrupt(Some(pin!(interrupted)));
    let connector = flags.connector().map_err(|error| error.to_string())?;
    let connection = tokio::select! {
        connected = connector.connect(&flags.url) => connected.map_err(|error| advise(&error))?,
        () = interrupt.comes() => return Ok(Ending::Interrupted),
    };
    let notes = Notes { quiet: flags.quiet };
    notes.opened(&flags.url, connection.agreed());
    let conversation = Conversation {
        connection,
        interrupt,
        notes,
        output: Output::new(flags.binary),
        linger: flags.linger(),
        newest: Instant::now(),
        state: State::Open,
        ending: None,
    };
    let input = Input::start(flags.binary)
        .map_err(|error| format!("cannot read the standard input: {error}"))?;
    Ok(match conversation.run(input).await {
        Ok(ending) => ending,
        Err(Stop::Interrupted) => Ending::Interrupted,
        Err(Stop::Broken(error)) => {
            complain(error);
            Ending::Abnormal
        }
    })
}

/// An interrupt to come, once. The next one ends the process.
struct Interrupt<F>(Option<F>);

impl<F: Future<Output = ()> + Unpin> Interrupt<F> {
    async fn comes(&mut self) {
        match &mut self.0 {
            Some(interrupted) => interrupted.await,
            None => future::pending().await,
        }
        self.0 = None;
    }
}

/// Why a conversation ends at once.
enum Stop {
    /// Once more than it takes to begin the closing handshake.
    Interrupted,
    Broken(SendError),
}

impl From<EngineFailure> for Stop {
    fn from(failure: EngineFailure) -> Self {
        Self::Broken(failure.into())
    }
}

struct Conversation<F> {
    connection: Connection,
    interrupt: Interrupt<F>,
    notes: Notes,
    output: Output,
    /// How long to listen behind the end of the input, counted from the newest
    /// message; without end if `None`.
    linger: Option<Duration>,
    newest: Instant,
    state: State,
    /// How it ends, if that is not for the closure to say.
    ending: Option<Ending>,
}

/// Where a conversation stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The input goes to the peer, and the peer's messages to the output.
    Open,
    /// There is no more input.
    Listening,
    /// The closing handshake is under way.
    Closing,
    /// The same, and there is no more output.
    Unread,
}

impl<F: Future<Output = ()> + Unpin> Conversation<F> {
    async fn run(mut self, mut input: Input) -> Result<Ending, Stop> {
        loop {
            let listened = self.linger.filter(|_| self.state == State::Listening);
            let listened = listened.and_then(|linger| self.newest.checked_add(linger));
            // The peer comes before the input: what is not received from it may
            // be what it waits for.
            tokio::select! {
                biased;
                () = self.interrupt.comes() => self.interrupted().await?,
                event = self.connection.next_event() => match event? {
                    Some(Event::Closed(closure)) => {
                        self.notes.closed(&closure, self.connection.transport_error());
                        return Ok(self.ending.unwrap_or_else(|| ending(&closure)));
                    }
                    Some(event) => self.take(&event).await?,
                    // Nothing comes behind `closed`.
                    None => return Ok(Ending::Abnormal),
                },
                () = reached(listened) => self.close(1000).await?,
                lines = input.next(), if self.state == State::Open => {
                    if lines.is_empty() {
                        self.state = State::Listening;
                        self.newest = Instant::now();
                    }
                    for line in lines {
                        match line {
                            Ok(message) => unless_closing(self.connection.queue(&message))?,
                            Err(error) => self.refuse(&error).await?,
                        }
                    }
                    // Long, where the peer does not read.
                    tokio::select! {
                        biased;
                        () = self.interrupt.comes() => self.interrupted().await?,
                        flushed = self.connection.flush() => flushed?,
                    }
                }
            }
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.state, State::Open | State::Listening)
    }

    async fn take(&mut self, event: &Event) -> Result<(), Stop> {
        match event {
            Event::Message(message) if self.state != State::Unread => {
                self.newest = Instant::now();
                if let Err(error) = self.output.message(message) {
                    self.stop_printing(&error).await?;
                }
            }
            Event::Ping(application_data) => self.notes.ping(application_data),
            Event::Pong(pong) => self.notes.pong(pong),
            Event::CloseReceived(_) | Event::Failed(_) => self.state = State::Closing,
            Event::Message(_) | Event::Opened(_) | Event::Closed(_) => {}
        }
        Ok(())
    }

    /// An open connection is closed; one that is closing already is waited for no longer.
    async fn interrupted(&mut self) -> Result<(), Stop> {
        if !self.is_open() {
            return Err(Stop::Interrupted);
        }
        self.notes.closing("interrupted: closing; once more ends at once");
        self.close(1001).await
    }

    /// Prints no more messages. That whoever read them left is no error.
    async fn stop_printing(&mut self, error: &io::Error) -> Result<(), Stop> {
        let has_left = error.kind() == io::ErrorKind::BrokenPipe;
        if !has_left {
            complain(format_args!("cannot write to the standard output: {error}"));
        }
        self.ending = Some(if has_left { Ending::Normal } else { Ending::BadOutput });
        self.close(1001).await?;
        self.state = State::Unread;
        Ok(())
    }

    /// Takes no more of the input, which is not fit to be sent.
    async fn refuse(&mut self, error: &str) -> Result<(), Stop> {
        complain(error);
        self.ending = Some(Ending::BadInput);
        self.close(1000).await
    }

    async fn close(&mut self, code: u16) -> Result<(), Stop> {
        self.state = State::Closing;
        // Long, where the peer does not read.
        tokio::select! {
            biased;
            () = self.interrupt.comes() => Err(Stop::Interrupted),
            closed = self.connection.close(code, "") => unless_closing(closed),
        }
    }
}

/// Ready at this time, or never.
async fn reached(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => future::pending().await,
    }
}

/// A peer that closed first is no error: its closure tells all.
fn unless_closing(sent: Result<(), SendError>) -> Result<(), Stop> {
    match sent {
        Ok(()) | Err(SendError::Closing | SendError::Closed) => Ok(()),
        Err(error) => Err(Stop::Broken(error)),
    }
}

fn ending(closure: &Closure) -> Ending {
    match closure {
        Closure { clean: false, .. } => Ending::Abnormal,
        Closure { code: 1000 | 1001 | 1005, .. } => Ending::Normal,
        Closure { .. } => Ending::OtherCode,
    }
}
