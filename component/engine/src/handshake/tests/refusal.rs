//! The responses that refuse a request.

use alloc::string::String;

use super::super::{refusal, timeout_response};
use crate::error::HandshakeError as Error;

fn text(error: &Error) -> String {
    String::from_utf8(refusal(error)).unwrap()
}

#[test]
fn each_refusal_has_the_status_of_the_contract() {
    let rows = [
        (Error::HeadBytes, 431),
        (Error::HeaderCount, 431),
        (Error::MalformedHead, 400),
        (Error::Method("PUT".into()), 405),
        (Error::HttpVersion, 505),
        (Error::ResourceName, 400),
        (Error::RequestBody, 400),
        (Error::Host, 400),
        (Error::Upgrade, 426),
        (Error::Connection, 426),
        (Error::Key, 400),
        (Error::Version("8".into()), 426),
        (Error::Origin("https://evil".into()), 403),
        (Error::Subprotocol, 400),
        (Error::Extensions, 400),
        (Error::Closed, 503),
        (Error::Truncated, 400),
    ];
    for (error, status) in rows {
        let text = text(&error);
        assert!(text.starts_with(&alloc::format!("HTTP/1.1 {status} ")), "{text}");
        assert!(!text.contains("evil"), "{text}");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("\r\nContent-Type: text/plain\r\n"), "{text}");
        assert!(head.ends_with(&alloc::format!("\r\nContent-Length: {}", body.len())), "{text}");
        assert!(body.ends_with(".\n") && body.len() <= 90 && body.is_ascii(), "{text}");
        let connection = if status == 426 { "Upgrade, close" } else { "close" };
        assert!(head.contains(&["\r\nConnection: ", connection, "\r\n"].concat()), "{text}");
        let upgrade = head.contains("\r\nUpgrade: websocket\r\n");
        let version = head.contains("\r\nSec-WebSocket-Version: 13\r\n");
        assert_eq!((upgrade, version), (status == 426, status == 426), "{text}");
        assert_eq!(head.contains("\r\nAllow: GET\r\n"), status == 405, "{text}");
    }
}

#[test]
fn a_request_that_came_too_late_is_answered_with_408() {
    assert!(
        timeout_response().starts_with(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n")
    );
}

#[test]
fn a_refused_head_request_gets_no_content() {
    let to_head = text(&Error::Method("HEAD".into()));
    let to_put = text(&Error::Method("PUT".into()));
    assert!(to_head.ends_with("\r\n\r\n") && to_put.starts_with(&to_head), "{to_head}");
}

#[test]
fn a_client_answers_nothing() {
    assert_eq!(text(&Error::Status(404)), "");
    assert_eq!(text(&Error::Accept), "");
}
