//! Generated from `wit/`, on the engine's own types: the world below *imports*
//! `types`, as only imported types can be taken from elsewhere. The component is
//! encoded with the world `plugin`, which is the same but for that.

#![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all, clippy::pedantic)]

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package sandsock:bindings;
        world plugin-bindings {
            import wasi:random/random@0.2.0;
            import sandsock:websocket/types@0.1.0;
            export sandsock:websocket/endpoint@0.1.0;
        }
    ",
    generate_all,
    with: { "sandsock:websocket/types@0.1.0": sandsock_engine::types },
    pub_export_macro: true,
    export_macro_name: "export_endpoint",
});
