//! The measured part of a run.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::arguments::Window;
use crate::server::{self, Process};

/// Longest latency that is told apart from longer ones.
const LONGEST: Duration = Duration::from_mins(1);

/// Counts between the end of the warm-up and the end of the run.
pub(crate) struct Measurement {
    warmed_up: Instant,
    end: Instant,
    server: Option<Process>,
    /// Unless the warm-up goes on.
    started: Option<Start>,
    latencies: Histogram<u64>,
    received: usize,
}

struct Start {
    at: Instant,
    server_cpu: Option<f64>,
    load_cpu: f64,
    busy: f64,
}

/// What was measured; an operation is a message there and back, or the life of a
/// connection.
#[derive(Serialize)]
pub(crate) struct Rate {
    count: u64,
    seconds: f64,
    per_second: f64,
    /// Payload there, in 10^6 bytes; as much comes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    mb_per_second: Option<f64>,
    /// Bytes that came back for one operation, with frame headers; without TLS's.
    bytes_back: f64,
    p50_us: f64,
    p99_us: f64,
    /// CPU time of the server for one operation, if its process is known.
    server_cpu_us: Option<f64>,
    /// The part of the time for which this program had something to do. Close
    /// to 1 it may be what limited the run.
    load_cpu_share: f64,
    /// Cores that other programs kept busy, if the server's process is known.
    other_cores: Option<f64>,
}

impl Measurement {
    pub(crate) fn new(window: &Window) -> Result<Self> {
        let warmed_up = Instant::now() + window.warmup;
        Ok(Self {
            warmed_up,
            end: warmed_up + window.seconds,
            server: window.server_pid.map(Process::new),
            started: None,
            latencies: Histogram::new_with_max(nanoseconds(LONGEST), 3)?,
            received: 0,
        })
    }

    /// Looks at the clock now and then. Returns whether the run goes on.
    pub(crate) fn goes_on(&mut self) -> Result<bool> {
        let now = Instant::now();
        if self.started.is_none() && now >= self.warmed_up {
            self.latencies.reset();
            self.received = 0;
            let server_cpu = self.server.as_ref().map(Process::cpu_seconds).transpose()?;
            let load_cpu = Process::this().cpu_seconds()?;
            let busy = server::busy_seconds()?;
            self.started = Some(Start { at: now, server_cpu, load_cpu, busy });
        }
        Ok(now < self.end)
    }

    /// Notes `count` operations that took this long.
    pub(crate) fn record(&mut self, latency: Duration, count: usize) {
        self.latencies.saturating_record_n(nanoseconds(latency), count as u64);
    }

    /// Notes bytes that came back.
    pub(crate) const fn receive(&mut self, bytes: usize) {
        self.received += bytes;
    }

    /// The result; `payload` is that of an operation, if it has one.
    pub(crate) fn finish(self, payload: Option<usize>) -> Result<Rate> {
        let Start { at, server_cpu, load_cpu, busy } =
            self.started.context("the run is too short")?;
        let elapsed = at.elapsed();
        let busy = server::busy_seconds()? - busy;
        let load_cpu = Process::this().cpu_seconds()? - load_cpu;
        let server_cpu = match (self.server, server_cpu) {
            (Some(server), Some(before)) => Some(server.cpu_seconds()? - before),
            _ => None,
        };
        let count = self.latencies.len();
        ensure!(count > 0, "nothing came back in time");
        let seconds = elapsed.as_secs_f64();
        let per_second = float(count) / seconds;
        let microseconds = |quantile| float(self.latencies.value_at_quantile(quantile)) / 1e3;
        Ok(Rate {
            count,
            seconds,
            per_second,
            mb_per_second: payload.map(|bytes| per_second * float(bytes as u64) / 1e6),
            bytes_back: float(self.received as u64) / float(count),
            p50_us: microseconds(0.50),
            p99_us: microseconds(0.99),
            server_cpu_us: server_cpu.map(|server_cpu| server_cpu * 1e6 / float(count)),
            load_cpu_share: load_cpu / seconds,
            // Below zero by the length of a tick, at times.
            other_cores: server_cpu
                .map(|server_cpu| ((busy - server_cpu - load_cpu) / seconds).max(0.0)),
        })
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Counts and times here are far below the 2^53 from which a float rounds.
#[expect(clippy::cast_precision_loss)]
pub(crate) const fn float(number: u64) -> f64 {
    number as f64
}
