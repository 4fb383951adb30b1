//! What the suite calls a case, and what it says about one.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A case's number, such as `7.13.1`; ordered as the suite orders them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct CaseId(Vec<u32>);

impl FromStr for CaseId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split('.').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<String> for CaseId {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.pad(&parts.join("."))
    }
}

impl From<CaseId> for String {
    fn from(case: CaseId) -> Self {
        case.to_string()
    }
}

/// The suite's word for what the peer did, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(super) enum Behavior {
    #[serde(rename = "OK")]
    Ok,
    #[serde(rename = "INFORMATIONAL")]
    Informational,
    #[serde(rename = "NON-STRICT")]
    NonStrict,
    #[serde(rename = "UNIMPLEMENTED")]
    Unimplemented,
    #[serde(rename = "WRONG CODE")]
    WrongCode,
    #[serde(rename = "UNCLEAN")]
    Unclean,
    #[serde(rename = "FAILED BY CLIENT")]
    FailedByClient,
    #[serde(rename = "FAILED")]
    Failed,
}

impl fmt::Display for Behavior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The suite's verdict on a case, in the words of its `index.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verdict {
    /// On the messages and the rules broken.
    pub(super) behavior: Behavior,
    /// On the closing handshake and the end of the transport.
    pub(super) behavior_close: Behavior,
}

impl Verdict {
    /// What every case that is not recorded otherwise has to reach.
    pub(super) const OK: Self = Self { behavior: Behavior::Ok, behavior_close: Behavior::Ok };

    /// Whether either half is worse than in `other`.
    pub(super) fn is_worse_than(self, other: Self) -> bool {
        self.behavior > other.behavior || self.behavior_close > other.behavior_close
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (close {})", self.behavior, self.behavior_close)
    }
}
