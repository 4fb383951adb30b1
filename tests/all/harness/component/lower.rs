//! The engine's types to the component's: what a connection begins with, and
//! what it is handed.

use sandsock_engine::types as native;

use super::bindings::types as wit;

pub(super) fn start(start: native::Start) -> wit::Start {
    match start {
        native::Start::Accept(server) => wit::Start::Accept(server_options(server)),
        native::Start::Connect(client) => wit::Start::Connect(client_options(client)),
        native::Start::Accepted(handed_over) => wit::Start::Accepted(hand_over(handed_over)),
        native::Start::Connected(handed_over) => wit::Start::Connected(hand_over(handed_over)),
    }
}

pub(super) fn message(message: &native::Message) -> wit::Message {
    match message {
        native::Message::Text(text) => wit::Message::Text(text.clone()),
        native::Message::Binary(payload) => wit::Message::Binary(payload.clone()),
    }
}

pub(super) fn close_frame(
    native::CloseFrame { code, reason }: native::CloseFrame,
) -> wit::CloseFrame {
    wit::CloseFrame { code, reason }
}

fn server_options(server: native::ServerOptions) -> wit::ServerOptions {
    let native::ServerOptions { options: both, subprotocols, origins, headers } = server;
    let headers = headers.into_iter().map(header).collect();
    wit::ServerOptions { options: options(both), subprotocols, origins, headers }
}

fn client_options(client: native::ClientOptions) -> wit::ClientOptions {
    let native::ClientOptions { options: both, host, resource_name, origin, subprotocols, headers } =
        client;
    let headers = headers.into_iter().map(header).collect();
    wit::ClientOptions {
        options: options(both),
        host,
        resource_name,
        origin,
        subprotocols,
        headers,
    }
}

fn hand_over(handed_over: native::HandedOver) -> wit::HandedOver {
    let native::HandedOver { options: both, agreed } = handed_over;
    let native::Agreed { resource_name, host, origin, subprotocol, compression, headers } = agreed;
    let agreed = wit::Agreed {
        resource_name,
        host,
        origin,
        subprotocol,
        compression: compression.map(agreed_compression),
        headers: headers.into_iter().map(header).collect(),
    };
    wit::HandedOver { options: options(both), agreed }
}

fn header(native::Header { name, value }: native::Header) -> wit::Header {
    wit::Header { name, value }
}

fn agreed_compression(agreed: native::AgreedCompression) -> wit::AgreedCompression {
    let native::AgreedCompression {
        server_window_bits,
        client_window_bits,
        server_context_takeover,
        client_context_takeover,
    } = agreed;
    wit::AgreedCompression {
        server_window_bits,
        client_window_bits,
        server_context_takeover,
        client_context_takeover,
    }
}

fn options(options: native::Options) -> wit::Options {
    let native::Options { limits: most, timeouts: waits, compression: wanted } = options;
    wit::Options {
        limits: limits(&most),
        timeouts: timeouts(waits),
        compression: wanted.map(compression),
    }
}

fn limits(limits: &native::Limits) -> wit::Limits {
    let &native::Limits {
        head_bytes,
        header_count,
        frame_bytes,
        message_bytes,
        fragment_count,
        queued_pongs,
        output_bytes,
    } = limits;
    wit::Limits {
        head_bytes,
        header_count,
        frame_bytes,
        message_bytes,
        fragment_count,
        queued_pongs,
        output_bytes,
    }
}

fn timeouts(timeouts: native::Timeouts) -> wit::Timeouts {
    let native::Timeouts { opening, closing, idle, keepalive } = timeouts;
    let keepalive = keepalive
        .map(|native::Keepalive { interval, timeout }| wit::Keepalive { interval, timeout });
    wit::Timeouts { opening, closing, idle, keepalive }
}

fn compression(compression: native::Compression) -> wit::Compression {
    let native::Compression {
        level,
        threshold,
        server_window_bits,
        client_window_bits,
        server_context_takeover,
        client_context_takeover,
    } = compression;
    wit::Compression {
        level,
        threshold,
        server_window_bits,
        client_window_bits,
        server_context_takeover,
        client_context_takeover,
    }
}
