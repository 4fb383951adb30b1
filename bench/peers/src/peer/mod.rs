//! One file per library.

pub(crate) mod fastwebsockets;
pub(crate) mod raw;
pub(crate) mod sockudo_ws;
pub(crate) mod tokio_tungstenite;
pub(crate) mod tokio_websockets;
