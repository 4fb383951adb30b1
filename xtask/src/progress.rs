//! What a person sees while something takes its time.
//!
//! Bars and spinners draw on a terminal only; elsewhere, the message is printed
//! once, so that a log tells what was going on.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A redraw often enough to look alive, seldom enough to cost nothing.
const REDRAW: Duration = Duration::from_millis(120);

/// For work of unknown length.
pub(crate) fn spinner(message: &str) -> ProgressBar {
    started(ProgressBar::new_spinner(), "{spinner} {msg} ({elapsed})", message)
}

/// For `length` steps.
pub(crate) fn bar(length: u64, message: &str) -> ProgressBar {
    started(
        ProgressBar::new(length),
        "{prefix} [{bar:40}] {pos}/{len} {msg} ({elapsed}, about {eta} left)",
        message,
    )
}

fn started(bar: ProgressBar, template: &str, message: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        eprintln!("{message}");
    }
    // A template with a mistake shows up as the plain default style.
    let style = ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(message.to_owned());
    bar.set_message(message.to_owned());
    bar.enable_steady_tick(REDRAW);
    bar
}
