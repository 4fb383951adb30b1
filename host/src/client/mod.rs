//! A client: connections to WebSocket servers, with the protocol in a sandbox.
//!
//! What a server sends is parsed inside an instance of the component of the
//! world `protocol`, one for each connection. A [`Connection`] belongs to the
//! tokio runtime (with I/O and time) in which it was connected, and is driven by
//! its own methods: no task runs beside it, and the one thread there is only
//! watches how long the calls of instances take.
//!
//! Imports point one way: connector, then connection and dial, then guest, target
//! and tls, then error, then failure.

mod connection;
mod connector;
mod dial;
mod error;
mod failure;
mod guest;
mod target;
mod tls;

pub use self::connection::Connection;
pub use self::connector::{Connector, connect};
pub use self::error::{ConnectError, EngineFailure, SendError, Stage};
pub use self::failure::describe;
pub use crate::bindings::types::{
    Agreed, AgreedCompression, CloseFrame, Closure, Event, Failure, HandshakeError, LimitError,
    Message, Pong, ProtocolError, TimeoutError,
};
