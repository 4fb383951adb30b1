//! Negotiation of permessage-deflate (RFC 7692 §7.1): pure data, both roles.
//!
//! What an endpoint answers is what it does: every window size from 8 to 15
//! bits can be kept to in either direction, 8 included (see `deflater`).

use alloc::string::{String, ToString};

use super::extension_list::{ExtensionList, Malformed, Parameter};
use crate::error::HandshakeError;
use crate::event::AgreedCompression;
use crate::options::Compression;

const NAME: &str = "permessage-deflate";

/// LZ77 window bits where nothing else is said: what DEFLATE allows.
const MOST_WINDOW_BITS: u8 = 15;

impl From<Malformed> for HandshakeError {
    fn from(Malformed: Malformed) -> Self {
        Self::Extensions
    }
}

/// Server: takes the first acceptable offer of the request's fields. Returns
/// what it agrees on and the value of the response's field.
///
/// Offers that cannot be accepted are declined without an error (RFC 7692
/// §7.1), and so are all, if compression is not `wanted`. Only a malformed list
/// fails (§9.1).
pub(crate) fn accept(
    values: &[&str],
    wanted: Option<&Compression>,
) -> Result<Option<(AgreedCompression, String)>, HandshakeError> {
    let mut list = ExtensionList::new(values);
    let mut accepted = None;
    // The list is read to its end: what follows the accepted offer may be
    // malformed.
    while let Some(name) = list.extension()? {
        // §9.1: a server may decline any extension, and so does with unknown ones.
        if name != NAME || accepted.is_some() {
            continue;
        }
        let offer = Parameters::read(&mut list)?;
        accepted = offer.zip(wanted).and_then(|(offer, wanted)| answer(offer, wanted));
    }
    Ok(accepted.map(|(agreed, response)| (agreed, response.field())))
}

/// The response to an offer; `None` declines it.
fn answer(offer: Parameters, wanted: &Compression) -> Option<(AgreedCompression, Parameters)> {
    let agreed = AgreedCompression {
        server_window_bits: wanted.server_window_bits.min(offer.server_max_window_bits.bits()),
        client_window_bits: wanted.client_window_bits.min(offer.client_max_window_bits.bits()),
        server_context_takeover: wanted.server_context_takeover
            && !offer.server_no_context_takeover,
        // RFC 7692 §7.1.1.2: the client's hint is taken, so that its context can be let go.
        client_context_takeover: wanted.client_context_takeover
            && !offer.client_no_context_takeover,
    };
    // RFC 7692 §7.1.2.2: a client can be limited only if it offered that.
    let offered = offer.client_max_window_bits != WindowBits::Absent;
    if !offered && agreed.client_window_bits < MOST_WINDOW_BITS {
        return None;
    }
    let mut response = Parameters::limits(agreed);
    if let WindowBits::Limit(_) = offer.server_max_window_bits {
        // RFC 7692 §7.1.2.1: accepted by repeating it, even where it limits nothing.
        response.server_max_window_bits = WindowBits::Limit(agreed.server_window_bits);
    }
    Some((agreed, response))
}

/// Client: the value of the request's field.
pub(crate) fn offer(wanted: &Compression) -> String {
    let mut offer = Parameters::limits(AgreedCompression {
        server_window_bits: wanted.server_window_bits,
        client_window_bits: wanted.client_window_bits,
        server_context_takeover: wanted.server_context_takeover,
        client_context_takeover: wanted.client_context_takeover,
    });
    if offer.client_max_window_bits == WindowBits::Absent {
        // RFC 7692 §7.1.2.2: without it, servers that want less would have to decline.
        offer.client_max_window_bits = WindowBits::Unspecified;
    }
    offer.field()
}

/// Client: checks the response's fields against what [`offer`] offered; `None`
/// without compression.
///
/// Fails on a malformed list, on an extension that was not offered (§4.1), and
/// on a response that does not correspond to the offer (RFC 7692 §7.1).
pub(crate) fn confirm(
    values: &[&str],
    wanted: Option<&Compression>,
) -> Result<Option<AgreedCompression>, HandshakeError> {
    let mut list = ExtensionList::new(values);
    let mut agreed = None;
    while let Some(name) = list.extension()? {
        // §4.1: nothing but the one offer, and that once.
        let (NAME, None, Some(wanted)) = (name, agreed, wanted) else {
            return Err(HandshakeError::Extensions);
        };
        let response = Parameters::read(&mut list)?.ok_or(HandshakeError::Extensions)?;
        agreed = Some(concluded(response, wanted).ok_or(HandshakeError::Extensions)?);
    }
    Ok(agreed)
}

