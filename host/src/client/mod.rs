//! A client: connections to WebSocket servers, with the protocol in a sandbox.
//!
//! What a server sends is parsed inside an instance of the component of the
//! world `protocol`, one for each connection. A [`Connection`] is driven by its
//! own methods, on whatever tokio runtime (with I/O and time) they are called:
//! no task runs beside it, and the one thread there is only watches how long
//! the calls of instances take.
//!
//! Imports point one way: connector, connection, guest; beside them the leaves
//! target, dial, tls, failure, error.

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
