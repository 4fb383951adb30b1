//! The outcome depends on the bytes, not on how they come.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{
    REQUEST, RESPONSE, ServerHandshake, add, client, client_options, edit, server_options,
};
use crate::error::HandshakeError;
use crate::event::Agreed;
use crate::options::Limits;

/// What a handshake came to, and the bytes it left for the frames.
#[derive(Debug, PartialEq)]
enum Outcome {
    Waiting,
    Refused(HandshakeError),
    Agreed(Agreed, Vec<u8>),
}

/// Hands over `bytes` in parts that end at `cuts`.
fn feed<T>(
    bytes: &[u8],
    cuts: &[Index],
    mut receive: impl FnMut(&mut &[u8]) -> Option<Result<T, HandshakeError>>,
    agreed: impl Fn(T) -> Agreed,
) -> Outcome {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut start = 0;
    for end in ends {
        let mut part = &bytes[start..end];
        start = end;
        match receive(&mut part) {
            None => assert!(part.is_empty(), "an incomplete head takes all"),
            Some(Err(error)) => return Outcome::Refused(error),
            Some(Ok(done)) => {
                return Outcome::Agreed(agreed(done), [part, &bytes[end..]].concat());
            }
        }
    }
    Outcome::Waiting
}

fn serve_in_parts(bytes: &[u8], cuts: &[Index]) -> Outcome {
    let mut options = server_options();
    options.options.limits = Limits { head_bytes: 400, header_count: 8, ..Limits::default() };
    let mut server = ServerHandshake::new(options).unwrap();
    feed(bytes, cuts, |input| server.receive(input), |accepted| accepted.agreed)
}

fn connect_in_parts(bytes: &[u8], cuts: &[Index]) -> Outcome {
    let (mut client, _) = client(client_options());
    feed(bytes, cuts, |input| client.receive(input), |agreed| agreed)
}

fn requests() -> impl Strategy<Value = String> {
    select(Vec::from([
        REQUEST.into(),
        edit(REQUEST, "GET ", "\r\nGET "),
        add(REQUEST, "Sec-WebSocket-Protocol: chat\r\nOrigin: null"),
        add(REQUEST, "Origin: evil"),
        add(REQUEST, &["X: ", &"y".repeat(400)].concat()),
        add(REQUEST, "A:\r\nB:\r\nC:\r\nD:"),
        edit(REQUEST, "\r\nUpgrade", "\nUpgrade"),
        edit(REQUEST, "GET", "HEAD"),
        edit(REQUEST, "13\r\n\r\n", "13\r\n"),
    ]))
}

fn responses() -> impl Strategy<Value = String> {
    select(Vec::from([
        RESPONSE.into(),
        ["HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", RESPONSE].concat(),
        add(RESPONSE, "Sec-WebSocket-Protocol: chat"),
        edit(RESPONSE, "101", "404"),
        edit(RESPONSE, "\r\nUpgrade", "\rUpgrade"),
    ]))
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 0..40)
}

proptest! {
    #[test]
    fn a_server_reads_alike_however_a_request_is_cut(
        head in requests(),
        frames: Vec<u8>,
        cuts in cuts(),
    ) {
        let bytes = [head.as_bytes(), &frames].concat();
        let whole = serve_in_parts(&bytes, &[]);
        // Of a head that lacks its last line, that may be what comes next.
        if let Outcome::Agreed(_, left) = &whole
            && head.ends_with("\r\n\r\n")
        {
            prop_assert_eq!(left, &frames);
        }
        prop_assert_eq!(serve_in_parts(&bytes, &cuts), whole);
    }

    #[test]
    fn a_client_reads_alike_however_a_response_is_cut(
        head in responses(),
        frames: Vec<u8>,
        cuts in cuts(),
    ) {
        let bytes = [head.as_bytes(), &frames].concat();
        let whole = connect_in_parts(&bytes, &[]);
        if let Outcome::Agreed(_, left) = &whole {
            prop_assert_eq!(left, &frames);
        }
        prop_assert_eq!(connect_in_parts(&bytes, &cuts), whole);
    }

    #[test]
    fn a_damaged_head_is_judged_without_a_panic_however_it_is_cut(
        head in prop_oneof![requests(), responses()],
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
        cuts in cuts(),
    ) {
        let mut bytes = head.into_bytes();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        prop_assert_eq!(serve_in_parts(&bytes, &cuts), serve_in_parts(&bytes, &[]));
        prop_assert_eq!(connect_in_parts(&bytes, &cuts), connect_in_parts(&bytes, &[]));
    }
}
