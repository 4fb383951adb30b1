use super::*;

/// Server and client window bits, server and client context takeover.
type Row = (u8, u8, bool, bool);

fn wanted((server, client, server_takeover, client_takeover): Row) -> Compression {
    Compression {
        server_window_bits: server,
        client_window_bits: client,
        server_context_takeover: server_takeover,
        client_context_takeover: client_takeover,
        ..Compression::default()
    }
}

fn agreed((server, client, server_takeover, client_takeover): Row) -> AgreedCompression {
    AgreedCompression {
        server_window_bits: server,
        client_window_bits: client,
        server_context_takeover: server_takeover,
        client_context_takeover: client_takeover,
    }
}

const ALL: Row = (15, 15, true, true);
const LITTLE: Row = (10, 11, false, false);

/// Parameters that are unknown, repeated or badly valued, in an offer and in a
/// response alike (RFC 7692 §7.1). CVE-2026-2229 is about window bits.
const BAD_PARAMETERS: &[&str] = &[
    "server_max_window_bits",
    "server_max_window_bits=0",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=08",
    "server_max_window_bits=015",
    "server_max_window_bits=256",
    "server_max_window_bits=264",
    "server_max_window_bits=-9",
    "server_max_window_bits=1e1",
    "server_max_window_bits=ten",
    "server_max_window_bits=\"16\"",
    "server_max_window_bits=99999999999999999999",
    "server_max_window_bits=9; server_max_window_bits=9",
    "client_max_window_bits=0",
    "client_max_window_bits=7",
    "client_max_window_bits=16",
    "client_max_window_bits=08",
    "client_max_window_bits; client_max_window_bits=9",
    "server_no_context_takeover=true",
    "server_no_context_takeover=\"1\"",
    "server_no_context_takeover; server_no_context_takeover",
    "client_no_context_takeover=1",
    "client_no_context_takeover; client_no_context_takeover",
    "Server_Max_Window_Bits=9",
    "unknown",
    "unknown=8",
];

const MALFORMED_LISTS: &[&str] = &[
    "permessage-deflate;",
    "permessage-deflate; server_max_window_bits=",
    "permessage-deflate; server_max_window_bits=\"\"",
    "permessage-deflate; server_max_window_bits=\"9",
    "permessage-deflate server_no_context_takeover",
    "permessage-deflate, ;",
    "permessage-deflate, other; a=\"b c\"",
    "other/1",
];

