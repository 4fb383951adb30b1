use super::unfinished::Unfinished;
use super::*;
use crate::frame::{self, FIN};
use alloc::format;
use alloc::string::String;

fn limits() -> Limits {
    Limits { frame_bytes: 64, message_bytes: 100, fragment_count: 4, ..Limits::default() }
}

/// What was received, in words.
fn receive(receiver: &mut Receiver, bytes: &[u8]) -> Result<Vec<String>, Failure> {
    let mut input = ReceiveBuffer::default();
    input.push(bytes.to_vec());
    let mut all = Vec::new();
    while let Some(received) = receiver.receive(&mut input, 1 << 16)? {
        all.push(match received {
            Received::Message(kind, mut payload) => {
                format!("{kind:?} {}", payload.take().escape_ascii())
            }
            Received::Ping(data) => format!("Ping {}", data.escape_ascii()),
            Received::Pong(data) => format!("Pong {}", data.escape_ascii()),
            Received::Close(frame) => format!("Close {frame:?}"),
            Received::Inflated(bytes) => format!("Inflated {bytes}"),
        });
    }
    assert!(input.rest().is_empty());
    Ok(all)
}

fn from_server() -> Receiver {
    Receiver::new(Role::Server, &limits(), None)
}

#[test]
fn fragments_are_joined_around_control_frames() {
    let all = receive(&mut from_server(), b"\x01\x02He\x89\x01!\x00\x01l\x80\x02lo").unwrap();
    assert_eq!(all, ["Ping !", "Text Hello"]);
}

#[test]
fn a_header_by_itself_begins_no_message_yet() {
    let mut receiver = from_server();
    assert!(receive(&mut receiver, b"\x82\x02").unwrap().is_empty());
    assert_eq!(receive(&mut receiver, b"Hi\x81\x01!").unwrap(), ["Binary Hi", "Text !"]);
}

#[test]
fn an_impossible_byte_fails_inside_an_unfinished_frame() {
    let mut receiver = from_server();
    assert!(receive(&mut receiver, b"\x81\x09a\xf0\x90").unwrap().is_empty());
    let failure = receive(&mut receiver, b"\x28").unwrap_err();
    assert_eq!(failure, ProtocolError::MessageUtf8.into());
}

#[test]
fn limits_apply_before_the_payload() {
    let limit = |bytes: &[u8]| receive(&mut from_server(), bytes).unwrap_err();
    assert_eq!(limit(b"\x82\x41"), LimitError::FrameBytes(65).into());
    let mut bytes = Vec::from(b"\x02\x40");
    bytes.extend([0; 64]);
    bytes.extend(b"\x80\x25");
    assert_eq!(limit(&bytes), LimitError::MessageBytes(101).into());
    assert_eq!(limit(b"\x02\0\0\0\0\0\0\0\0\0"), LimitError::FragmentCount(5).into());
    assert!(receive(&mut from_server(), b"\x82\x40").is_ok());
}

#[test]
fn room_grows_with_what_has_come_not_with_what_is_announced() {
    let limits = Limits { message_bytes: 1 << 30, frame_bytes: 1 << 30, ..limits() };
    let mut receiver = Receiver::new(Role::Server, &limits, None);
    let mut bytes = frame::encode(FIN | Opcode::Binary as u8, 1 << 30, None).to_vec();
    bytes.extend([0; 100]);
    receive(&mut receiver, &bytes).unwrap();
    let capacity = receiver.message.unwrap().inflated().capacity();
    assert!(capacity <= 100 + Unfinished::FIRST_SPACE, "{capacity}");
}
