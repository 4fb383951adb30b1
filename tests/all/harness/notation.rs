//! Events as lines of text, in the words of `wit/types.wit`:
//!
//! ```text
//! opened
//! text "Hello"
//! binary 00ff
//! ping 48656c6c6f
//! pong 48656c6c6f, after 12 ms
//! close-received 1000 "bye"
//! failed reserved-bits(4)
//! closed cleanly 1000 "bye"
//! closed 1006
//! ```

use std::fmt::Debug;

use sandsock_engine::types::{Closure, Event, Failure, Message, ReadyState, UsageError};

use super::bytes;

/// All events, a line each. Checks on the way that a closure repeats the
/// failure that was reported.
pub(crate) fn show_all(events: &[Event]) -> Vec<String> {
    let mut reported = None;
    for event in events {
        match event {
            Event::Failed(failure) => {
                assert!(reported.replace(failure).is_none(), "failed twice: {events:?}");
            }
            Event::Closed(closure) if reported.is_some() => {
                assert_eq!(closure.failure.as_ref(), reported);
            }
            _ => {}
        }
    }
    events.iter().map(show).collect()
}

/// One event.
pub(crate) fn show(event: &Event) -> String {
    match event {
        Event::Opened(_) => "opened".into(),
        Event::Message(message) => show_message(message),
        Event::Ping(data) => line("ping", &bytes::show(data)),
        Event::Pong(pong) => {
            let after = pong.round_trip.map(|ms| format!(", after {ms} ms")).unwrap_or_default();
            line("pong", &bytes::show(&pong.application_data)) + &after
        }
        Event::CloseReceived(None) => "close-received".into(),
        Event::CloseReceived(Some(frame)) => {
            line("close-received", &show_code(frame.code, &frame.reason))
        }
        Event::Failed(failure) => line("failed", &show_failure(failure)),
        Event::Closed(Closure { clean, code, reason, failure: _ }) => {
            line(if *clean { "closed cleanly" } else { "closed" }, &show_code(*code, reason))
        }
    }
}

pub(crate) fn show_ready_state(ready_state: ReadyState) -> String {
    kebab(&ready_state)
}

pub(crate) fn show_usage_error(error: UsageError) -> String {
    kebab(&error)
}

/// The innermost case, such as `reserved-bits(4)`.
pub(crate) fn show_failure(failure: &Failure) -> String {
    match failure {
        Failure::Protocol(error) => kebab(error),
        Failure::Limit(error) => kebab(error),
        Failure::Handshake(error) => kebab(error),
        Failure::Timeout(error) => format!("{}-timeout", kebab(error)),
    }
}

fn show_message(message: &Message) -> String {
    match message {
        Message::Text(text) => {
            let first = text.chars().next().unwrap_or_default();
            if text.len() > 64 && text.chars().all(|c| c == first) {
                format!("text {first:?}*{}", text.chars().count())
            } else {
                format!("text {text:?}")
            }
        }
        Message::Binary(data) => line("binary", &bytes::show(data)),
    }
}

fn show_code(code: u16, reason: &str) -> String {
    if reason.is_empty() { code.to_string() } else { format!("{code} {reason:?}") }
}

fn line(word: &str, rest: &str) -> String {
    format!("{word} {rest}").trim_end().into()
}

/// A Rust name as WIT spells it; what is in quotes stays.
fn kebab(value: &impl Debug) -> String {
    let mut out = String::new();
    let mut quoted = false;
    for c in format!("{value:?}").chars() {
        quoted ^= c == '"';
        if c.is_ascii_uppercase() && !quoted {
            if out.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) {
                out.push('-');
            }
            out.push(c.to_ascii_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}
