//! What each command does.

pub(crate) mod autobahn_client;
pub(crate) mod connect;
mod input;
mod print;

use std::fmt::Display;
use std::io::{self, Write};

use sandsock::client::ConnectError;

/// Tells what is wrong. Whoever reads this may be gone.
pub(crate) fn complain(error: impl Display) {
    let _ = writeln!(io::stderr(), "sandsock: {error}");
}

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
