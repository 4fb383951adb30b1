//! How a server runs its guests, whatever they are.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

/// What a failing instance takes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// An instance for each connection: a failure ends that connection. Where an instance can
    /// be restored, octet by octet, to what it was when it was made, it serves another
    /// connection afterwards.
    #[default]
    Connection,
    /// An instance for each worker thread, in less memory: a failure ends the
    /// connections of that worker, and those that come later get a new one.
    Worker,
}

/// What decides how fast connections send (RFC 5681; tcp(7), `TCP_CONGESTION`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CongestionControl {
    /// Reno for listeners on loopback, where there is no network to share, and the
    /// system's for others.
    #[default]
    ByAddress,
    /// The system's for all.
    System,
    /// The algorithm of that name for all, as in `bbr`. On Linux and FreeBSD.
    Named(String),
}

/// How a server runs its guests. What a guest itself does is in its options.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who shares an instance with whom. Default: nobody.
    pub isolation: Isolation,
    /// Worker threads, each with its own listener. Default: one for each core. On Linux
    /// several of them wait while another thread has the core (sched(7), `SCHED_BATCH`),
    /// as that may be who sends, unless the process has a policy of its own.
    pub workers: NonZeroUsize,
    /// Connections at once, those in their TLS handshake among them. Above it
    /// new ones are refused: with status 503, or where TLS is spoken with none.
    /// Default 10,000.
    pub max_connections: u32,
    /// Bytes of linear memory that one instance may have, at most 4 GiB and its share of
    /// 80 TiB of address space for all instances; more counts as that. `None`, the
    /// default, stands for 16 MiB and six times the longest message that the options
    /// allow, or for 4 GiB where an instance is shared.
    pub memory_limit: Option<u64>,
    /// The longest that one call of a guest may take. Default 5 s; less than 50 ms
    /// counts as that.
    pub call_timeout: Duration,
    /// How long a worker with up to eight connections stays awake for what comes next, as
    /// long as that often comes so soon. A short message is answered sooner (measured on
    /// loopback: in 25 µs, not 81); where to wake a thread is cheap, it gains little. While
    /// messages come more often than that, the worker takes all of a core's time, be they
    /// few. Default 30 µs; zero is never, and more than 1 ms counts as that.
    pub busy_wait: Duration,
    /// What decides how fast connections send. Default: Reno for listeners on loopback,
    /// and the system's for others.
    pub congestion_control: CongestionControl,
    /// How long connections have for the closing handshake when the server
    /// ends. Default 10 s.
    pub drain_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            isolation: Isolation::default(),
            workers: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            max_connections: 10_000,
            memory_limit: None,
            call_timeout: Duration::from_secs(5),
            busy_wait: Duration::from_micros(30),
            congestion_control: CongestionControl::default(),
            drain_timeout: Duration::from_secs(10),
        }
    }
}

impl Settings {
    /// The memory limit in bytes where messages have at most `message_bytes`.
    pub(crate) fn memory_limit_for(&self, message_bytes: u64) -> u64 {
        self.memory_limit.unwrap_or(match self.isolation {
            Isolation::Connection => memory_for(message_bytes),
            Isolation::Worker => WHOLE_MEMORY,
        })
    }

    /// How many instances can be needed at once. A worker's next instance may
    /// be made while its last one still goes.
    pub(crate) fn instances(&self) -> u32 {
        match self.isolation {
            Isolation::Connection => self.max_connections,
            Isolation::Worker => self.worker_count().saturating_mul(2),
        }
    }

    /// How many instances that served a connection a worker keeps for others: they are of no
    /// use to another worker, and all workers are to have few of them, as they are mapped.
    pub(crate) fn spares(&self) -> u32 {
        match self.isolation {
            Isolation::Connection => {
                (1024 / self.worker_count()).clamp(1, 256).min(self.max_connections)
            }
            Isolation::Worker => 0,
        }
    }

    pub(crate) fn worker_count(&self) -> u32 {
        u32::try_from(self.workers.get()).unwrap_or(u32::MAX)
    }
}

/// All that a 32-bit memory reaches.
const WHOLE_MEMORY: u64 = 4 << 30;

/// What one connection may need: 16 MiB, and six times the longest message. It
/// is received, perhaps inflated, answered, perhaps deflated, and what holds it
/// may have to move as it grows.
pub(crate) fn memory_for(message_bytes: u64) -> u64 {
    message_bytes.saturating_mul(6).saturating_add(16 << 20).min(WHOLE_MEMORY)
}
