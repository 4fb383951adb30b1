//! The flags of permessage-deflate (RFC 7692), the same in both roles.

use clap::{Args, ValueEnum, value_parser};
use sandsock::options::Compression;

use super::options::set;
use super::values::small_size;

/// Whether messages are compressed, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Compression (permessage-deflate)")]
pub(crate) struct CompressionFlags {
    /// Whether a server agrees to it and a client offers it [default: on].
    #[arg(long, value_name = "on|off", hide_possible_values = true)]
    compression: Option<Switch>,

    /// 1 (fast) to 9 (small) [default: 6].
    #[arg(long, value_name = "LEVEL", value_parser = value_parser!(u8).range(1..=9))]
    compression_level: Option<u8>,

    /// Messages of fewer bytes are sent uncompressed [default: 64].
    #[arg(long, value_name = "SIZE", value_parser = small_size::<0>)]
    compression_threshold: Option<u32>,

    /// Most LZ77 window bits of what the server sends, 8 to 15 [default: 15].
    #[arg(long, value_name = "BITS", value_parser = value_parser!(u8).range(8..=15))]
    server_window_bits: Option<u8>,

    /// Most LZ77 window bits of what the client sends, 8 to 15 [default: 15].
    #[arg(long, value_name = "BITS", value_parser = value_parser!(u8).range(8..=15))]
    client_window_bits: Option<u8>,

    /// Whether the server may carry its context from message to message: less
    /// to send, for about 300 KiB of memory [default: on].
    #[arg(long, value_name = "on|off", hide_possible_values = true)]
    server_context_takeover: Option<Switch>,

    /// Whether the client may [default: on].
    #[arg(long, value_name = "on|off", hide_possible_values = true)]
    client_context_takeover: Option<Switch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Of an application that asks for no compression by itself, as `wit/types.wit`
/// has it.
const DEFAULT: Compression = Compression {
    level: 6,
    threshold: 64,
    server_window_bits: 15,
    client_window_bits: 15,
    server_context_takeover: true,
    client_context_takeover: true,
};

impl CompressionFlags {
    /// Puts what was given in place of the defaults.
    pub(crate) fn adjust(&self, compression: &mut Option<Compression>) {
        match self.compression {
            Some(Switch::Off) => *compression = None,
            Some(Switch::On) => *compression = compression.or(Some(DEFAULT)),
            None => {}
        }
        let Some(compression) = compression else { return };
        set(&mut compression.level, self.compression_level);
        set(&mut compression.threshold, self.compression_threshold);
        set(&mut compression.server_window_bits, self.server_window_bits);
        set(&mut compression.client_window_bits, self.client_window_bits);
        let is_on = |switch| switch == Switch::On;
        set(&mut compression.server_context_takeover, self.server_context_takeover.map(is_on));
        set(&mut compression.client_context_takeover, self.client_context_takeover.map(is_on));
    }
}
