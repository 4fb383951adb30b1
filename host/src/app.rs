//! An application: a component, and the options it is started with.

use std::sync::Arc;
use std::time::Duration;

use crate::bindings::types::{ServerOptions, Start};
use crate::error::{Error, OptionRefusal};
use crate::exports::Callee;
use crate::guest::Guest;
use crate::plugin::Plugin;
use crate::settings::{self, Settings};

/// An application, loaded: from here on it serves, or costs a connection.
pub struct App {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) start: Start,
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
        #[expect(clippy::redundant_closure_for_method_calls, reason = "a path is of one lifetime")]
        let options = first_call(&plugin, |guest| guest.default_options())?;
        let mut options =
            ServerOptions { options, subprotocols: Vec::new(), origins: None, headers: Vec::new() };
        adjust(&mut options);

        let message_bytes = options.options.limits.message_bytes;
        let timeouts = &options.options.timeouts;
        let opening_timeout = Duration::from_millis(timeouts.opening.into());
        let closing_timeout = Duration::from_millis(timeouts.closing.into());
        plugin.limit_memory(settings.memory_limit_for(message_bytes));
        let start = Start::Accept(options);
        first_call(&plugin, |guest| guest.start(0, &start))?
            .map_err(|refusal| Error::Option(OptionRefusal(refusal)))?;
        Ok(Self {
            plugin: Arc::new(plugin),
            start,
            opening_timeout,
            closing_timeout,
            message_bytes,
            settings,
        })
    }

    /// Bytes that may wait for one peer: what an instance of its own could
    /// hold. The guest's own bound is far below; this one holds for any guest.
    pub(crate) fn most_queued(&self) -> usize {
        let bytes = settings::memory_for(self.message_bytes);
        usize::try_from(bytes).unwrap_or(usize::MAX).min(self.plugin.memory_limit)
    }
}

/// Makes the first call of a fresh instance, which nobody's connection is at.
fn first_call<T>(
    plugin: &Plugin,
    call: impl FnOnce(&mut Callee<'_>) -> wasmtime::Result<T>,
) -> Result<T, Error> {
    Guest::new(plugin)
        .and_then(|mut guest| guest.call(plugin, call))
        .map_err(|failure| Error::Guest(failure.to_string()))
}
