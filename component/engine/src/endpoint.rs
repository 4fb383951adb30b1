//! A connection together with its application: bytes in, bytes out.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::application::Application;
use crate::close::CloseFrame;
use crate::entropy::Entropy;
use crate::error::{OptionError, UsageError};
use crate::event::{Closure, Output};
use crate::options::Start;
use crate::time::{Duration, Instant};

/// See `wit/endpoint.wit`, method by method.
pub struct Endpoint<A> {
    application: A,
}
#[allow(unused)]
impl<A: Application> Endpoint<A> {
    /// Begins a connection at the time `now`.
    pub fn start(now: Instant, start: Start, entropy: Box<dyn Entropy>) -> Result<Self, OptionError> { todo!() }
    /// Takes the bytes of one read.
    pub fn receive(&mut self, now: Instant, bytes: Vec<u8>) -> Output { todo!() }
    /// Continues with bytes received.
    pub fn drain(&mut self, now: Instant) -> Output { todo!() }
    /// The peer ended its sending direction.
    pub fn receive_end(&mut self, now: Instant) -> Output { todo!() }
    /// The clock reached the deadline.
    pub fn reach_deadline(&mut self, now: Instant) -> Output { todo!() }
    /// Starts the closing handshake.
    pub fn close(&mut self, now: Instant, frame: CloseFrame) -> Result<Output, UsageError> { todo!() }
    /// How the connection ended.
    pub fn closure(&self) -> Option<Closure> { todo!() }
    /// Newest round trip.
    pub fn round_trip(&self) -> Option<Duration> { todo!() }
}