#[test]
fn a_server_answers_what_it_does() {
    #[rustfmt::skip]
    let rows: &[(Row, &str, Row, &str)] = &[
        (ALL, "", ALL, ""),
        (ALL, "; client_max_window_bits", ALL, ""),
        (ALL, "; client_max_window_bits=15", ALL, ""),
        (ALL, "; client_max_window_bits=8", (15, 8, true, true), "; client_max_window_bits=8"),
        (ALL, "; client_max_window_bits=\"1\\2\"", (15, 12, true, true), "; client_max_window_bits=12"),
        (ALL, "; server_max_window_bits=15", ALL, "; server_max_window_bits=15"),
        (ALL, "; server_max_window_bits=8", (8, 15, true, true), "; server_max_window_bits=8"),
        (ALL, "; server_no_context_takeover", (15, 15, false, true), "; server_no_context_takeover"),
        (ALL, "; client_no_context_takeover", (15, 15, true, false), "; client_no_context_takeover"),
        (ALL, "; client_max_window_bits; server_max_window_bits=9; client_no_context_takeover; server_no_context_takeover",
            (9, 15, false, false), "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9"),
        (LITTLE, "; client_max_window_bits", LITTLE,
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11"),
        (LITTLE, "; client_max_window_bits=9; server_max_window_bits=15", (10, 9, false, false),
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9"),
        ((9, 15, true, true), "", (9, 15, true, true), "; server_max_window_bits=9"),
        ((15, 15, false, true), "", (15, 15, false, true), "; server_no_context_takeover"),
    ];
    for &(wants, offer, agrees, response) in rows {
        let accepted = accept(&[&(String::from(NAME) + offer)], Some(&wanted(wants)));
        let expected = (agreed(agrees), String::from(NAME) + response);
        assert_eq!(accepted, Ok(Some(expected)), "{offer:?} to {wants:?}");
    }
}

#[test]
fn a_server_declines_offers_with_bad_parameters() {
    for parameters in BAD_PARAMETERS {
        let bad = alloc::format!("permessage-deflate; {parameters}");
        assert_eq!(accept(&[&bad], Some(&wanted(ALL))), Ok(None), "{parameters:?}");
        let with_another = bad + ", permessage-deflate; server_no_context_takeover";
        let accepted = accept(&[&with_another], Some(&wanted(ALL)));
        assert!(
            matches!(&accepted, Ok(Some((agreed, _))) if !agreed.server_context_takeover),
            "{parameters:?}: {accepted:?}"
        );
    }
}

#[test]
fn a_server_declines_a_client_that_it_cannot_limit() {
    let limited = wanted((15, 14, true, true));
    assert_eq!(accept(&["permessage-deflate"], Some(&limited)), Ok(None));
    assert!(
        accept(&["permessage-deflate; client_max_window_bits"], Some(&limited)).unwrap().is_some()
    );
}

#[test]
fn a_server_takes_the_first_acceptable_offer() {
    let values = [
        "x-webkit-deflate-frame, other; a=b",
        "permessage-deflate; unknown, permessage-deflate; server_max_window_bits=9",
        "permessage-deflate",
    ];
    let (agreed, _) = accept(&values, Some(&wanted(ALL))).unwrap().unwrap();
    assert_eq!(agreed.server_window_bits, 9);
}

#[test]
fn a_server_without_compression_declines_every_offer() {
    assert_eq!(accept(&["permessage-deflate"], None), Ok(None));
    assert_eq!(accept(&[], None), Ok(None));
    assert_eq!(accept(&[], Some(&wanted(ALL))), Ok(None));
    assert_eq!(accept(&["permessage-bzip2"], Some(&wanted(ALL))), Ok(None));
    assert_eq!(accept(&["Permessage-Deflate"], Some(&wanted(ALL))), Ok(None));
}

#[test]
fn malformed_lists_fail_in_either_role() {
    for list in MALFORMED_LISTS {
        for wants in [None, Some(&wanted(ALL))] {
            assert_eq!(accept(&[list], wants), Err(HandshakeError::Extensions), "{list:?}");
            assert_eq!(confirm(&[list], wants), Err(HandshakeError::Extensions), "{list:?}");
        }
    }
}

#[test]
fn a_client_offers_what_it_wants() {
    assert_eq!(offer(&wanted(ALL)), "permessage-deflate; client_max_window_bits");
    assert_eq!(
        offer(&wanted(LITTLE)),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
         server_max_window_bits=10; client_max_window_bits=11"
    );
}

#[test]
fn a_client_does_what_was_answered() {
    let rows: &[(Row, &str, Option<Row>)] = &[
        (ALL, "", Some(ALL)),
        (ALL, "; client_max_window_bits=15; server_max_window_bits=15", Some(ALL)),
        (ALL, "; client_max_window_bits=8", Some((15, 8, true, true))),
        (ALL, "; server_max_window_bits=8", Some((8, 15, true, true))),
        (ALL, "; server_no_context_takeover", Some((15, 15, false, true))),
        (ALL, "; client_no_context_takeover", Some((15, 15, true, false))),
        (ALL, "; client_max_window_bits", None),
        ((15, 11, true, false), "", Some((15, 11, true, false))),
        ((15, 11, true, true), "; client_max_window_bits=9", Some((15, 9, true, true))),
        ((15, 11, true, true), "; client_max_window_bits=12", None),
        ((10, 15, true, true), "; server_max_window_bits=9", Some((9, 15, true, true))),
        ((10, 15, true, true), "; server_max_window_bits=11", None),
        ((10, 15, true, true), "", None),
        ((15, 15, false, true), "; server_no_context_takeover", Some((15, 15, false, true))),
        ((15, 15, false, true), "", None),
    ];
    for &(wants, response, agrees) in rows {
        let confirmed = confirm(&[&(String::from(NAME) + response)], Some(&wanted(wants)));
        let expected = agrees.map(|row| Some(agreed(row))).ok_or(HandshakeError::Extensions);
        assert_eq!(confirmed, expected, "{response:?} to {wants:?}");
    }
}

#[test]
fn a_client_fails_on_responses_that_it_did_not_offer() {
    let wants = wanted(ALL);
    let fails = |values: &[&str], wants| {
        assert_eq!(confirm(values, wants), Err(HandshakeError::Extensions), "{values:?}");
    };
    for parameters in BAD_PARAMETERS {
        fails(&[&alloc::format!("permessage-deflate; {parameters}")], Some(&wants));
    }
    fails(&["permessage-deflate"], None);
    fails(&["other"], Some(&wants));
    fails(&["permessage-deflate, other"], Some(&wants));
    fails(&["permessage-deflate, permessage-deflate"], Some(&wants));
    fails(&["permessage-deflate", "permessage-deflate"], Some(&wants));
}

#[test]
fn a_response_may_decline_the_offer() {
    assert_eq!(confirm(&[], Some(&wanted(ALL))), Ok(None));
    assert_eq!(confirm(&[], None), Ok(None));
    assert_eq!(confirm(&[""], Some(&wanted(ALL))), Ok(None));
}

#[test]
fn both_roles_agree_on_the_same() {
    let bits = [8, 9, 14, 15];
    let takeover = [true, false];
    let all = || {
        bits.into_iter().flat_map(move |server| bits.map(|client| (server, client))).flat_map(
            move |(server, client)| {
                takeover.map(|s| takeover.map(|c| (server, client, s, c))).into_iter().flatten()
            },
        )
    };
    for client in all().map(wanted) {
        for server in all().map(wanted) {
            // A client always lets itself be limited, so that nothing is declined.
            let (agreed, response) = accept(&[&offer(&client)], Some(&server)).unwrap().unwrap();
            assert_eq!(confirm(&[&response], Some(&client)), Ok(Some(agreed)));
        }
    }
}
