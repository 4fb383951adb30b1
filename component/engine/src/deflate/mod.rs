//! permessage-deflate (RFC 7692).
#![allow(unused)]
pub(crate) mod negotiation {
    use crate::event::AgreedCompression;
    use crate::options::Compression;
    use alloc::string::String;

    /// A `Sec-WebSocket-Extensions` value that §9.1 does not allow.
    #[derive(Debug)]
    pub(crate) struct Malformed;

    /// Server: the first acceptable offer's agreed parameters and the value of the response's field.
    pub(crate) fn accept(values: &[&str], wanted: Option<&Compression>) -> Result<Option<(AgreedCompression, String)>, Malformed> { todo!() }
    /// Client: value of the request's field.
    pub(crate) fn offer(wanted: &Compression) -> String { todo!() }
    /// Client: checks the response's values against the offer.
    pub(crate) fn confirm(values: &[&str], wanted: Option<&Compression>) -> Result<Option<AgreedCompression>, Malformed> { todo!() }
}
