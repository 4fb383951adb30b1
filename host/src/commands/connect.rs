//! `connect`: a conversation between a person, or a script, and a server.

use std::future::{self, Future};
use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use sandsock::client::{Closure, Connection, Event, SendError};
use tokio::time::{Instant, sleep_until};

use super::advise;
use super::input::Input;
use super::print::{Notes, Output};
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
    let mut interrupted = pin!(interrupted);
    let connector = flags.connector().map_err(|error| error.to_string())?;
    let connection = tokio::select! {
        connected = connector.connect(&flags.url) => connected.map_err(|error| advise(&error))?,
        () = &mut interrupted => return Ok(Ending::Interrupted),
    };
    let notes = Notes { quiet: flags.quiet };
    notes.opened(&flags.url, connection.agreed());
    let conversation = Conversation {
        connection,
        notes,
        output: Output::new(flags.binary),
        linger: flags.linger(),
        newest: Instant::now(),
        state: State::Open,
        ending: None,
    };
    let input = Input::start(flags.binary)
        .map_err(|error| format!("cannot read the standard input: {error}"))?;
    Ok(conversation.run(input, interrupted).await.unwrap_or_else(|error| {
        eprintln!("sandsock: {error}");
        Ending::Abnormal
    }))
}

struct Conversation {
    connection: Connection,
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

impl Conversation {
    async fn run(
        mut self,
        mut input: Input,
        mut interrupted: impl Future<Output = ()> + Unpin,
    ) -> Result<Ending, SendError> {
        loop {
            let listened = self.linger.filter(|_| self.state == State::Listening);
            let listened = listened.and_then(|linger| self.newest.checked_add(linger));
            // The peer comes before the input: what is not received from it may
            // be what it waits for.
            tokio::select! {
                biased;
                () = &mut interrupted, if self.is_open() => self.interrupt().await?,
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
                        () = &mut interrupted, if self.is_open() => self.interrupt().await?,
                        flushed = self.connection.flush() => flushed?,
                    }
                }
            }
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.state, State::Open | State::Listening)
    }

    async fn take(&mut self, event: &Event) -> Result<(), SendError> {
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

    async fn interrupt(&mut self) -> Result<(), SendError> {
        self.notes.closing("interrupted: closing; once more ends at once");
        self.close(1001).await
    }

    /// Prints no more messages. That whoever read them left is no error.
    async fn stop_printing(&mut self, error: &io::Error) -> Result<(), SendError> {
        let has_left = error.kind() == io::ErrorKind::BrokenPipe;
        if !has_left {
            eprintln!("sandsock: cannot write to the standard output: {error}");
        }
        self.ending = Some(if has_left { Ending::Normal } else { Ending::BadOutput });
        self.close(1001).await?;
        self.state = State::Unread;
        Ok(())
    }

    /// Takes no more of the input, which is not fit to be sent.
    async fn refuse(&mut self, error: &str) -> Result<(), SendError> {
        eprintln!("sandsock: {error}");
        self.ending = Some(Ending::BadInput);
        self.close(1000).await
    }

    async fn close(&mut self, code: u16) -> Result<(), SendError> {
        self.state = State::Closing;
        unless_closing(self.connection.close(code, "").await)
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
fn unless_closing(sent: Result<(), SendError>) -> Result<(), SendError> {
    match sent {
        Err(SendError::Closing | SendError::Closed) => Ok(()),
        sent => sent,
    }
}

fn ending(closure: &Closure) -> Ending {
    match closure {
        Closure { clean: false, .. } => Ending::Abnormal,
        Closure { code: 1000 | 1001 | 1005, .. } => Ending::Normal,
        Closure { .. } => Ending::OtherCode,
    }
}
