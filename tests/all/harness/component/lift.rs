//! The component's types to the engine's: what a connection reports.

use sandsock_engine::types as native;

use super::bindings::types as wit;

pub(super) fn output(output: wit::Output) -> native::Output {
    native::Output {
        transmit: output.transmit,
        deadline: output.deadline,
        next: match output.next {
            wit::Next::Receive => native::Next::Receive,
            wit::Next::Drain => native::Next::Drain,
            wit::Next::Close => native::Next::Close,
        },
        ready_state: ready_state(output.ready_state),
    }
}

pub(super) fn ready_state(ready_state: wit::ReadyState) -> native::ReadyState {
    match ready_state {
        wit::ReadyState::Connecting => native::ReadyState::Connecting,
        wit::ReadyState::Open => native::ReadyState::Open,
        wit::ReadyState::Closing => native::ReadyState::Closing,
        wit::ReadyState::Closed => native::ReadyState::Closed,
    }
}

pub(super) fn usage_error(error: wit::UsageError) -> native::UsageError {
    match error {
        wit::UsageError::Connecting => native::UsageError::Connecting,
        wit::UsageError::Closing => native::UsageError::Closing,
        wit::UsageError::Closed => native::UsageError::Closed,
        wit::UsageError::ControlPayload => native::UsageError::ControlPayload,
        wit::UsageError::CloseCode => native::UsageError::CloseCode,
        wit::UsageError::CloseReason => native::UsageError::CloseReason,
    }
}

pub(super) fn event(event: wit::Event) -> native::Event {
    match event {
        wit::Event::Opened(agreed) => native::Event::Opened(self::agreed(agreed)),
        wit::Event::Message(wit::Message::Text(text)) => {
            native::Event::Message(native::Message::Text(text))
        }
        wit::Event::Message(wit::Message::Binary(payload)) => {
            native::Event::Message(native::Message::Binary(payload))
        }
        wit::Event::Ping(application_data) => native::Event::Ping(application_data),
        wit::Event::Pong(wit::Pong { application_data, round_trip }) => {
            native::Event::Pong(native::Pong { application_data, round_trip })
        }
        wit::Event::CloseReceived(frame) => native::Event::CloseReceived(frame.map(close_frame)),
        wit::Event::Failed(failure) => native::Event::Failed(self::failure(failure)),
        wit::Event::Closed(wit::Closure { clean, code, reason, failure }) => {
            let failure = failure.map(self::failure);
            native::Event::Closed(native::Closure { clean, code, reason, failure })
        }
    }
}

fn close_frame(wit::CloseFrame { code, reason }: wit::CloseFrame) -> native::CloseFrame {
    native::CloseFrame { code, reason }
}

fn agreed(agreed: wit::Agreed) -> native::Agreed {
    let wit::Agreed { resource_name, host, origin, subprotocol, compression, headers } = agreed;
    let header = |wit::Header { name, value }| native::Header { name, value };
    native::Agreed {
        resource_name,
        host,
        origin,
        subprotocol,
        compression: compression.map(|agreed| native::AgreedCompression {
            server_window_bits: agreed.server_window_bits,
            client_window_bits: agreed.client_window_bits,
            server_context_takeover: agreed.server_context_takeover,
            client_context_takeover: agreed.client_context_takeover,
        }),
        headers: headers.into_iter().map(header).collect(),
    }
}

fn failure(failure: wit::Failure) -> native::Failure {
    match failure {
        wit::Failure::Protocol(error) => native::Failure::Protocol(protocol_error(error)),
        wit::Failure::Limit(error) => native::Failure::Limit(limit_error(error)),
        wit::Failure::Handshake(error) => native::Failure::Handshake(handshake_error(error)),
        wit::Failure::Timeout(error) => native::Failure::Timeout(timeout_error(error)),
    }
}

fn protocol_error(error: wit::ProtocolError) -> native::ProtocolError {
    use native::ProtocolError as Native;
    use wit::ProtocolError as Wit;
    match error {
        Wit::ReservedBits(bits) => Native::ReservedBits(bits),
        Wit::ReservedOpcode(opcode) => Native::ReservedOpcode(opcode),
        Wit::UnmaskedFrame => Native::UnmaskedFrame,
        Wit::MaskedFrame => Native::MaskedFrame,
        Wit::LengthForm => Native::LengthForm,
        Wit::LengthSign => Native::LengthSign,
        Wit::FragmentedControl(opcode) => Native::FragmentedControl(opcode),
        Wit::ControlLength(len) => Native::ControlLength(len),
        Wit::UnexpectedContinuation => Native::UnexpectedContinuation,
        Wit::InterleavedMessage => Native::InterleavedMessage,
        Wit::MessageUtf8 => Native::MessageUtf8,
        Wit::CloseLength => Native::CloseLength,
        Wit::CloseCode(code) => Native::CloseCode(code),
        Wit::CloseUtf8 => Native::CloseUtf8,
        Wit::CompressedData => Native::CompressedData,
    }
}

fn limit_error(error: wit::LimitError) -> native::LimitError {
    match error {
        wit::LimitError::FrameBytes(bytes) => native::LimitError::FrameBytes(bytes),
        wit::LimitError::MessageBytes(bytes) => native::LimitError::MessageBytes(bytes),
        wit::LimitError::FragmentCount(count) => native::LimitError::FragmentCount(count),
    }
}

fn handshake_error(error: wit::HandshakeError) -> native::HandshakeError {
    use native::HandshakeError as Native;
    use wit::HandshakeError as Wit;
    match error {
        Wit::HeadBytes => Native::HeadBytes,
        Wit::HeaderCount => Native::HeaderCount,
        Wit::MalformedHead => Native::MalformedHead,
        Wit::Method(method) => Native::Method(method),
        Wit::HttpVersion => Native::HttpVersion,
        Wit::ResourceName => Native::ResourceName,
        Wit::RequestBody => Native::RequestBody,
        Wit::Host => Native::Host,
        Wit::Status(status) => Native::Status(status),
        Wit::Upgrade => Native::Upgrade,
        Wit::Connection => Native::Connection,
        Wit::Key => Native::Key,
        Wit::Accept => Native::Accept,
        Wit::Version(version) => Native::Version(version),
        Wit::Origin(origin) => Native::Origin(origin),
        Wit::Subprotocol => Native::Subprotocol,
        Wit::Extensions => Native::Extensions,
        Wit::Closed => Native::Closed,
        Wit::Truncated => Native::Truncated,
    }
}

fn timeout_error(error: wit::TimeoutError) -> native::TimeoutError {
    match error {
        wit::TimeoutError::Opening => native::TimeoutError::Opening,
        wit::TimeoutError::Closing => native::TimeoutError::Closing,
        wit::TimeoutError::Keepalive => native::TimeoutError::Keepalive,
    }
}
