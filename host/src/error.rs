//! Why a server cannot begin. What goes wrong later costs a connection, and is
//! logged instead.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;

use crate::bindings::types::OptionError;

/// Why a server cannot begin, in one line that says what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process listens there.
    #[error(
        "port {} of {} is taken: choose another, or port 0 for any that is free",
        .0.port(), .0.ip()
    )]
    PortTaken(SocketAddr),
    /// A port that takes a privilege to listen on, mostly one below 1024.
    #[error(
        "port {} of {} takes a privilege: choose one from 1024 on, or give the program one \
         (setcap cap_net_bind_service=+ep sandsock)",
        .0.port(), .0.ip()
    )]
    PortPrivileged(SocketAddr),
    /// The server cannot listen there.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// A congestion control that the operating system does not have, or not for everyone.
    #[error(
        "no congestion control {name:?} (--congestion-control): {}; on Linux, \
         /proc/sys/net/ipv4/tcp_available_congestion_control names all there are, and \
         tcp_allowed_congestion_control beside it those that take no privilege",
        match .error.kind() {
            io::ErrorKind::NotFound => "the system has none of that name".to_owned(),
            io::ErrorKind::PermissionDenied => "it takes a privilege (cap_net_admin)".to_owned(),
            _ => .error.to_string(),
        }
    )]
    CongestionControl {
        /// Its name.
        name: String,
        /// Why not.
        error: io::Error,
    },
    /// A WebAssembly module, without the component that wraps it.
    #[error("not a component but a core module: `cargo xtask component` makes a component of it")]
    CoreModule,
    /// Not WebAssembly at all.
    #[error("not a WebAssembly component")]
    NotWebAssembly,
    /// WebAssembly that cannot be compiled.
    #[error("not a valid component: {0}")]
    Invalid(String),
    /// A component of another world than `sandsock:websocket/plugin`.
    #[error("not a component of the world sandsock:websocket/plugin@0.1.0: {0}")]
    World(String),
    /// A component that asks for more than the world `plugin` allows.
    #[error(
        "needs imports that are not offered: {}; only wasi:random/random@0.2.0 is", .0.join(", ")
    )]
    Imports(Vec<String>),
    /// A component that fails before it serves anybody.
    #[error("fails at its first call: {0}")]
    Guest(String),
    /// An option that the component refuses.
    #[error("option refused: {0}")]
    Option(OptionRefusal),
    /// More instances than the operating system lets a process map.
    #[error(
        "{connections} connections need {needed} memory mappings, but vm.max_map_count is \
         {allowed}: raise it (sysctl -w vm.max_map_count={needed}), or allow {fitting} connections \
         at most (--max-connections), or share instances (--isolation worker)"
    )]
    Mappings {
        /// Connections that were asked for.
        connections: u32,
        /// Mappings that they take together.
        needed: u64,
        /// Mappings that a process may have.
        allowed: u64,
        /// Connections that this is enough for.
        fitting: u64,
    },
    /// More instances than the address space has room for.
    #[error(
        "no address space for {0} instances: raise its limit (ulimit -v), or make do with fewer: \
         of connections (--max-connections) there is one each, with --isolation worker one for \
         each of --workers"
    )]
    AddressSpace(u32),
    /// The WebAssembly engine cannot be set up.
    #[error("cannot set up the WebAssembly engine: {0}")]
    Engine(String),
    /// A thread or its event loop cannot be set up.
    #[error("cannot set up a worker: {0}")]
    Worker(io::Error),
}

/// An option that is out of its bounds, with the offending value.
#[derive(Debug, Error)]
#[error("{}", match .0 {
    OptionError::Limits => "a limit is out of its bounds".to_owned(),
    OptionError::Timeouts => "a timeout is 0".to_owned(),
    OptionError::Compression => "a level, or window bits, out of bounds".to_owned(),
    OptionError::Subprotocol(text) => format!("subprotocol {text:?} is not a token, or is repeated"),
    OptionError::Origin(text) => format!("origin {text:?} is not like https://example.com"),
    OptionError::Host(text) => format!("host {text:?} is not a host and port"),
    OptionError::ResourceName(text) => format!("resource name {text:?} is not a path"),
    OptionError::Header(text) => format!("header {text:?} is not allowed"),
})]
pub struct OptionRefusal(pub(crate) OptionError);
