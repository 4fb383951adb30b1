//! What `wasmtime` generates from `wit/`. Nothing else lives here, and nothing
//! else in the crate is generated.
//!
//! The worlds below are `plugin` and `protocol`, but that they import `types`:
//! only imported types can be the same in both. A component that exports them
//! fits as well, as types are compared by their shape.

#[allow(missing_docs, reason = "generated; `wit/` is the source")]
mod plugin {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package sandsock:bindings;
            world plugin {
                import wasi:random/random@0.2.0;
                import sandsock:websocket/types@0.1.0;
                export sandsock:websocket/endpoint@0.1.0;
            }
        ",
        imports: { default: trappable },
        additional_derives: [PartialEq, Eq],
    });
}

mod protocol {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package sandsock:bindings;
            world protocol {
                import wasi:random/random@0.2.0;
                import sandsock:websocket/types@0.1.0;
                export sandsock:websocket/connection@0.1.0;
            }
        ",
        imports: { default: trappable },
        additional_derives: [PartialEq, Eq],
        with: {
            "wasi:random/random": super::plugin::wasi::random::random,
            "sandsock:websocket/types": super::plugin::sandsock::websocket::types,
        },
    });
}

pub(crate) use plugin::exports::sandsock::websocket::endpoint;
pub(crate) use plugin::sandsock::websocket::types;
pub(crate) use plugin::wasi::random::random;
pub(crate) use plugin::{Plugin as PluginExports, PluginPre};
pub(crate) use protocol::ProtocolPre;
pub(crate) use protocol::exports::sandsock::websocket::connection;
