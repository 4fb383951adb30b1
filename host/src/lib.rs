//! A native host for WebSocket applications in WebAssembly: sockets, timers,
//! threads and limits around components of the world `plugin` (see `wit/`). And
//! a client, around the component of the world `protocol`.
//!
//! The bytes of a stranger are parsed inside an instance of the component,
//! which can touch nothing but what it is handed. This crate only moves bytes
//! between sockets and instances, and bounds what an instance may use.
//!
//! ```no_run
//! use sandsock::{App, ECHO, Server, Settings};
//!
//! # async fn run() -> Result<(), sandsock::Error> {
//! let app = App::load(ECHO, Settings::default(), |options| {
//!     options.subprotocols = vec!["chat".to_owned()];
//! })?;
//! let mut server = Server::new(app);
//! let address = server.listen(([127, 0, 0, 1], 9001).into())?;
//! println!("listening on {address}");
//! server.run(std::future::pending()).await
//! # }
//! ```
//!
//! The other end, see [`client`]:
//!
//! ```no_run
//! use sandsock::client::{Event, Message};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut connection = sandsock::connect("ws://localhost:9001").await?;
//! connection.send(&Message::Text("hello".to_owned())).await?;
//! if let Some(Event::Message(Message::Text(echo))) = connection.next_event().await? {
//!     println!("{echo}");
//! }
//! connection.close(1000, "").await?;
//! connection.closed().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Imports point one way, from each line to those below it:
//!
//! - `server`: threads, each of which does what is in `accept`;
//! - `connection`, with `transport` and `worker`, which connections share;
//! - `isolation`: instances and who shares them, of an `app`, on a `roster`;
//! - `guest`, with `canonical` and `store`; `passage`: bytes between it and a stream;
//! - `tls`, `event_loop` and `alarm`; `engine` and what it is set up with;
//! - `error` and `settings`, `clock`, `bindings`.
//!
//! `client` has `transport`, `store`, `engine` and what is below them in common with it.

mod accept;
mod alarm;
mod app;
mod bindings;
mod canonical;
pub mod client;
mod clock;
mod congestion;
mod connection;
mod core_module;
mod engine;
mod error;
mod event_loop;
mod exposed_state;
mod guest;
mod guest_failure;
mod isolation;
mod listener;
mod long_reads;
mod page_map;
mod passage;
mod precompiled;
mod process;
mod read_buffer;
mod reclaim;
mod roster;
mod scheduling;
mod server;
mod settings;
mod spares;
mod store;
mod throttle;
mod tls;
mod transport;
mod tuning;
mod worker;

pub use app::App;
pub use client::connect;
pub use error::{Error, OptionRefusal};
pub use precompiled::ECHO;
pub use server::Server;
pub use settings::{CongestionControl, Isolation, Settings};
pub use tls::{Certificate, Tls, TlsError, TlsSettings};

/// The options of an endpoint, as `wit/types.wit` documents them.
pub mod options {
    pub use crate::bindings::types::{
        Compression, Header, Keepalive, Limits, Options, ServerOptions, Timeouts,
    };
}
