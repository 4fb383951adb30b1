//! The rule of RFC 9110 that names in heads, and of extensions, obey.

/// `tchar` (RFC 9110 §5.6.2): what an extension's token has as well (RFC 2616 §2.2), as
/// none but controls and separators are left out.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~'
    ) || byte.is_ascii_alphanumeric()
}

/// `token` (RFC 9110 §5.6.2).
// Not inlined: asked for often, and need not be fast.
#[inline(never)]
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_the_bytes_that_rfc_9110_lists() {
        let listed =
            b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        for byte in 0..=u8::MAX {
            assert_eq!(is_token_byte(byte), listed.contains(&byte), "{byte:#x}");
        }
        assert!(is_token("chat.v2") && !is_token("") && !is_token("a b"));
    }
}
