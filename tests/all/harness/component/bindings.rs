//! What `wasmtime` generates from the world `protocol` of `wit/`. Nothing else
//! lives here.

mod generated {
    #![allow(missing_docs, clippy::pedantic, reason = "generated; `wit/` documents every item")]

    wasmtime::component::bindgen!({
        path: "../wit",
        world: "protocol",
    });
}

pub(super) use generated::exports::sandsock::websocket::connection::Guest;
pub(super) use generated::exports::sandsock::websocket::types;
pub(super) use generated::wasi::random::random;
pub(super) use generated::{Protocol, ProtocolPre};
