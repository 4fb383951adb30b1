//! Instances that served a connection, for those to come.

use std::cell::RefCell;

use crate::guest::Guest;

/// Instances as good as new, but for the pages of memory that they keep.
pub(crate) struct Spares {
    guests: RefCell<Vec<Box<dyn Guest>>>,
    most: u32,
}

impl Spares {
    /// None yet, and so many at most.
    pub(crate) fn new(most: u32) -> Self {
        Self { guests: RefCell::default(), most }
    }

    /// The one that was kept last, whose memory is the likeliest to be in caches.
    pub(crate) fn take(&self) -> Option<Box<dyn Guest>> {
        self.guests.borrow_mut().pop()
    }

    /// Restores and keeps an instance, if that can be and there are not too many.
    pub(crate) fn put(&self, mut guest: Box<dyn Guest>) {
        let mut guests = self.guests.borrow_mut();
        if guests.len() < self.most as usize && guest.restore() {
            guests.push(guest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::types::ServerOptions;
    use crate::guest::{Plugin, StartArguments};
    use crate::precompiled::ECHO;
    use crate::settings::Settings;

    const MOST: u32 = 3;

    fn plugin() -> Plugin {
        let settings = Settings { max_connections: MOST + 1, ..Settings::default() };
        Plugin::load(ECHO, &settings).unwrap()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_instance_is_kept_and_only_so_many() {
        let (plugin, spares) = (plugin(), Spares::new(MOST));
        assert!(spares.take().is_none());
        let options = ServerOptions {
            options: plugin.default_options().unwrap(),
            subprotocols: Vec::new(),
            origins: None,
            headers: Vec::new(),
        };
        let start = StartArguments::accept(options);
        let guests: Vec<_> = (0..=MOST).map(|_| plugin.guest().unwrap()).collect();
        for mut guest in guests {
            guest.start(0, &start).unwrap();
            spares.put(guest);
        }
        for _ in 0..MOST {
            assert!(spares.take().is_some());
        }
        assert!(spares.take().is_none());
    }

    #[test]
    fn one_that_cannot_be_restored_is_not_kept() {
        let spares = Spares::new(MOST);
        let plugin = plugin().without_module();
        spares.put(plugin.guest().unwrap());
        assert!(spares.take().is_none());
    }
}
