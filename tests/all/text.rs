//! Text of any length is what the standard library takes for UTF-8 (§8.1), natively and in
//! the component, which have ways of their own to find that out.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use sandsock_engine::types::{Event, Failure, Message, ProtocolError};

use crate::harness::frames::{FIN, TEXT, frame};
use crate::harness::start::{Role, quiet_options};
use crate::harness::{Driver, Place};

/// Octets at the borders that UTF-8 draws.
const BORDERS: [u8; 18] = [
    0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4,
    0xf5, 0xff,
];

/// Text in which characters of some lengths come in stretches, mostly with a flaw.
fn nearly_text() -> impl Strategy<Value = Vec<u8>> {
    let stretch = prop_oneof!["[ -~]{0,200}", "[aéя]{0,90}", "[a日ह각]{0,60}", ".{0,40}"];
    let flaw = prop::collection::vec(select(&BORDERS), 0..5);
    (prop::collection::vec(stretch, 1..5), any::<Index>(), flaw).prop_map(
        |(stretches, place, flaw)| {
            let mut text = stretches.concat().into_bytes();
            let place = place.index(text.len() + 1);
            let end = text.len().min(place + flaw.len());
            text.splice(place..end, flaw);
            text
        },
    )
}

/// Whether no text begins like this.
fn is_impossible(octets: &[u8]) -> bool {
    str::from_utf8(octets).is_err_and(|error| error.error_len().is_some())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn text_is_what_the_standard_library_takes_for_it(text in nearly_text(), cut: Index) {
        let frame = frame(Role::Client, FIN | TEXT, &text);
        let payload = |cut: usize| cut.saturating_sub(frame.len() - text.len());
        let expected = match String::from_utf8(text.clone()) {
            Ok(text) => Event::Message(Message::Text(text)),
            Err(_) => Event::Failed(Failure::Protocol(ProtocolError::MessageUtf8)),
        };
        for place in Place::BOTH {
            for cut in [frame.len(), cut.index(frame.len())] {
                let mut driver = Driver::start(place, Role::Server.open(quiet_options()));
                driver.take();
                driver.receive(&frame[..cut]);
                let mut events = driver.take().events;
                if cut < frame.len() {
                    // What no text begins with is found when it comes.
                    prop_assert_eq!(!events.is_empty(), is_impossible(&text[..payload(cut)]));
                }
                driver.receive(&frame[cut..]);
                events.extend(driver.take().events);
                prop_assert_eq!(events.first(), Some(&expected));
            }
        }
    }
}
