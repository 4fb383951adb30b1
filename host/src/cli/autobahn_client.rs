//! The flags of `autobahn-client`: what each means, and what it sets.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use clap::Args;
use sandsock::client::{Connector, EngineFailure};

use super::trust::Trust;

/// Above the longest message of the suite, 16 MiB, to leave no doubt.
const MOST_BYTES: u64 = 32 << 20;

/// The flags of `autobahn-client`.
#[derive(Debug, Args)]
pub(crate) struct AutobahnClient {
    /// Where `wstest -m fuzzingserver` listens, as in `ws://localhost:9001`.
    pub(crate) url: String,

    /// The name that the reports are for.
    #[arg(long, value_name = "NAME", default_value = "sandsock")]
    pub(crate) agent: String,

    /// Cases to run by the server's count, as in 7 or 1-50 [default: all].
    #[arg(long, value_name = "FIRST-LAST", value_parser = cases)]
    pub(crate) cases: Option<RangeInclusive<u32>>,

    #[command(flatten)]
    trust: Trust,
}

impl AutobahnClient {
    /// How to connect.
    pub(crate) fn connector(&self) -> Result<Connector, EngineFailure> {
        let mut connector = self.trust.adjust(Connector::new()?);
        let limits = &mut connector.options().limits;
        limits.frame_bytes = MOST_BYTES;
        limits.message_bytes = MOST_BYTES;
        Ok(connector)
    }
}

fn cases(text: &str) -> Result<RangeInclusive<u32>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.parse().map(NonZeroU32::get);
    match (number(first), number(last)) {
        (Ok(first), Ok(last)) if first <= last => Ok(first..=last),
        _ => Err("cases are like 7 or 1-50, counted from 1".to_owned()),
    }
}
