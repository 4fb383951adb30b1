//! From `Sec-WebSocket-Key` to `Sec-WebSocket-Accept` (§1.3).

use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

/// The GUID that only a WebSocket server appends (§1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `Sec-WebSocket-Accept` that answers `key` (§4.2.2 item 5).
pub(super) fn accept_value(key: &str) -> String {
    base64(&Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// The `Sec-WebSocket-Key` of a client's nonce (§4.1).
pub(super) fn key_value(nonce: [u8; 16]) -> String {
    base64(&nonce)
}

/// Of at most 20 bytes, which a SHA-1 has: 28 digits have room, and neither default is ever
/// taken.
fn base64(bytes: &[u8]) -> String {
    debug_assert!(bytes.len() <= 20);
    // `encode` would bring a component 2 KB of code for how it panics.
    let mut text = [0; 28];
    let length = STANDARD.encode_slice(bytes, &mut text).unwrap_or_default();
    str::from_utf8(&text[..length]).unwrap_or_default().into()
}

/// Whether `key` is the base64 form of 16 bytes (§4.2.1 item 5): 22 digits and
/// two of padding. The last digit carries four bits that belong to no byte;
/// RFC 4648 §3.5 leaves it to a decoder what they may be. They are ignored
/// here, as the key is only ever hashed as text.
pub(super) fn is_key(key: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.strip_suffix("==").is_some_and(|digits| digits.len() == 22 && digits.bytes().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::alphabet;
    use base64::engine::general_purpose::{GeneralPurpose, PAD};
    use proptest::prelude::*;

    #[test]
    fn the_rfcs_sample_key_has_the_rfcs_sample_accept() {
        assert_eq!(key_value(*b"the sample nonce"), "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept_value("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    proptest! {
        #[test]
        fn a_key_is_what_decodes_to_sixteen_bytes(text in "[A-Za-z0-9+/]{20,23}[=A-Za-z_-]{0,3}") {
            let lenient = GeneralPurpose::new(&alphabet::STANDARD, PAD.with_decode_allow_trailing_bits(true));
            let is_sixteen = lenient.decode(&text).is_ok_and(|bytes| bytes.len() == 16);
            prop_assert_eq!(is_key(&text), is_sixteen);
        }

        #[test]
        fn every_nonce_makes_a_key(nonce: [u8; 16]) {
            prop_assert!(is_key(&key_value(nonce)));
        }
    }
}
