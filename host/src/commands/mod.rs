//! What each command does.

pub(crate) mod autobahn_client;
pub(crate) mod connect;
mod input;
mod print;

use sandsock::client::ConnectError;

/// An error, with the flags that help against it.
fn advise(error: &ConnectError) -> String {
    match error {
        ConnectError::Certificate { .. } => format!(
            "{error}; to trust it nevertheless, name its authority with --ca FILE, or accept any \
             certificate with --insecure"
        ),
        error => error.to_string(),
    }
}
