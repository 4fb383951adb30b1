//! The WebSocket protocol (RFC 6455, RFC 7692) as a function of bytes and time:
//! no sockets, no clock, no threads, and randomness only where it is handed in.
//!
//! Two types carry it all, one above the other:
//!
//! - [`Connection`](connection::Connection): bytes in, events and bytes out;
//! - [`Endpoint`](endpoint::Endpoint): the same with an
//!   [`Application`](application::Application) inside, bytes in, bytes out.
//!
//! Both obey the drain rule that `wit/connection.wit` states. Imports point
//! downwards, as a test of the workspace has it: endpoint, connection, then message,
//! frame, and the leaves; the opening handshake stands beside message.
//!
//! Section numbers without a further name (§5.2) are those of RFC 6455.

#![no_std]

extern crate alloc;

pub mod application;
pub mod close;
mod compressor;
pub mod connection;
mod deflate;
pub mod endpoint;
pub mod entropy;
pub mod error;
pub mod event;
mod frame;
mod growth;
mod handshake;
mod mask;
mod message;
pub mod options;
pub mod outbox;
pub mod payload;
mod ping;
mod receive_buffer;
mod role;
mod state;
pub mod time;
mod timers;
mod token;
mod transmit;
mod utf8;

/// Every type of `wit/types.wit` under one path, for generated bindings.
pub mod types {
    pub use crate::close::CloseFrame;
    pub use crate::error::{
        Failure, HandshakeError, LimitError, OptionError, ProtocolError, TimeoutError, UsageError,
    };
    pub use crate::event::{
        Agreed, AgreedCompression, Closure, Event, Header, Message, Next, Output, Pong, ReadyState,
    };
    pub use crate::options::{
        ClientOptions, Compression, HandedOver, Keepalive, Limits, Options, ServerOptions, Start,
        Timeouts,
    };
    pub use crate::time::{Duration, Instant};
}
