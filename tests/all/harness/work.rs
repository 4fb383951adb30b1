//! How much a component does with an input, counted in its instructions.

use sandsock_engine::types::Start;

use super::Driver;
use super::component::{self, Instance};

/// How much more work four times the input may cost: linear, and some slack for
/// buffers that grow and lists that are sorted. Quadratic work would be 16.
const FOURFOLD: f64 = 5.5;

pub(crate) fn driver_of(start: Start) -> Driver<Instance> {
    Driver::of(Box::new(component::start(start, 0)))
}

/// The work that `handle` gives a component.
pub(crate) fn work(start: Start, handle: impl FnOnce(&mut Driver<Instance>)) -> u64 {
    let mut driver = driver_of(start);
    let before = driver.engine().work();
    handle(&mut driver);
    driver.engine().work() - before
}

/// Checks that the work on an input of `4 * n` is about four times that on `n`.
pub(crate) fn assert_linear(n: usize, work: impl Fn(usize) -> u64) {
    let (once, fourfold) = (work(n), work(4 * n));
    #[expect(clippy::cast_precision_loss, reason = "a ratio")]
    let ratio = fourfold as f64 / once as f64;
    assert!(ratio < FOURFOLD, "{once} instructions for {n}, {fourfold} for {}: {ratio:.2}", 4 * n);
}
