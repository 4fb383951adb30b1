//! What the kernel knows about the server's process.

use std::fs;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::measurement::float;

/// The process of a server, or of this program.
pub(crate) struct Process {
    pid: String,
}

/// Memory in KiB, that of all connections together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Memory {
    /// Resident.
    pub(crate) rss: u64,
    /// Resident, and pages that processes share counted in part.
    pub(crate) pss: u64,
    /// The kernel's page tables, which are in neither.
    pub(crate) page_tables: u64,
}

impl Process {
    pub(crate) fn new(pid: u32) -> Self {
        Self { pid: pid.to_string() }
    }

    pub(crate) fn this() -> Self {
        Self { pid: "self".to_owned() }
    }

    /// Seconds of CPU time of all its threads, in its own code and in the
    /// kernel's.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let ticks = cpu_ticks(&self.read("stat")?).context("reading the CPU time of a process")?;
        Ok(float(ticks) / float(rustix::param::clock_ticks_per_second()))
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        memory(&self.read("smaps_rollup")?, &self.read("status")?)
            .context("reading the memory of a process")
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.pid);
        fs::read_to_string(&path).with_context(|| format!("reading {path}"))
    }
}

/// Seconds for which the cores of this machine were busy, all together; also for
/// other machines, if it is a virtual one.
pub(crate) fn busy_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat").context("reading /proc/stat")?;
    let ticks = busy_ticks(&stat).context("reading the CPU time of this machine")?;
    Ok(float(ticks) / float(rustix::param::clock_ticks_per_second()))
}

/// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq,
/// steal, and two that are part of the first.
fn busy_ticks(stat: &str) -> Option<u64> {
    let times = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let times: Vec<u64> = times.map_while(|time| time.parse().ok()).collect();
    let [user, nice, system, _idle, _iowait, irq, softirq, steal, ..] = *times else { return None };
    Some(user + nice + system + irq + softirq + steal)
}

/// `utime` and `stime` of `/proc/PID/stat`: fields 14 and 15, of which the second
/// is a name that may hold anything, in brackets.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map_while(|field| field.parse::<u64>().ok());
    Some(times.next()? + times.next()?)
}

fn memory(rollup: &str, status: &str) -> Option<Memory> {
    let field = |file: &str, name: &str| {
        let line = file.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    Some(Memory {
        rss: field(rollup, "Rss:")?,
        pss: field(rollup, "Pss:")?,
        page_tables: field(status, "VmPTE:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_a_name_with_brackets_and_blanks() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 900 0 0 0 250 130 0 0 20 0 1 0 7";
        assert_eq!(cpu_ticks(stat), Some(380));
        assert_eq!(cpu_ticks("42 (a) S"), None);
    }

    #[test]
    fn a_core_that_waits_is_not_busy() {
        let stat =
            "cpu  1 20 300 4000 50000 600000 7000000 80000000 1 1\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(busy_ticks(stat), Some(87_600_321));
    }

    #[test]
    fn memory_is_read_from_a_roll_up_and_the_status() {
        let rollup = "0-f ---p [rollup]\nRss:                1720 kB\nPss:                 381 kB\n\
                      Pss_Dirty:           112 kB\n";
        let status = "Name:\tserver\nVmPTE:\t      52 kB\nVmSwap:\t       0 kB\n";
        let expected = Memory { rss: 1720, pss: 381, page_tables: 52 };
        assert_eq!(memory(rollup, status), Some(expected));
        assert_eq!(memory("Rss: 1 kB\n", status), None);
        assert_eq!(memory(rollup, "Name:\tserver\n"), None);
    }
}
