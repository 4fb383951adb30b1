//! What a guest can be called for: `wit/endpoint.wit`.

use wasmtime::Result;

use crate::bindings::types::{CloseFrame, Closure, Next, ServerOptions, Start};
use crate::canonical::Image;
use crate::passage::Passage;

/// An instance, ready to be called. Each method is one call of the guest, within the
/// CPU deadline, and named as in `wit/endpoint.wit` but for
/// `receive_directly`.
pub(crate) trait Guest {
    /// `None` where the guest refuses the options.
    fn start(&mut self, now: u64, arguments: &StartArguments) -> Result<Option<Handle>>;
    fn receive(
        &mut self,
        endpoint: Handle,
        now: u64,
        bytes: &[u8],
        passage: &mut Passage<'_>,
    ) -> Result<Output>;
    /// `receive` with up to `len` bytes that are read to where the guest has them. Where
    /// none come, `drain`.
    fn receive_directly(
        &mut self,
        endpoint: Handle,
        now: u64,
        len: usize,
        passage: &mut Passage<'_>,
    ) -> Result<Output>;
    fn drain(&mut self, endpoint: Handle, now: u64, passage: &mut Passage<'_>) -> Result<Output>;
    fn receive_end(
        &mut self,
        endpoint: Handle,
        now: u64,
        passage: &mut Passage<'_>,
    ) -> Result<Output>;
    fn reach_deadline(
        &mut self,
        endpoint: Handle,
        now: u64,
        passage: &mut Passage<'_>,
    ) -> Result<Output>;
    /// `None` on a usage error: nothing has changed.
    fn close(
        &mut self,
        endpoint: Handle,
        now: u64,
        frame: &CloseFrame,
        passage: &mut Passage<'_>,
    ) -> Result<Option<Output>>;
    fn closure(&mut self, endpoint: Handle) -> Result<Option<Closure>>;
    /// Lets go of an endpoint. Its handle stands for nothing any more.
    fn drop_endpoint(&mut self, endpoint: Handle) -> Result<()>;
    /// Makes the instance what it was before it was called first; all handles stand for nothing
    /// any more. Returns whether it did. If not, it is not to be called again.
    fn restore(&mut self) -> bool;
    /// Looks at what the next `receive` begins with, so that it is in the processor's caches
    /// by then. Each instance has memory of its own, which is cold when its turn comes; that
    /// of several is fetched at once, if they prepare one behind another.
    fn prepare(&self);
}

/// Stands for an endpoint of an instance.
#[derive(Clone, Copy)]
pub(crate) struct Handle(pub(super) u32);

/// An output whose bytes, with the ready state that they lead to, went to the
/// passage.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) deadline: Option<u64>,
    pub(crate) next: Next,
}

/// What the endpoints of a server start with, for either way to run a guest.
pub(crate) struct StartArguments {
    pub(super) start: Start,
    pub(super) image: Image,
}

impl StartArguments {
    pub(crate) fn accept(options: ServerOptions) -> Self {
        Self { image: Image::of_accept(&options), start: Start::Accept(options) }
    }
}