/// What a response agrees on; `None` if it does not correspond to the offer.
fn concluded(response: Parameters, wanted: &Compression) -> Option<AgreedCompression> {
    // RFC 7692 §7.1.2.1: the server repeats the limit it was asked for, or a
    // smaller one. RFC 7692 §7.1.1.1: it repeats that it carries no context.
    let server_window_bits = response.server_max_window_bits.bits();
    let server_context_takeover = !response.server_no_context_takeover;
    if server_window_bits > wanted.server_window_bits
        || server_context_takeover && !wanted.server_context_takeover
    {
        return None;
    }
    let client_window_bits = match response.client_max_window_bits {
        WindowBits::Absent => wanted.client_window_bits,
        // RFC 7692 §7.1.2.2: in a response, a value, and none above the offer's.
        WindowBits::Limit(bits) if bits <= wanted.client_window_bits => bits,
        WindowBits::Limit(_) | WindowBits::Unspecified => return None,
    };
    Some(AgreedCompression {
        server_window_bits,
        client_window_bits,
        server_context_takeover,
        client_context_takeover: wanted.client_context_takeover
            && !response.client_no_context_takeover,
    })
}

/// The parameters of an offer or a response (RFC 7692 §7.1), as written.
#[derive(Clone, Copy, Default)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: WindowBits,
    client_max_window_bits: WindowBits,
}

/// A parameter for window bits.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum WindowBits {
    #[default]
    Absent,
    /// Without a value: whatever the peer wants.
    Unspecified,
    /// 8 to 15.
    Limit(u8),
}

impl WindowBits {
    fn bits(self) -> u8 {
        match self {
            Self::Absent | Self::Unspecified => MOST_WINDOW_BITS,
            Self::Limit(bits) => bits,
        }
    }
}

impl Parameters {
    /// What has to be said to keep to `agreed`: nothing, where it is DEFLATE's
    /// own limit.
    fn limits(agreed: AgreedCompression) -> Self {
        let limit = |bits| {
            if bits < MOST_WINDOW_BITS { WindowBits::Limit(bits) } else { WindowBits::Absent }
        };
        Self {
            server_no_context_takeover: !agreed.server_context_takeover,
            client_no_context_takeover: !agreed.client_context_takeover,
            server_max_window_bits: limit(agreed.server_window_bits),
            client_max_window_bits: limit(agreed.client_window_bits),
        }
    }

    /// Reads those of the list's current extension; `None` if one is unknown,
    /// repeated or badly valued (RFC 7692 §7.1).
    fn read(list: &mut ExtensionList<'_>) -> Result<Option<Self>, Malformed> {
        let mut parameters = Some(Self::default());
        while let Some(parameter) = list.parameter()? {
            parameters = parameters.and_then(|parameters| parameters.with(parameter));
        }
        Ok(parameters)
    }

    fn with(mut self, Parameter { name, value }: Parameter<'_>) -> Option<Self> {
        let no_takeover = |before: bool| (!before && value.is_none()).then_some(true);
        let window_bits = |before: WindowBits| match (before, value) {
            (WindowBits::Absent, None) => Some(WindowBits::Unspecified),
            (WindowBits::Absent, Some(value)) => {
                value.decimal().filter(|bits| (8..=15).contains(bits)).map(WindowBits::Limit)
            }
            _ => None,
        };
        match name {
            "server_no_context_takeover" => {
                self.server_no_context_takeover = no_takeover(self.server_no_context_takeover)?;
            }
            "client_no_context_takeover" => {
                self.client_no_context_takeover = no_takeover(self.client_no_context_takeover)?;
            }
            // RFC 7692 §7.1.2.1: never without a value.
            "server_max_window_bits" if value.is_some() => {
                self.server_max_window_bits = window_bits(self.server_max_window_bits)?;
            }
            "client_max_window_bits" => {
                self.client_max_window_bits = window_bits(self.client_max_window_bits)?;
            }
            _ => return None,
        }
        Some(self)
    }

    /// The value of a field with them. Written without `fmt`, which takes more of a component.
    fn field(self) -> String {
        let mut field = String::from(NAME);
        let mut add = |name, value: Option<u8>| {
            field.push_str("; ");
            field.push_str(name);
            if let Some(value) = value {
                field.push('=');
                field.push_str(&value.to_string());
            }
        };
        if self.server_no_context_takeover {
            add("server_no_context_takeover", None);
        }
        if self.client_no_context_takeover {
            add("client_no_context_takeover", None);
        }
        for (name, bits) in [
            ("server_max_window_bits", self.server_max_window_bits),
            ("client_max_window_bits", self.client_max_window_bits),
        ] {
            match bits {
                WindowBits::Absent => {}
                WindowBits::Unspecified => add(name, None),
                WindowBits::Limit(bits) => add(name, Some(bits)),
            }
        }
        field
    }
}

#[cfg(test)]
mod tests;
