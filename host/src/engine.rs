//! The WebAssembly engine: how guests are compiled, mapped and interrupted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tracing::debug;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::Error;
use crate::process;
use crate::settings::Settings;
use crate::tuning::{self, GUARD, WHOLE_REACH};

/// The least reach that is worth an instance.
const LEAST_REACH: u64 = 16 << 20;

/// Linear memory is counted in pages of 64 KiB.
const PAGE: u64 = 64 << 10;

/// Core modules of one component: its own, and the adapters around it.
const CORE_INSTANCES: u32 = 4;

/// Tables of one component: its own, and that of the adapters around it.
const TABLES: u32 = 2;

/// Memories and tables that a thread gives back to the operating system together, those of
/// eight instances: as one call, most of what it costs is paid once (Linux 6.14).
pub(crate) const TOGETHER: u32 = 16;

/// How many ticks a call may take: its CPU deadline. It is stopped after its timeout, and
/// within 2 % of it. Ticks come by the clock, also while its thread waits for a core: so the
/// timeout bounds CPU time, and may be over before as much of it was had.
pub(crate) const CALL_TICKS: u64 = 50;

/// The ticks of an engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ticks(Arc<AtomicU64>);

impl Ticks {
    /// How many there were so far.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// An engine for as many instances as come, each mapped when it is made and
/// each call of which may take `call_timeout`.
pub(crate) fn on_demand(call_timeout: Duration) -> Result<Engine, Error> {
    start(&tuning::config(WHOLE_REACH), call_timeout).map(|(engine, _)| engine)
}

/// An engine for all instances at once that a server may need. So many of their memories
/// and tables are given back `together`.
///
/// Returns with it its ticks, and how many bytes of linear memory each can have at most.
pub(crate) fn pooling(settings: &Settings, together: u32) -> Result<(Engine, Ticks, usize), Error> {
    let workers = settings.worker_count();
    let spares = workers.saturating_mul(settings.spares());
    process::check_mappings(settings.instances(), spares)?;
    // What another thread gives back just now is not free yet.
    let beside = spares.saturating_add(workers.saturating_mul(together));
    let instances = settings.instances().saturating_add(beside);
    let mut space = process::address_space();
    let mut failure = Error::AddressSpace(settings.instances());
    while let Some(reach) = reach(instances, space) {
        match pool(instances, together, reach, settings.call_timeout) {
            Ok(pooled) => return Ok(pooled),
            // Some processors have less of it (39 bits on ARM and RISC-V), some systems grant
            // less than they say.
            Err(error) => {
                debug!(%error, space, "half as much address space is tried");
                failure = error;
                space /= 2;
            }
        }
    }
    Err(failure)
}

/// An engine for as many instances, each with so many bytes of linear memory at most.
fn pool(
    instances: u32,
    together: u32,
    reach: usize,
    call_timeout: Duration,
) -> Result<(Engine, Ticks, usize), Error> {
    // Without `pagemap_scan`: it does not ask for pages that were swapped out, so they would be
    // left to the next instance as they are. What it saves, restoring an instance saves too.
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(TABLES))
        .max_memories_per_component(1)
        .max_memory_size(reach)
        .decommit_batch_size(usize::try_from(together).unwrap_or(1));

    let mut config = tuning::config(reach as u64);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let (engine, ticks) = start(&config, call_timeout)?;
    Ok((engine, ticks, reach))
}

fn start(config: &Config, call_timeout: Duration) -> Result<(Engine, Ticks), Error> {
    let engine = Engine::new(config).map_err(|error| Error::Engine(format!("{error:#}")))?;
    let ticks = start_ticking(&engine, call_timeout)?;
    Ok((engine, ticks))
}

/// The part for each of so many memories of this much address space, in whole pages, if
/// that is worth it.
fn reach(instances: u32, space: u64) -> Option<usize> {
    let share = space / u64::from(instances.max(1));
    let reach = share.saturating_sub(GUARD).min(WHOLE_REACH) / PAGE * PAGE;
    usize::try_from(reach).ok().filter(|_| reach >= LEAST_REACH)
}

/// Has an engine tick until it is dropped.
fn start_ticking(engine: &Engine, call_timeout: Duration) -> Result<Ticks, Error> {
    let ticks = Ticks::default();
    let counting = ticks.clone();
    let engine = engine.weak();
    let tick =
        (call_timeout / u32::try_from(CALL_TICKS).unwrap_or(1)).max(Duration::from_millis(1));
    let ticking = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            counting.0.fetch_add(1, Ordering::Relaxed);
            drop(engine);
            thread::sleep(tick);
        }
    };
    thread::Builder::new().name("cpu-clock".to_owned()).spawn(ticking).map_err(Error::Worker)?;
    Ok(ticks)
}
