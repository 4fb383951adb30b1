//! The flags of both roles: limits and timeouts, named as in `wit/types.wit`.

use clap::Args;
use sandsock::options::{self, Keepalive};

use super::values::{Wait, message_size, milliseconds, size, small_size, wait};

/// What a peer can make this endpoint hold or do.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits (of one connection)")]
#[expect(clippy::struct_field_names, reason = "named as the flags are")]
pub(crate) struct Limits {
    /// Bytes of the peer's head, at least 256 [default: 16KiB].
    #[arg(long, value_name = "SIZE", value_parser = small_size::<256>)]
    max_head_bytes: Option<u32>,

    /// Fields of the peer's head, 8 to 1000 [default: 100].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(8..=1000))]
    max_headers: Option<u32>,

    /// Payload bytes of one frame, as on the wire [default: a sixteenth more
    /// than --max-message-bytes: 17MiB].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_frame_bytes: Option<u64>,

    /// Payload bytes of one message, uncompressed, at most 1GiB [default: 16MiB].
    #[arg(long, value_name = "SIZE", value_parser = message_size)]
    max_message_bytes: Option<u64>,

    /// Frames of one message [default: 1048576].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    max_fragments: Option<u32>,

    /// Pongs that wait for a peer; above, only the newest Ping is answered
    /// [default: 1024].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    max_queued_pongs: Option<u32>,

    /// Bytes that wait for a peer before no more of its bytes are processed, at
    /// least 1KiB [default: 256KiB].
    #[arg(long, value_name = "SIZE", value_parser = small_size::<1024>)]
    max_output_bytes: Option<u32>,
}

/// How long this endpoint waits.
#[derive(Debug, Args)]
#[command(next_help_heading = "Timeouts (of one connection)")]
pub(crate) struct Timeouts {
    /// Time for the whole opening handshake [default: 10s].
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    opening_timeout: Option<u32>,

    /// Time for the peer's answer to a Close frame, and then for its end of the
    /// connection [default: 5s].
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    closing_timeout: Option<u32>,

    /// Time without a message in either direction before the connection is
    /// closed, or `none` [default: none].
    #[arg(long, value_name = "TIME", value_parser = wait)]
    idle_timeout: Option<Wait>,

    /// Time without a byte from the peer before it is sent a Ping, or `none` for
    /// no Pings [default: 30s].
    #[arg(long, value_name = "TIME", value_parser = wait)]
    ping_interval: Option<Wait>,

    /// Time without a byte from the peer behind such a Ping before the
    /// connection is failed [default: 20s].
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    ping_timeout: Option<u32>,
}

impl Limits {
    /// Puts what was given in place of the defaults.
    pub(crate) fn adjust(&self, limits: &mut options::Limits) {
        set(&mut limits.head_bytes, self.max_head_bytes);
        set(&mut limits.header_count, self.max_headers);
        if let Some(most) = self.max_message_bytes {
            limits.message_bytes = most;
            // Data that does not compress grows when it is compressed.
            limits.frame_bytes = most.saturating_add(most / 16);
        }
        set(&mut limits.frame_bytes, self.max_frame_bytes);
        set(&mut limits.fragment_count, self.max_fragments);
        set(&mut limits.queued_pongs, self.max_queued_pongs);
        set(&mut limits.output_bytes, self.max_output_bytes);
    }
}

/// Of an application that has no keepalive by itself, in milliseconds, as `wit/types.wit`
/// has it.
const PING_TIMEOUT: u32 = 20_000;

impl Timeouts {
    /// Puts what was given in place of the defaults.
    pub(crate) fn adjust(&self, timeouts: &mut options::Timeouts) {
        set(&mut timeouts.opening, self.opening_timeout);
        set(&mut timeouts.closing, self.closing_timeout);
        set(&mut timeouts.idle, self.idle_timeout);
        match self.ping_interval {
            Some(Wait::Endless) => timeouts.keepalive = None,
            Some(Wait::Milliseconds(interval)) => {
                let timeout =
                    timeouts.keepalive.map_or(PING_TIMEOUT, |keepalive| keepalive.timeout);
                timeouts.keepalive = Some(Keepalive { interval, timeout });
            }
            None => {}
        }
        if let Some(keepalive) = &mut timeouts.keepalive {
            set(&mut keepalive.timeout, self.ping_timeout);
        }
    }
}

pub(super) fn set<T>(option: &mut T, given: Option<impl Into<T>>) {
    if let Some(given) = given {
        *option = given.into();
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        timeouts: Timeouts,
    }

    #[test]
    fn pings_have_the_documented_timeout_where_an_application_has_none() {
        let mut timeouts =
            options::Timeouts { opening: 1, closing: 1, idle: None, keepalive: None };
        Flags::parse_from(["", "--ping-interval", "1h"]).timeouts.adjust(&mut timeouts);
        let expected = Keepalive { interval: 3_600_000, timeout: 20_000 };
        assert_eq!(timeouts.keepalive, Some(expected));
    }
}
