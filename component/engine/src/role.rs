//! The two roles (§4) and what masking asks of each (§5.1).

/// Which part of the opening handshake an endpoint played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

impl Role {
    /// §5.1: a client masks all frames that it sends, a server none.
    pub(crate) fn masks(self) -> bool {
        self == Self::Client
    }

    /// The role at the other end.
    pub(crate) fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}
