//! The few rules of RFC 9110 and RFC 3986 that texts in heads obey.

/// Whether two texts are the same but for the case of ASCII letters.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    are_same(one.as_bytes(), other.as_bytes())
}

/// The same for bytes.
pub(super) fn are_same(one: &[u8], other: &[u8]) -> bool {
    // Most that are not the same differ in length.
    one.len() == other.len() && are_same_bytes(one, other)
}

// Not inlined: it is long, and asked for in many places.
#[inline(never)]
fn are_same_bytes(one: &[u8], other: &[u8]) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// `field-value` (RFC 9110 §5.5): no control characters, and no white space
/// around it, which a recipient would take off.
pub(super) fn is_field_value(value: &[u8]) -> bool {
    value.trim_ascii() == value
        && value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..))
}

/// A resource name (§3): an absolute path with an optional query. A `#` has to
/// be escaped there, as WebSocket URIs have no fragments.
pub(super) fn is_resource_name(text: &str) -> bool {
    text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// `uri-host [ ":" port ]` (RFC 9110 §7.2).
pub(super) fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some(parts) if !text.ends_with(']') => parts,
        _ => (text, ""),
    };
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_named = match address {
        Some(address) => address.bytes().all(|byte| byte == b':' || is_name_byte(byte)),
        None => host.bytes().all(is_name_byte),
    };
    is_named
        && !address.unwrap_or(host).is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// A byte of a `reg-name` (RFC 3986 §3.2.2).
fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'!' | b'$'..=b'.' | b';' | b'=' | b'_' | b'~') || byte.is_ascii_alphanumeric()
}

/// `serialized-origin` or `null` (RFC 6454 §7.1).
pub(super) fn is_origin(text: &str) -> bool {
    is_same(text, "null")
        || split_scheme(text).is_some_and(|(scheme, host)| is_scheme(scheme) && is_host(host))
}

/// What is before `://`, and behind it. A scheme has no colon.
pub(super) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    Some((scheme, rest.strip_prefix("//")?))
}

/// `scheme` (RFC 3986 §3.1).
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_value_has_no_control_characters_and_no_white_space_around_it() {
        for good in [&b""[..], b"a", b"a \t b", b"caf\xe9", b"\x80\xff"] {
            assert!(is_field_value(good), "{good:?}");
        }
        for bad in [&b" a"[..], b"a\t", b"a\rb", b"a\nb", b"a\0b", b"a\x7fb", b"a\x1fb"] {
            assert!(!is_field_value(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_an_optional_port() {
        for good in [
            "a",
            "example.com",
            "example.com:8443",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:80",
            "a_b",
            "a:",
        ] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "", ":80", "[]", "[]:80", "a:b", "a:b:80", "::1", "[::1", "::1]", "u@a", "a/b", "a b",
            "a?b", "a\\b", "é",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for good in ["https://example.com", "http://[::1]:8080", "chrome-extension://abc", "null"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "example.com",
            "https://",
            "https://a/",
            "://a",
            "1a://b",
            "h_s://a",
            "https://a b",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn a_resource_name_is_a_path_with_an_optional_query() {
        for good in ["/", "/a?b=c", "//a", "/?"] {
            assert!(is_resource_name(good), "{good}");
        }
        for bad in ["", "a", "?a", "*", "/a#b", "/a b", "/é", "/a\r\nb"] {
            assert!(!is_resource_name(bad), "{bad}");
        }
    }
}
