//! What the tests stand on. An [`Engine`] is one connection, run natively or in
//! the component; [`Driver`] drives one by the drain rule under a virtual
//! clock, and [`Pair`] lets two of them talk.

pub(crate) mod app;
pub(crate) mod bytes;
pub(crate) mod component;
mod driver;
pub(crate) mod frames;
mod native;
pub(crate) mod notation;
mod pair;
pub(crate) mod server;
pub(crate) mod start;
pub(crate) mod work;

use sandsock_engine::types::{
    CloseFrame, Duration, Event, Instant, Message, Output, ReadyState, Start, UsageError,
};

pub(crate) use driver::{Drained, Driver};
pub(crate) use pair::Pair;

/// One connection behind the interface `connection`, wherever it runs.
pub(crate) trait Engine {
    fn receive(&mut self, now: Instant, bytes: &[u8]);
    fn receive_end(&mut self, now: Instant);
    fn reach_deadline(&mut self, now: Instant);
    fn send_message(&mut self, now: Instant, message: &Message) -> Result<(), UsageError>;
    fn send_ping(&mut self, now: Instant, application_data: &[u8]) -> Result<(), UsageError>;
    fn close(&mut self, now: Instant, frame: Option<CloseFrame>) -> Result<(), UsageError>;
    fn drain(&mut self, now: Instant) -> (Vec<Event>, Output);
    fn ready_state(&mut self) -> ReadyState;
    fn round_trip(&mut self) -> Option<Duration>;
}

/// Where a connection runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `sandsock-engine`, linked into this binary.
    Native,
    /// `protocol.wasm`, in wasmtime.
    Component,
}

impl Place {
    pub(crate) const BOTH: [Self; 2] = [Self::Native, Self::Component];

    /// Begins a connection at time 0. The same seed hands the same randomness to
    /// either place.
    pub(crate) fn start(self, start: Start, seed: u64) -> Box<dyn Engine> {
        match self {
            Self::Native => Box::new(native::start(start, seed)),
            Self::Component => Box::new(component::start(start, seed)),
        }
    }
}

/// A stream of bytes for masking keys and nonces: `SplitMix64`, whose point here
/// is that a seed decides it.
pub(crate) struct SeededEntropy(pub(crate) u64);

impl SeededEntropy {
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.0;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            part.copy_from_slice(&word.to_le_bytes()[..part.len()]);
        }
    }
}
