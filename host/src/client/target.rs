//! Where a URL leads (§3), and what it puts into the request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::bindings::types::Header;
use crate::client::error::ConnectError;

/// A URL, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// TLS is spoken: `wss` instead of `ws`.
    pub(super) is_secure: bool,
    /// A name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// The `Host` field: without the port where it is the scheme's own.
    pub(super) host_field: String,
    /// Path and query.
    pub(super) resource_name: String,
    /// Of the URL's user name and password (RFC 7617 §2).
    pub(super) authorization: Option<Header>,
}

impl Target {
    /// Takes a URL apart, or says in one line what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, ConnectError> {
        let refused = |reason: &str| Err(ConnectError::Url(format!("{text}: {reason}")));
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(url::ParseError::RelativeUrlWithoutBase) => {
                return refused("not a URL; it begins with ws:// or wss://");
            }
            Err(error) => return refused(&format!("not a URL: {error}")),
        };
        let is_secure = match url.scheme() {
            "ws" => false,
            "wss" => true,
            "http" => return refused("say ws:// for http://"),
            "https" => return refused("say wss:// for https://"),
            // `localhost:9001` is a URL, too, of the scheme `localhost`.
            _ => return refused("not a WebSocket URL; it begins with ws:// or wss://"),
        };
        if url.fragment().is_some() {
            return refused(
                "a WebSocket URL has no fragment (§3): write # as %23, or leave it out",
            );
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return refused("a WebSocket URL has a host");
        };
        let host_field = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let resource_name = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Self {
            is_secure,
            host: match host {
                Host::Domain(name) => name.to_owned(),
                Host::Ipv4(address) => address.to_string(),
                Host::Ipv6(address) => address.to_string(),
            },
            port,
            host_field,
            resource_name,
            authorization: authorization(&url),
        })
    }

    /// Host and port, for messages.
    pub(super) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn authorization(url: &Url) -> Option<Header> {
    let password = url.password();
    if url.username().is_empty() && password.is_none() {
        return None;
    }
    let mut credentials: Vec<u8> = percent_decode_str(url.username()).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password.unwrap_or_default()));
    let value = format!("Basic {}", STANDARD.encode(credentials));
    Some(Header { name: "authorization".to_owned(), value: value.into_bytes() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(url).unwrap()
    }

    fn refusal(url: &str) -> String {
        Target::parse(url).unwrap_err().to_string()
    }

    #[test]
    fn the_default_ports_are_80_and_443_and_stay_out_of_the_host_field() {
        for (url, port, host_field) in [
            ("ws://example.com", 80, "example.com"),
            ("ws://example.com:80/", 80, "example.com"),
            ("ws://example.com:443", 443, "example.com:443"),
            ("wss://example.com", 443, "example.com"),
            ("wss://example.com:443", 443, "example.com"),
            ("wss://example.com:80", 80, "example.com:80"),
        ] {
            let target = target(url);
            assert_eq!((target.port, target.host_field.as_str()), (port, host_field), "{url}");
            assert_eq!(target.is_secure, url.starts_with("wss"), "{url}");
        }
    }

    #[test]
    fn an_ipv6_address_has_brackets_in_the_host_field_alone() {
        let target = target("ws://[::1]:9001/");
        assert_eq!((target.host.as_str(), target.host_field.as_str()), ("::1", "[::1]:9001"));
        assert_eq!(target.authority(), "[::1]:9001");
    }

    #[test]
    fn the_resource_name_is_path_and_query_and_never_empty() {
        for (url, resource_name) in [
            ("ws://h", "/"),
            ("ws://h?q=1", "/?q=1"),
            ("ws://h/a/b?q=1&r", "/a/b?q=1&r"),
            ("ws://h/ü x", "/%C3%BC%20x"),
        ] {
            assert_eq!(target(url).resource_name, resource_name, "{url}");
        }
    }

    #[test]
    fn user_name_and_password_become_basic_authorization() {
        // RFC 7617 §2 has this example.
        let authorization = target("ws://Aladdin:open%20sesame@h/").authorization.unwrap();
        assert_eq!(authorization.name, "authorization");
        assert_eq!(authorization.value, b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(target("ws://h/").authorization, None);
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_with_what_to_do() {
        for (url, advice) in [
            ("http://h/", "say ws://"),
            ("https://h/", "say wss://"),
            ("ftp://h/", "begins with ws://"),
            ("localhost:9001", "begins with ws://"),
            ("example.com", "begins with ws://"),
            ("ws://h/#part", "no fragment"),
            ("ws://h/#", "no fragment"),
            ("ws://", "empty host"),
            ("ws://h:70000/", "invalid port"),
        ] {
            let refusal = refusal(url);
            assert!(refusal.contains(advice) && refusal.starts_with(url), "{refusal}");
        }
    }
}
