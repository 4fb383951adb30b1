//! The response that refuses a request (§4.2.2): a status, and a line of text
//! for whoever has to find out what to change.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::compose::HeadWriter;
use crate::error::HandshakeError;

const BAD_REQUEST: &str = "400 Bad Request";
const FORBIDDEN: &str = "403 Forbidden";
const METHOD_NOT_ALLOWED: &str = "405 Method Not Allowed";
const REQUEST_TIMEOUT: &str = "408 Request Timeout";
const UPGRADE_REQUIRED: &str = "426 Upgrade Required";
const FIELDS_TOO_LARGE: &str = "431 Request Header Fields Too Large";
const UNAVAILABLE: &str = "503 Service Unavailable";
const VERSION_NOT_SUPPORTED: &str = "505 HTTP Version Not Supported";

/// The response that refuses a request: status, fields, a line of text. Empty
/// for what only a client can run into, as a client answers nothing.
pub(crate) fn refusal(error: &HandshakeError) -> Vec<u8> {
    let Some((status, advice)) = status_and_advice(error) else {
        return Vec::new();
    };
    // A response to HEAD has no content (RFC 9110 §9.3.2).
    let has_content = !matches!(error, HandshakeError::Method(method) if method == "HEAD");
    respond(status, advice, has_content)
}

/// The response to a request that did not come in time (RFC 9110 §15.5.9).
pub(crate) fn timeout_response() -> Vec<u8> {
    respond(REQUEST_TIMEOUT, "The request did not arrive in time.\n", true)
}

fn respond(status: &str, advice: &str, has_content: bool) -> Vec<u8> {
    let mut writer = HeadWriter::new(&["HTTP/1.1 ", status]);
    if status == METHOD_NOT_ALLOWED {
        // RFC 9110 §15.5.6.
        writer.field("Allow", "GET");
    }
    if status == UPGRADE_REQUIRED {
        // RFC 9110 §15.5.22 and §7.8; the versions spoken here (§4.4).
        writer.field("Upgrade", "websocket");
        writer.field("Connection", "Upgrade, close");
        writer.field("Sec-WebSocket-Version", "13");
    } else {
        writer.field("Connection", "close");
    }
    writer.field("Content-Type", "text/plain");
    writer.field("Content-Length", advice.len().to_string());
    writer.end(if has_content { advice } else { "" })
}

/// The texts repeat nothing of the request: what a stranger sent is not to be
/// read in this server's name.
fn status_and_advice(error: &HandshakeError) -> Option<(&'static str, &'static str)> {
    Some(match error {
        HandshakeError::HeadBytes => {
            (FIELDS_TOO_LARGE, "The request's head is too long. Send fewer or shorter fields.\n")
        }
        HandshakeError::HeaderCount => {
            (FIELDS_TOO_LARGE, "The request has too many fields. Send fewer.\n")
        }
        HandshakeError::MalformedHead => (
            BAD_REQUEST,
            "This is not an HTTP/1.1 request. If it is TLS: this port is not for wss.\n",
        ),
        HandshakeError::Method(_) => {
            (METHOD_NOT_ALLOWED, "A WebSocket connection begins with a GET request.\n")
        }
        HandshakeError::HttpVersion => {
            (VERSION_NOT_SUPPORTED, "A WebSocket connection begins with HTTP/1.1.\n")
        }
        HandshakeError::ResourceName => (
            BAD_REQUEST,
            "The request's target must be a path with an optional query, or an absolute URI.\n",
        ),
        HandshakeError::RequestBody => {
            (BAD_REQUEST, "A request for a WebSocket connection has no body.\n")
        }
        HandshakeError::Host => (BAD_REQUEST, "Send exactly one Host field, a host and port.\n"),
        HandshakeError::Upgrade => (
            UPGRADE_REQUIRED,
            "This is a WebSocket server. Send \"Upgrade: websocket\"; a proxy may have removed it.\n",
        ),
        HandshakeError::Connection => (
            UPGRADE_REQUIRED,
            "This is a WebSocket server. Send \"Connection: Upgrade\"; a proxy may have removed it.\n",
        ),
        HandshakeError::Key => {
            (BAD_REQUEST, "Send exactly one Sec-WebSocket-Key: 16 random bytes in base64.\n")
        }
        HandshakeError::Version(_) => {
            (UPGRADE_REQUIRED, "Send exactly one Sec-WebSocket-Version: 13.\n")
        }
        HandshakeError::Origin(_) => {
            (FORBIDDEN, "Pages of this Origin may not connect to this server.\n")
        }
        HandshakeError::Subprotocol => {
            (BAD_REQUEST, "Sec-WebSocket-Protocol must be a list of tokens without repeats.\n")
        }
        HandshakeError::Extensions => {
            (BAD_REQUEST, "Sec-WebSocket-Extensions must be a list as in RFC 6455, section 9.1.\n")
        }
        HandshakeError::Closed => (UNAVAILABLE, "This server is about to stop. Try again later.\n"),
        HandshakeError::Truncated => (BAD_REQUEST, "The request ended inside its head.\n"),
        HandshakeError::Status(_) | HandshakeError::Accept => return None,
    })
}
