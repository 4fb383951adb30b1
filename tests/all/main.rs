//! The tests that are about more than one crate: the engine against the RFC,
//! natively and in its component, and the host against real sockets.
//!
//! `cargo xtask test` builds what they need and runs them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics has failed, which is how it tells"
)]

mod bombs;
mod citations;
mod cli;
mod compression;
mod connect;
mod conversation;
mod drain;
mod harness;
mod hostile_components;
mod hostile_frames;
mod hostile_heads;
mod layers;
mod memory;
mod scheduling;
mod slow_peers;
mod sockets;
mod split;
mod states;
mod surface;
mod text;
mod timers;
mod tls;
mod vectors;
