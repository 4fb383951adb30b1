//! Who shares an instance with whom.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use tracing::warn;

use crate::app::App;
use crate::bindings::types::{CloseFrame, Closure};
use crate::event_loop::Prepare;
use crate::guest::{Guest, Handle, Output, Plugin};
use crate::guest_failure::GuestFailure;
use crate::passage::Passage;
use crate::roster::Roster;
use crate::settings::Isolation;
use crate::spares::Spares;

/// The sandboxes of one worker.
pub(crate) struct Sandboxes {
    app: Arc<App>,
    users: Users,
    /// The one that connections to come share, if they do.
    newest: RefCell<Option<Rc<Sandbox>>>,
}

/// Whom a sandbox is for.
#[derive(Clone)]
enum Users {
    /// A connection; then, as it was in the beginning, another.
    One(Rc<Spares>),
    /// All of a worker.
    All(Rc<Roster>),
}

impl Sandboxes {
    /// No sandbox yet: each is made when it is first needed.
    pub(crate) fn new(app: Arc<App>, roster: &Rc<Roster>) -> Self {
        let users = match app.settings.isolation {
            Isolation::Connection => Users::One(Rc::new(Spares::new(app.settings.spares()))),
            Isolation::Worker => Users::All(Rc::clone(roster)),
        };
        Self { app, users, newest: RefCell::default() }
    }

    /// Begins an endpoint for a connection that was accepted at `now`.
    pub(crate) fn start_endpoint(&self, now: u64) -> Result<Endpoint, GuestFailure> {
        let sandbox = self.sandbox()?;
        let start = &self.app.start;
        let handle = sandbox.call(|guest| guest.start(now, start))?;
        let handle = handle.ok_or(GuestFailure::Options)?;
        Ok(Endpoint { sandbox, handle })
    }

    fn sandbox(&self) -> Result<Rc<Sandbox>, GuestFailure> {
        let plugin = &self.app.plugin;
        let spare = match &self.users {
            Users::One(spares) => spares.take(),
            Users::All(_) => {
                let mut newest = self.newest.borrow_mut();
                if let Some(sandbox) = newest.as_ref().filter(|sandbox| !sandbox.has_failed()) {
                    return Ok(Rc::clone(sandbox));
                }
                let fresh = Sandbox::new(plugin, plugin.guest()?, &self.users);
                return Ok(Rc::clone(newest.insert(fresh)));
            }
        };
        let guest = spare.map_or_else(|| plugin.guest(), Ok)?;
        Ok(Sandbox::new(plugin, guest, &self.users))
    }
}

/// An instance until it fails.
struct Sandbox {
    plugin: Arc<Plugin>,
    guest: RefCell<Option<Box<dyn Guest>>>,
    users: Users,
}

impl Sandbox {
    fn new(plugin: &Arc<Plugin>, guest: Box<dyn Guest>, users: &Users) -> Rc<Self> {
        let guest = RefCell::new(Some(guest));
        Rc::new(Self { plugin: Arc::clone(plugin), guest, users: users.clone() })
    }

    fn has_failed(&self) -> bool {
        self.guest.borrow().is_none()
    }

    fn call<T>(
        &self,
        call: impl FnOnce(&mut dyn Guest) -> wasmtime::Result<T>,
    ) -> Result<T, GuestFailure> {
        let mut guest = self.guest.borrow_mut();
        let result = call(&mut **guest.as_mut().ok_or(GuestFailure::Shared)?)
            .map_err(|error| GuestFailure::of(&error, self.plugin.call_timeout));
        if result.is_err() {
            *guest = None;
            if let Users::All(sharers) = &self.users {
                sharers.wake_all();
            }
        }
        result
    }
}

impl Prepare for Sandbox {
    fn prepare(&self) {
        if let Ok(guest) = self.guest.try_borrow()
            && let Some(guest) = &*guest
        {
            guest.prepare();
        }
    }
}

/// The resource `endpoint` of one connection. Each method is one call of the
/// guest, of the function that it names; after a failure, all of them fail.
pub(crate) struct Endpoint {
    sandbox: Rc<Sandbox>,
    handle: Handle,
}

