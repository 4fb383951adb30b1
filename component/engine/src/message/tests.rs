use super::unfinished::Unfinished;
use super::*;
use crate::deflate::Deflater;
use crate::error::LimitError;
use crate::frame::{self, FIN, RSV1};
use crate::mask::apply_mask;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use proptest::prelude::*;

fn limits() -> Limits {
    Limits { frame_bytes: 64, message_bytes: 100, fragment_count: 4, ..Limits::default() }
}

const COMPRESSION: AgreedCompression = AgreedCompression {
    server_window_bits: 15,
    client_window_bits: 15,
    server_context_takeover: true,
    client_context_takeover: true,
};

/// What was received, in words.
fn receive(receiver: &mut Receiver, bytes: &[u8]) -> Result<Vec<String>, Failure> {
    let mut all = Vec::new();
    receive_into(&mut all, receiver, bytes, 1 << 16).map(|()| all)
}

fn receive_into(
    all: &mut Vec<String>,
    receiver: &mut Receiver,
    bytes: &[u8],
    budget: usize,
) -> Result<(), Failure> {
    let mut input = ReceiveBuffer::default();
    input.push(bytes.to_vec());
    loop {
        // In this order, as a connection has it.
        let received = match receiver.receive_whole(&mut input)? {
            Some((kind, payload)) => Some(Received::Message(kind, payload)),
            None => receiver.receive(&mut input, budget)?,
        };
        let Some(received) = received else { break };
        all.push(match received {
            Received::Message(kind, mut payload) => {
                format!("{kind:?} {}", payload.take().escape_ascii())
            }
            Received::Ping(data) => format!("Ping {}", data.escape_ascii()),
            Received::Pong(data) => format!("Pong {}", data.escape_ascii()),
            Received::Close(frame) => format!("Close {frame:?}"),
            Received::Inflated(_) => continue,
        });
    }
    assert!(input.rest().is_empty());
    Ok(())
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

fn masked(first: u8, payload: &[u8], key: MaskingKey) -> Vec<u8> {
    let mut frame = frame::encode(first, payload.len(), Some(key)).to_vec();
    let header_len = frame.len();
    frame.extend_from_slice(payload);
    apply_mask(&mut frame[header_len..], key, 0);
    frame
}

#[test]
fn what_is_left_to_inflate_does_not_wait_for_more_of_the_frame() {
    let mut payload = vec![];
    let mut deflater = Deflater::new(6, 15, false);
    // Beyond the limit, by a match that only a small budget interrupts.
    deflater.deflate(&[b'x'; 130], &mut payload);
    deflater.finish(&mut payload);
    let header = frame::encode(FIN | RSV1 | Opcode::Text as u8, payload.len(), None);
    for here in 0..payload.len() {
        let bytes = [&header[..], &payload[..here]].concat();
        let verdict = |budget| {
            let mut receiver = Receiver::new(Role::Server, &limits(), Some(&COMPRESSION));
            receive_into(&mut vec![], &mut receiver, &bytes, budget)
        };
        assert_eq!(verdict(10), verdict(1 << 16), "{here} of {} bytes", payload.len());
    }
}

/// Biased towards what looks like a header.
fn masking_key() -> impl Strategy<Value = MaskingKey> {
    prop::array::uniform4(prop_oneof![prop::sample::select(vec![0x00, 0x80, 0x81]), any::<u8>()])
}

/// A client's frame: mostly of a fragmented message, and mostly sound.
fn clients_frame() -> impl Strategy<Value = Vec<u8>> {
    let middle = Opcode::Continuation as u8;
    let first = prop_oneof![
        6 => Just(middle),
        2 => Just(FIN | middle),
        2 => prop::sample::select(vec![0x01, 0x02, 0x81, 0x82]),
        1 => prop_oneof![Just(0x89), any::<u8>()],
    ];
    // Biased towards what is just within a limit, or beyond it.
    let len = prop_oneof![
        1 => 0usize..70,
        2 => 0usize..5,
        1 => prop::sample::select(vec![36, 37, 64, 65]),
    ];
    let byte = prop_oneof![99 => Just(b'x'), 1 => any::<u8>()];
    let payload = len.prop_flat_map(move |len| prop::collection::vec(byte.clone(), len));
    (first, payload, masking_key()).prop_map(|(first, payload, key)| masked(first, &payload, key))
}

/// A compressed message in one frame or in several: mostly sound, text and within the
/// limit; some with a code of their own.
fn compressed_message() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![199 => Just(b'x'), 1 => any::<u8>()];
    let few = prop_oneof![199 => prop::sample::select(b"aeio".to_vec()), 1 => any::<u8>()];
    let message =
        prop_oneof![prop::collection::vec(byte, 0..130), prop::collection::vec(few, 60..130),];
    let part = prop_oneof![1 => 1_usize..20, 1 => Just(64)];
    let junk = prop_oneof![4 => Just(&b""[..]), 1 => Just(&b"\xff\xff\xff"[..])];
    (message, junk, part, masking_key()).prop_map(|(message, junk, part, key)| {
        let mut payload = vec![];
        let mut deflater = Deflater::new(6, 15, false);
        deflater.begin();
        deflater.deflate(&message, &mut payload);
        deflater.finish(&mut payload);
        payload.extend_from_slice(junk);
        let last = payload.len().div_ceil(part) - 1;
        let parts = payload.chunks(part).enumerate().flat_map(|(number, part)| {
            let first = if number == 0 { RSV1 | Opcode::Text as u8 } else { 0 };
            masked(if number == last { FIN | first } else { first }, part, key)
        });
        parts.collect()
    })
}

proptest! {
    // Many: what matters is a rare place to end a read, or to reach a limit.
    #![proptest_config(ProptestConfig::with_cases(2048))]

    /// What comes byte by byte is never whole, so that no short cut is taken.
    #[test]
    fn neither_reads_nor_short_cuts_change_anything(
        begins: bool,
        read in 1usize..100,
        budget in 1usize..200,
        client_context_takeover: bool,
        frames in prop::collection::vec(
            prop_oneof![4 => clients_frame(), 1 => compressed_message()],
            0..12,
        ),
    ) {
        let begin = if begins { masked(0x01, b"", [0; 4]) } else { vec![] };
        let bytes = [begin, frames.concat()].concat();
        let compression = AgreedCompression { client_context_takeover, ..COMPRESSION };
        let received = |read, budget| {
            let mut all = vec![];
            let mut receiver = Receiver::new(Role::Client, &limits(), Some(&compression));
            let verdict = bytes
                .chunks(read)
                .try_for_each(|read| receive_into(&mut all, &mut receiver, read, budget));
            (all, verdict)
        };
        prop_assert_eq!(received(read, budget), received(1, 1 << 16));
    }
}
