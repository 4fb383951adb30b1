//! One connection of an echo run: a window of messages on their way.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::time::Instant;

use anyhow::{Result, bail, ensure};

use crate::measurement::Measurement;
use crate::traffic::Traffic;
use crate::transport::Transport;
use crate::verify::Verifier;

pub(crate) struct Connection {
    transport: Transport,
    verifier: Verifier,
    /// The bytes of the ring that are due: from here...
    sent: usize,
    /// ... up to the start of this message.
    due: usize,
    /// Messages whose echo is not complete, oldest first.
    waiting: VecDeque<Batch>,
}

/// Messages that were sent together.
struct Batch {
    sent_at: Instant,
    messages: usize,
}

impl Connection {
    /// Starts at message `first` of the ring.
    pub(crate) fn new(transport: Transport, traffic: &Traffic, first: usize) -> Self {
        Self {
            transport,
            verifier: Verifier::new(&traffic.expected, first),
            sent: traffic.starts[first],
            due: first,
            waiting: VecDeque::new(),
        }
    }

    /// Sends as many new messages, in one write if TCP has room for them.
    pub(crate) fn send(&mut self, traffic: &Traffic, messages: usize) -> Result<()> {
        self.waiting.push_back(Batch { sent_at: Instant::now(), messages });
        self.due += messages;
        self.transmit(traffic)
    }

    /// Goes on sending what is due.
    pub(crate) fn transmit(&mut self, traffic: &Traffic) -> Result<()> {
        self.transport.flush().or_else(unless_blocked)?;
        while self.sent < traffic.starts[self.due] {
            match self.transport.write(&traffic.outgoing[self.sent..traffic.starts[self.due]]) {
                // TLS takes no more before TCP does.
                Ok(0) => return Ok(()),
                Ok(length) => self.sent += length,
                Err(error) => return unless_blocked(error),
            }
            // What lies behind the ring is its start once more.
            if self.sent >= traffic.ring_length() {
                self.sent -= traffic.ring_length();
                self.due -= traffic.messages;
            }
        }
        Ok(())
    }

    /// Takes what has come; for each complete echo, sends a new message.
    pub(crate) fn receive(
        &mut self,
        traffic: &Traffic,
        buffer: &mut [u8],
        measurement: &mut Measurement,
    ) -> Result<()> {
        loop {
            let length = match self.transport.read(buffer) {
                Ok(length) => length,
                Err(error) => return unless_blocked(error),
            };
            ensure!(length > 0, "the server ended the connection");
            measurement.receive(length);
            let completed = self.verifier.receive(&traffic.expected, &buffer[..length])?;
            if completed > 0 {
                self.record(completed, measurement)?;
                self.send(traffic, completed)?;
            }
            if length < buffer.len() && self.transport.is_drained_by_short_read() {
                return Ok(());
            }
        }
    }

    fn record(&mut self, mut completed: usize, measurement: &mut Measurement) -> Result<()> {
        let now = Instant::now();
        while completed > 0 {
            let Some(batch) = self.waiting.front_mut() else {
                bail!("an echo of a message that was not sent");
            };
            let messages = batch.messages.min(completed);
            measurement.record(now - batch.sent_at, messages);
            completed -= messages;
            batch.messages -= messages;
            if batch.messages == 0 {
                self.waiting.pop_front();
            }
        }
        Ok(())
    }
}

/// Blocking is no failure; the poll tells when to try again.
fn unless_blocked(error: std::io::Error) -> Result<()> {
    match error.kind() {
        ErrorKind::WouldBlock => Ok(()),
        _ => Err(error.into()),
    }
}
