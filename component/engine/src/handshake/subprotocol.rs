//! Subprotocols (§1.9): a client offers some, a server agrees to one of them.
//! They are compared byte for byte, as browsers do.

use alloc::borrow::ToOwned;
use alloc::collections::BinaryHeap;
use alloc::string::String;
use alloc::vec::Vec;

use super::fields::Fields;
use crate::error::{HandshakeError, OptionError};
use crate::token::is_token;

const NAME: &str = "Sec-WebSocket-Protocol";

/// Those of an endpoint's own options: tokens without repeats (§4.1 item 10).
pub(super) fn validate(subprotocols: &[String]) -> Result<(), OptionError> {
    sorted(subprotocols.iter().map(String::as_str))
        .map_err(|text| OptionError::Subprotocol(text.to_owned()))?;
    Ok(())
}

/// The first of `spoken` that the client offers (§4.2.2 item 4).
pub(super) fn agree<'a>(
    request: &Fields<'_>,
    spoken: &'a [String],
) -> Result<Option<&'a str>, HandshakeError> {
    if !request.has(NAME) {
        return Ok(None);
    }
    let values = request.texts(NAME).ok_or(HandshakeError::Subprotocol)?;
    let elements = values.iter().flat_map(|value| value.split(',')).map(str::trim_ascii);
    let offered = sorted(elements.filter(|element| !element.is_empty()))
        .map_err(|_| HandshakeError::Subprotocol)?;
    if offered.is_empty() {
        // `1#token` (§11.3.4): there has to be one.
        return Err(HandshakeError::Subprotocol);
    }
    let is_offered = |wanted: &&str| offered.binary_search(wanted).is_ok();
    Ok(spoken.iter().map(String::as_str).find(is_offered))
}

/// The server's choice, if it made one (§4.1 item 6).
pub(super) fn confirm(
    response: &Fields<'_>,
    offered: &[String],
) -> Result<Option<String>, HandshakeError> {
    if !response.has(NAME) {
        return Ok(None);
    }
    // Once in a response (§11.3.4).
    let chosen = response.single(NAME).ok_or(HandshakeError::Subprotocol)?;
    let is_chosen = |text: &&String| *text == chosen;
    offered.iter().find(is_chosen).cloned().map(Some).ok_or(HandshakeError::Subprotocol)
}

/// A list in order, so that a stranger's is searched for repeats in less than
/// quadratic time; the error is what is not a token or comes twice.
fn sorted<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<&'a str>, &'a str> {
    // A heap: a slice's own way to be sorted is faster, and much more code.
    let mut heap = BinaryHeap::new();
    for text in texts {
        if !is_token(text) {
            return Err(text);
        }
        heap.push(text);
    }
    let sorted = heap.into_sorted_vec();
    match sorted.iter().zip(sorted.iter().skip(1)).find(|(text, next)| text == next) {
        Some((repeated, _)) => Err(repeated),
        None => Ok(sorted),
    }
}