impl Endpoint {
    /// The sandbox, if it has to prepare for a call: a shared one is always at hand.
    pub(crate) fn to_prepare(&self) -> Option<Rc<dyn Prepare>> {
        match self.sandbox.users {
            Users::One(_) => Some(Rc::clone(&self.sandbox) as _),
            Users::All(_) => None,
        }
    }

    /// Whether the instance failed, in whichever connection's call.
    pub(crate) fn has_failed(&self) -> bool {
        self.sandbox.has_failed()
    }

    /// `endpoint.receive`.
    pub(crate) fn receive(
        &self,
        now: u64,
        bytes: &[u8],
        passage: &mut Passage<'_>,
    ) -> Result<Output, GuestFailure> {
        self.sandbox.call(|guest| guest.receive(self.handle, now, bytes, passage))
    }

    /// `endpoint.receive` with up to `len` bytes that the passage gives. Where it gives
    /// none, `endpoint.drain`.
    pub(crate) fn receive_directly(
        &self,
        now: u64,
        len: usize,
        passage: &mut Passage<'_>,
    ) -> Result<Output, GuestFailure> {
        self.sandbox.call(|guest| guest.receive_directly(self.handle, now, len, passage))
    }

    /// `endpoint.drain`.
    pub(crate) fn drain(
        &self,
        now: u64,
        passage: &mut Passage<'_>,
    ) -> Result<Output, GuestFailure> {
        self.sandbox.call(|guest| guest.drain(self.handle, now, passage))
    }

    /// `endpoint.receive-end`.
    pub(crate) fn receive_end(
        &self,
        now: u64,
        passage: &mut Passage<'_>,
    ) -> Result<Output, GuestFailure> {
        self.sandbox.call(|guest| guest.receive_end(self.handle, now, passage))
    }

    /// `endpoint.reach-deadline`.
    pub(crate) fn reach_deadline(
        &self,
        now: u64,
        passage: &mut Passage<'_>,
    ) -> Result<Output, GuestFailure> {
        self.sandbox.call(|guest| guest.reach_deadline(self.handle, now, passage))
    }

    /// `endpoint.close` with this close code. Where the closing handshake is
    /// under way already nothing changes, and `drain` says where it stands.
    pub(crate) fn close(
        &self,
        now: u64,
        code: u16,
        passage: &mut Passage<'_>,
    ) -> Result<Output, GuestFailure> {
        let frame = CloseFrame { code, reason: String::new() };
        let closed = self.sandbox.call(|guest| guest.close(self.handle, now, &frame, passage))?;
        closed.map_or_else(|| self.drain(now, passage), Ok)
    }

    /// `endpoint.closure`.
    pub(crate) fn closure(&self) -> Result<Option<Closure>, GuestFailure> {
        self.sandbox.call(|guest| guest.closure(self.handle))
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if self.sandbox.has_failed() {
            return;
        }
        match &self.sandbox.users {
            // With all that is in it, so the guest need not be called.
            Users::One(spares) => {
                if let Some(guest) = self.sandbox.guest.take() {
                    spares.put(guest);
                }
            }
            Users::All(_) => {
                if let Err(failure) = self.sandbox.call(|guest| guest.drop_endpoint(self.handle)) {
                    warn!(cause = %failure, "the guest failed while it dropped an endpoint");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event_loop::EventLoop;
    use crate::precompiled::ECHO;
    use crate::settings::Settings;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_instance_of_a_connection_is_for_the_next_one() {
        let settings = Settings { max_connections: 4, ..Settings::default() };
        let app = Arc::new(App::load(ECHO, settings, |_| ()).unwrap());
        let events = EventLoop::new(Duration::ZERO).unwrap();
        let sandboxes = Sandboxes::new(app, &Rc::new(Roster::new(events)));
        let Users::One(spares) = &sandboxes.users else { panic!("not shared") };
        let first = sandboxes.start_endpoint(0).unwrap();
        let second = sandboxes.start_endpoint(0).unwrap();
        drop(first);
        let _third = sandboxes.start_endpoint(0).unwrap();
        assert!(spares.take().is_none(), "the third has it");
        drop(second);
        assert!(spares.take().is_some());
    }
}
