//! What the operating system allows this process.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::debug;

use crate::error::Error;

/// Memory mappings of one instance in use: the image of its data, what it may
/// use beyond, what it may still grow by, and its table. Measured with 3,000
/// connections of the echo application.
const MAPPINGS_PER_INSTANCE: u64 = 4;

/// Mappings left for everything else: threads, libraries, the allocator.
const MAPPINGS_BESIDE: u64 = 1024;

/// Address space that instances may reserve together. Of the 128 TiB that a
/// 64-bit process has, its own parts lie in between; this much is in one piece.
const ADDRESS_SPACE: u64 = 80 << 40;

/// Raises the soft limit of open files to the hard one: a socket is a file,
/// and common soft limits date from when 1,024 were plenty.
pub(crate) fn raise_file_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        debug!(%error, "the limit of open files stays as it is");
    }
}

/// Checks that so many instances can be mapped at once, one for each connection, and some to
/// spare. Linux kills no process for the want of mappings, but nothing can be allocated without
/// one.
pub(crate) fn check_mappings(connections: u32, spares: u32) -> Result<(), Error> {
    let Some(allowed) = fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok())
    else {
        return Ok(());
    };
    let beside = u64::from(spares) * MAPPINGS_PER_INSTANCE + MAPPINGS_BESIDE;
    let needed = u64::from(connections) * MAPPINGS_PER_INSTANCE + beside;
    if needed <= allowed {
        return Ok(());
    }
    let fitting = allowed.saturating_sub(beside) / MAPPINGS_PER_INSTANCE;
    Err(Error::Mappings { connections, needed, allowed, fitting })
}

/// The address space that instances may reserve together, in bytes.
pub(crate) fn address_space() -> u64 {
    // Half of what a process is limited to: the other half is for the rest.
    let limit = getrlimit(Resource::As).current.map_or(u64::MAX, |limit| limit / 2);
    limit.min(ADDRESS_SPACE)
}
