//! Any chunking of the same bytes leads to the same events and the same bytes
//! to transmit, in either role, also where the bytes break rules.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use sandsock_engine::types::{Options, ReadyState};

use crate::harness::frames::{BINARY, CLOSE, CONTINUATION, FIN, Frame, PING, PONG, TEXT};
use crate::harness::start::{Role, quiet_options, request};
use crate::harness::{Drained, Driver, Place};

/// A peer's bytes, and whom they are for.
#[derive(Clone, Debug)]
struct Stream {
    role: Role,
    /// The bytes begin with the opening handshake.
    connecting: bool,
    bytes: Vec<u8>,
}

/// All that a connection did with a stream.
#[derive(Debug, PartialEq)]
struct Outcome {
    out: Drained,
    ready_state: ReadyState,
}

impl Stream {
    fn run<'a>(&self, place: Place, chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
        let start = match self.connecting {
            true => self.role.connecting(options()),
            false => self.role.open(options()),
        };
        let mut driver = Driver::start(place, start);
        chunks.into_iter().for_each(|chunk| driver.receive(chunk));
        driver.receive_end();
        Outcome { out: driver.take(), ready_state: driver.ready_state() }
    }

    /// The stream's bytes in parts that end at `cuts`.
    fn cut(&self, cuts: &[Index]) -> Vec<&[u8]> {
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(self.bytes.len() + 1)).collect();
        ends.push(self.bytes.len());
        ends.sort_unstable();
        let mut start = 0;
        let part = |end| &self.bytes[std::mem::replace(&mut start, end)..end];
        ends.into_iter().map(part).collect()
    }
}

/// Limits that sessions of this size reach now and then.
fn options() -> Options {
    let mut options = quiet_options();
    options.limits.frame_bytes = 300;
    options.limits.message_bytes = 500;
    options.limits.fragment_count = 5;
    options.limits.output_bytes = 1024;
    options
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-zé€😀]{0,20}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (120usize..310).prop_map(|len| vec![b'a'; len]),
    ]
}

/// A message in fragments, cut anywhere, with control frames between them.
fn message() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let controls = prop::collection::vec(prop::option::weighted(0.3, control()), 4);
    let cuts = prop::collection::vec(any::<Index>(), 0..4);
    (select(&[TEXT, BINARY]), payload(), cuts, controls).prop_map(
        |(opcode, payload, cuts, controls)| {
            let mut ends: Vec<usize> = cuts.iter().map(|c| c.index(payload.len() + 1)).collect();
            ends.sort_unstable();
            let mut frames = Vec::new();
            let (mut start, mut first) = (0, opcode);
            for (end, control) in ends.into_iter().zip(controls) {
                frames.push((first, payload[start..end].to_vec()));
                frames.extend(control);
                (start, first) = (end, CONTINUATION);
            }
            frames.push((FIN | first, payload[start..].to_vec()));
            frames
        },
    )
}

fn control() -> impl Strategy<Value = (u8, Vec<u8>)> {
    (select(&[FIN | PING, FIN | PONG]), prop::collection::vec(any::<u8>(), 0..12))
}

fn close() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let body = prop_oneof![
        Just(Vec::new()),
        (990u16..1020, "[a-zé]{0,9}")
            .prop_map(|(code, reason)| { [&code.to_be_bytes(), reason.as_bytes()].concat() }),
    ];
    body.prop_map(|body| (FIN | CLOSE, body))
}

fn stream() -> impl Strategy<Value = Stream> {
    let part = prop_oneof![
        6 => message(),
        3 => control().prop_map(|frame| vec![frame]),
        1 => close().prop_map(|frame| vec![frame]),
    ];
    // Few are damaged, as most damage is found at once.
    let damage = prop::option::weighted(0.4, (any::<Index>(), any::<u8>()));
    (select(&Role::BOTH), any::<bool>(), prop::collection::vec(part, 1..12), any::<u32>(), damage)
        .prop_map(|(role, connecting, parts, key, damage)| {
            let connecting = connecting && role == Role::Server;
            let mut bytes = if connecting { request().into_bytes() } else { Vec::new() };
            for (number, (first, payload)) in (0..).zip(parts.concat()) {
                let key = (role == Role::Server).then(|| key.wrapping_mul(number).to_be_bytes());
                bytes.extend(Frame { first, masking_key: key, payload }.encode());
            }
            if let Some((place, byte)) = damage {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            Stream { role, connecting, bytes }
        })
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_stream_goes_alike_however_it_is_cut(stream in stream(), cuts in cuts()) {
        let whole = stream.run(Place::Native, [&stream.bytes[..]]);
        prop_assert_eq!(&stream.run(Place::Native, stream.bytes.chunks(1)), &whole);
        prop_assert_eq!(&stream.run(Place::Native, stream.cut(&cuts)), &whole);
        // The last word is the closure, and it is said once.
        prop_assert_eq!(whole.ready_state, ReadyState::Closed);
    }

    #[test]
    fn bytes_without_sense_go_alike_however_they_are_cut(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        role in select(&Role::BOTH),
        cuts in cuts(),
    ) {
        let stream = Stream { role, connecting: false, bytes };
        let whole = stream.run(Place::Native, [&stream.bytes[..]]);
        prop_assert_eq!(&stream.run(Place::Native, stream.bytes.chunks(1)), &whole);
        prop_assert_eq!(&stream.run(Place::Native, stream.cut(&cuts)), &whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_component_does_what_the_native_engine_does_to_the_byte(
        stream in stream(),
        cuts in cuts(),
    ) {
        let chunks = stream.cut(&cuts);
        let native = stream.run(Place::Native, chunks.iter().copied());
        prop_assert_eq!(stream.run(Place::Component, chunks), native);
    }
}
