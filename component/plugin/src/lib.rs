//! Turns an application into a plugin: a component that exports `endpoint`.
//!
//! Implement [`Application`] and name it once; the crate is a `cdylib`:
//!
//! ```
//! use sandsock_plugin::{Application, MessageRef, Outbox};
//!
//! #[derive(Default)]
//! struct Greeter;
//!
//! impl Application for Greeter {
//!     fn message(&mut self, message: MessageRef<'_>, outbox: &mut Outbox) {
//!         let greeting = format!("hello, {}", message.text().unwrap_or("whoever you are"));
//!         // An error means that the connection is closing: nobody is left to greet.
//!         let _ = outbox.send(MessageRef::from(greeting.as_str()));
//!     }
//! }
//!
//! sandsock_plugin::export_application!(Greeter);
//! # fn main() {}
//! ```
//!
//! This crate is an adapter: it passes calls on and decides nothing.

#[doc(hidden)]
pub mod bindings;

use std::cell::RefCell;

use bindings::exports::sandsock::websocket::endpoint as wit;
use bindings::wasi::random::random;
pub use sandsock_engine::application::{Application, MessageKind, MessageRef};
pub use sandsock_engine::endpoint::Endpoint;
pub use sandsock_engine::outbox::Outbox;
pub use sandsock_engine::types;
use sandsock_heap as _;
use types::{
    CloseFrame, Closure, Duration, Instant, OptionError, Options, Output, Start, UsageError,
};

/// Exports the named [`Application`] as the component's `endpoint`.
#[macro_export]
macro_rules! export_application {
    ($application:ty) => {
        type SandsockPlugin = $crate::Plugin<$application>;
        $crate::bindings::export_endpoint!(SandsockPlugin with_types_in $crate::bindings);
    };
}

/// The component of an application.
pub struct Plugin<A>(std::marker::PhantomData<A>);

impl<A: Application + 'static> wit::Guest for Plugin<A> {
    type Endpoint = Resource<A>;

    fn default_options() -> Options {
        Options::default()
    }
}

/// An endpoint behind a handle. The host makes one call at a time.
pub struct Resource<A>(RefCell<Endpoint<A>>);

impl<A: Application + 'static> wit::GuestEndpoint for Resource<A> {
    fn start(now: Instant, start: Start) -> Result<wit::Endpoint, OptionError> {
        let entropy = |bytes: &mut [u8]| {
            bytes.copy_from_slice(&random::get_random_bytes(bytes.len() as u64));
        };
        let endpoint = Endpoint::<A>::start(now, start, Box::new(entropy))?;
        Ok(wit::Endpoint::new(Self(RefCell::new(endpoint))))
    }

    fn receive(&self, now: Instant, bytes: Vec<u8>) -> Output {
        self.0.borrow_mut().receive(now, bytes)
    }

    fn drain(&self, now: Instant) -> Output {
        self.0.borrow_mut().drain(now)
    }

    fn receive_end(&self, now: Instant) -> Output {
        self.0.borrow_mut().receive_end(now)
    }

    fn reach_deadline(&self, now: Instant) -> Output {
        self.0.borrow_mut().reach_deadline(now)
    }

    fn close(&self, now: Instant, frame: CloseFrame) -> Result<Output, UsageError> {
        self.0.borrow_mut().close(now, &frame)
    }

    fn closure(&self) -> Option<Closure> {
        self.0.borrow().closure().cloned()
    }

    fn round_trip(&self) -> Option<Duration> {
        self.0.borrow().round_trip()
    }
}
