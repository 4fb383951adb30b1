//! A client and a server that talk with each other, the way an application
//! would have them do, over wires that cut and delay.

use proptest::prelude::*;
use proptest::sample::select;
use sandsock_engine::types::{
    CloseFrame, Compression, Event, Keepalive, Message, Options, ReadyState,
};

use crate::harness::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, RSV1, TEXT};
use crate::harness::notation;
use crate::harness::start::{Role, quiet_options};
use crate::harness::{Pair, Place, SeededEntropy};

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        "[a-zé€😀]{0,100}".prop_map(Message::Text),
        prop::collection::vec(any::<u8>(), 0..400).prop_map(Message::Binary),
        // Around the lengths where the header's form changes (§5.2).
        select(&[125usize, 126, 127, 65_535, 65_536]).prop_map(|n| Message::Binary(vec![7; n])),
    ]
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    prop::collection::vec(message(), 0..8)
}

/// Sizes of reads.
fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1usize..16, 16usize..70_000], 0..6)
}

fn received<'a>(events: &'a [Event]) -> Vec<&'a Message> {
    let message = |event: &'a Event| match event {
        Event::Message(message) => Some(message),
        _ => None,
    };
    events.iter().filter_map(message).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn messages_arrive_unchanged_and_in_order_and_the_closure_is_clean(
        from_client in messages(),
        from_server in messages(),
        cuts in cuts(),
        latency in 0u32..300,
        closer in select(&Role::BOTH),
        place in select(&Place::BOTH),
    ) {
        let mut pair = Pair::connect(place, &quiet_options(), latency, cuts);
        let longest = from_client.len().max(from_server.len());
        for turn in 0..longest {
            if let Some(message) = from_client.get(turn) {
                pair.client.driver.send_message(message).unwrap();
            }
            if let Some(message) = from_server.get(turn) {
                pair.server.driver.send_message(message).unwrap();
            }
            if turn % 3 == 0 {
                pair.settle();
            }
        }
        let end = match closer {
            Role::Client => &mut pair.client,
            Role::Server => &mut pair.server,
        };
        end.driver.close(Some(CloseFrame { code: 4000, reason: "done".into() })).unwrap();
        pair.settle();

        prop_assert_eq!(received(&pair.server.events), from_client.iter().collect::<Vec<_>>());
        prop_assert_eq!(received(&pair.client.events), from_server.iter().collect::<Vec<_>>());
        for end in [&mut pair.client, &mut pair.server] {
            prop_assert_eq!(end.driver.ready_state(), ReadyState::Closed);
            let last = notation::show(end.events.last().unwrap());
            prop_assert_eq!(last, "closed cleanly 4000 \"done\"");
        }
    }
}

#[test]
fn a_long_message_is_compressed_in_slices_that_nothing_overtakes() {
    let options = Options { compression: Some(Compression::default()), ..quiet_options() };
    for place in Place::BOTH {
        let mut pair = Pair::connect(place, &options, 0, Vec::new());
        let mut noise = vec![0; 1 << 20];
        SeededEntropy(1).fill(&mut noise);
        let long = Message::Binary(noise);
        let messages = [long, Message::Text("x".repeat(2000)), Message::Text("!".into())];
        let before = pair.server.sent.len();
        for message in &messages {
            pair.server.driver.send_message(message).unwrap();
        }
        pair.server.driver.close(None).unwrap();
        pair.settle();

        assert!(received(&pair.client.events).into_iter().eq(&messages), "{place:?}");
        let frames = frames::decode_all(Role::Server, &pair.server.sent[before..]);
        let firsts: Vec<u8> = frames.iter().map(|frame| frame.first).collect();
        let end = firsts.iter().position(|&first| first == FIN | CONTINUATION).unwrap();
        let (long, rest) = firsts.split_at(end);
        // RFC 7692 §6.1: RSV1 on the initial frame only.
        assert_eq!(long[0], RSV1 | BINARY);
        assert!(long.len() >= 15, "{long:x?}");
        assert!(long[1..].iter().all(|&first| first == CONTINUATION), "{long:x?}");
        let short = [FIN | CONTINUATION, FIN | RSV1 | TEXT, FIN | TEXT, FIN | CLOSE];
        assert_eq!(rest, short, "{place:?}");
    }
}

#[test]
fn both_ends_may_start_the_closing_handshake_at_once() {
    for place in Place::BOTH {
        let mut pair = Pair::connect(place, &quiet_options(), 50, Vec::new());
        pair.client.driver.close(Some(CloseFrame::new(4001))).unwrap();
        pair.server.driver.close(Some(CloseFrame::new(4002))).unwrap();
        pair.settle();
        let lasts = [&pair.client, &pair.server].map(|end| end.events.last().map(notation::show));
        let expected = ["closed cleanly 4002", "closed cleanly 4001"].map(|s| Some(s.into()));
        assert_eq!(lasts, expected, "{place:?}");
    }
}

#[test]
fn the_server_ends_the_transport_and_the_client_waits_for_it() {
    // §7.1.1, whoever closes: the client learns of the end from the wire, a
    // latency after the server.
    for closer in Role::BOTH {
        let mut pair = Pair::connect(Place::Native, &quiet_options(), 50, Vec::new());
        let began = pair.client.driver.now();
        match closer {
            Role::Client => pair.client.driver.close(None).unwrap(),
            Role::Server => pair.server.driver.close(None).unwrap(),
        }
        let until_server_closes = if closer == Role::Client { 50 } else { 100 };
        pair.pass(until_server_closes);
        assert_eq!(pair.server.driver.ready_state(), ReadyState::Closed, "{closer:?}");
        assert_eq!(pair.client.driver.ready_state(), ReadyState::Closing, "{closer:?}");
        pair.pass(50);
        assert_eq!(pair.client.driver.ready_state(), ReadyState::Closed, "{closer:?}");
        assert_eq!(pair.client.driver.now() - began, u64::from(until_server_closes) + 50);
    }
}

#[test]
fn keepalive_measures_the_round_trip_by_the_hosts_clock() {
    let mut options = quiet_options();
    options.timeouts.keepalive = Some(Keepalive { interval: 1_000, timeout: 500 });
    for place in Place::BOTH {
        for latency in [0, 1, 120] {
            let mut pair = Pair::connect(place, &options, latency, Vec::new());
            assert_eq!(pair.client.driver.round_trip(), None);
            pair.pass(5_000);
            assert_eq!(pair.client.driver.ready_state(), ReadyState::Open);
            assert_eq!(pair.server.driver.ready_state(), ReadyState::Open);
            let round_trips = [&mut pair.client, &mut pair.server].map(|e| e.driver.round_trip());
            assert!(round_trips.contains(&Some(2 * latency)), "{place:?}: {round_trips:?}");
        }
    }
}

#[test]
fn nothing_is_sent_between_two_that_agreed_on_silence() {
    let mut options: Options = quiet_options();
    options.timeouts.idle = None;
    let mut pair = Pair::connect(Place::Native, &options, 10, Vec::new());
    let sent = [pair.client.sent.len(), pair.server.sent.len()];
    pair.pass(86_400_000);
    assert_eq!([pair.client.sent.len(), pair.server.sent.len()], sent);
    assert_eq!(pair.client.driver.deadline(), None);
}
