//! echo.wasm: answers every message with itself.

use sandsock_plugin::{Application, MessageRef, Outbox};

#[derive(Default)]
struct Echo;

impl Application for Echo {
    fn message(&mut self, message: MessageRef<'_>, outbox: &mut Outbox) {
        // Fails once a Close frame was sent: then nobody waits for the echo.
        let _ = outbox.send(message);
    }
}

sandsock_plugin::export_application!(Echo);
