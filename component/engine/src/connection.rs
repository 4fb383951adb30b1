//! A connection in either role: bytes in, events and bytes out.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::close::CloseFrame;
use crate::entropy::Entropy;
use crate::error::{OptionError, UsageError};
use crate::event::{Event, Message, Output, ReadyState};
use crate::options::Start;
use crate::time::{Duration, Instant};

/// Where an application puts its answers.
pub struct Outbox<'a> { _a: &'a () }
#[allow(unused)]
impl Outbox<'_> {
    /// Sends a message
    pub fn send(&mut self, message: crate::application::MessageRef<'_>) -> Result<(), UsageError> { todo!() }
    /// Sends a ping
    pub fn ping(&mut self, application_data: &[u8]) -> Result<(), UsageError> { todo!() }
    /// Starts the closing handshake
    pub fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), UsageError> { todo!() }
}

/// What has come about since the last `drain`.
pub struct Drained {
    /// In order.
    pub events: Vec<Event>,
    /// For the host.
    pub output: Output,
}

/// See `wit/connection.wit`, method by method.
pub struct Connection {}
#[allow(unused)]
impl Connection {
    /// Begins a connection at the time `now`.
    pub fn start(now: Instant, start: Start, entropy: Box<dyn Entropy>) -> Result<Self, OptionError> { todo!() }
    /// Takes the bytes of one read.
    pub fn receive(&mut self, now: Instant, bytes: Vec<u8>) { todo!() }
    /// The peer ended its sending direction.
    pub fn receive_end(&mut self, now: Instant) { todo!() }
    /// The clock reached the deadline.
    pub fn reach_deadline(&mut self, now: Instant) { todo!() }
    /// Queues a message.
    pub fn send_message(&mut self, now: Instant, message: Message) -> Result<(), UsageError> { todo!() }
    /// Queues a ping.
    pub fn send_ping(&mut self, now: Instant, application_data: &[u8]) -> Result<(), UsageError> { todo!() }
    /// Starts the closing handshake.
    pub fn close(&mut self, now: Instant, frame: Option<CloseFrame>) -> Result<(), UsageError> { todo!() }
    /// Takes all events and bytes that are ready.
    pub fn drain(&mut self, now: Instant) -> Drained { todo!() }
    /// The ready state.
    pub fn ready_state(&self) -> ReadyState { todo!() }
    /// Newest round trip.
    pub fn round_trip(&self) -> Option<Duration> { todo!() }
}
