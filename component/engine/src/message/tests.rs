use super::unfinished::Unfinished;
use super::*;
use crate::frame::{self, FIN};

fn limits() -> Limits {
    Limits { frame_bytes: 64, message_bytes: 100, fragment_count: 4, ..Limits::default() }
}

fn receive(receiver: &mut Receiver, bytes: &[u8]) -> Result<Vec<Received<'static>>, Failure> {
    let mut bytes = bytes.to_vec();
    let mut input = &mut bytes[..];
    let mut all = Vec::new();
    while let Some(received) = receiver.receive(&mut input, 1 << 16)? {
        all.push(match received {
            Received::Message(kind, payload) => {
                Received::Message(kind, payload.into_owned().into())
            }
            Received::Ping(data) => Received::Ping(data.into_owned().into()),
            Received::Pong(data) => Received::Pong(data.into_owned().into()),
            Received::Close(frame) => Received::Close(frame),
            Received::Inflated(bytes) => Received::Inflated(bytes),
        });
    }
    assert!(input.is_empty());
    Ok(all)
}

fn from_server() -> Receiver {
    Receiver::new(Role::Server, &limits(), None)
}

#[test]
fn fragments_are_joined_around_control_frames() {
    let all = receive(&mut from_server(), b"\x01\x02He\x89\x01!\x00\x01l\x80\x02lo").unwrap();
    let text = Received::Message(MessageKind::Text, b"Hello".into());
    assert_eq!(all, [Received::Ping(b"!".into()), text]);
}

#[test]
fn an_impossible_byte_fails_inside_an_unfinished_frame() {
    let mut receiver = from_server();
    assert_eq!(receive(&mut receiver, b"\x81\x09a\xf0\x90").unwrap(), []);
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
    let mut bytes = Vec::new();
    frame::encode(&mut bytes, FIN | Opcode::Binary as u8, 1 << 30, None);
    bytes.extend([0; 100]);
    receive(&mut receiver, &bytes).unwrap();
    let capacity = receiver.message.unwrap().payload.capacity();
    assert!(capacity <= 100 + Unfinished::FIRST_ROOM, "{capacity}");
}
