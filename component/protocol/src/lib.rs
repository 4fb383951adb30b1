mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package sandsock:adapter;
            world connection {
                import wasi:random/random@0.2.0;
                import sandsock:websocket/types@0.1.0;
                export sandsock:websocket/connection@0.1.0;
            }
        ",
        generate_all,
        with: { "sandsock:websocket/types@0.1.0": sandsock_engine::types },
    });
}
