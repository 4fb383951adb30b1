//! An application: a component, and the options it is started with.

use std::sync::Arc;
use std::time::Duration;

use crate::bindings::types::ServerOptions;
use crate::error::{Error, OptionRefusal};
use crate::guest::{Plugin, StartArguments};
use crate::settings::{self, Settings};

/// The most bytes that are read straight into a guest's memory at once: a message of
/// 1 MiB, with its header and the tail of what came before it.
const MOST_DIRECT: usize = (1 << 20) + BEFORE;

/// What may come before a message in the same read.
const BEFORE: usize = 64 << 10;

/// An application, loaded: from here on it serves, or costs a connection.
pub struct App {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) start: StartArguments,
    pub(crate) opening_timeout: Duration,
    pub(crate) closing_timeout: Duration,
    message_bytes: u64,
    pub(crate) settings: Settings,
}

impl App {
    /// Compiles and checks a component of the world `plugin`. `adjust` is
    /// handed the component's own default options, and may change any.
    ///
    /// Makes instances to ask for the defaults, and to see that it takes the
    /// options.
    pub fn load(
        component: &[u8],
        settings: Settings,
        adjust: impl FnOnce(&mut ServerOptions),
    ) -> Result<Self, Error> {
        let mut plugin = Plugin::load(component, &settings)?;
        let options = plugin.default_options()?;
        let mut options =
            ServerOptions { options, subprotocols: Vec::new(), origins: None, headers: Vec::new() };
        adjust(&mut options);

        let message_bytes = options.options.limits.message_bytes;
        let timeouts = &options.options.timeouts;
        let opening_timeout = Duration::from_millis(timeouts.opening.into());
        let closing_timeout = Duration::from_millis(timeouts.closing.into());
        plugin.limit_memory(settings.memory_limit_for(message_bytes));
        let start = StartArguments::accept(options);
        plugin.check(&start)?.map_err(|refusal| Error::Option(OptionRefusal(refusal)))?;
        Ok(Self {
            plugin: Arc::new(plugin),
            start,
            opening_timeout,
            closing_timeout,
            message_bytes,
            settings,
        })
    }

    /// The most bytes that are read straight into a guest's memory at once: no more
    /// than the longest message, and a small part of the memory.
    pub(crate) fn most_direct(&self) -> usize {
        let message = usize::try_from(self.message_bytes).unwrap_or(usize::MAX);
        MOST_DIRECT.min(message.saturating_add(BEFORE)).min(self.plugin.memory_limit / 16)
    }

    /// Bytes that may wait for one peer: what an instance of its own could
    /// hold. The guest's own bound is far below; this one holds for any guest.
    pub(crate) fn most_queued(&self) -> usize {
        let bytes = settings::memory_for(self.message_bytes);
        usize::try_from(bytes).unwrap_or(usize::MAX).min(self.plugin.memory_limit)
    }
}
