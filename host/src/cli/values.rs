//! How sizes and times are written on the command line.

use std::time::Duration;

/// A time that may be endless.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    Endless,
    Milliseconds(u32),
}

impl From<Wait> for Option<u32> {
    fn from(wait: Wait) -> Self {
        match wait {
            Wait::Endless => None,
            Wait::Milliseconds(count) => Some(count),
        }
    }
}

pub(crate) fn size(text: &str) -> Result<u64, String> {
    parse_size::parse_size(text).map_err(|error| format!("{error}: a size is like 65536 or 16MiB"))
}

/// A size of at least `LEAST` bytes.
pub(crate) fn small_size<const LEAST: u32>(text: &str) -> Result<u32, String> {
    let size = u32::try_from(size(text)?).map_err(|_| "a size below 4GiB is wanted".to_owned())?;
    if size < LEAST { Err(format!("at least {LEAST} bytes are wanted")) } else { Ok(size) }
}

/// A message's, of at most 1 GiB.
pub(crate) fn message_size(text: &str) -> Result<u64, String> {
    let size = size(text)?;
    if size > 1 << 30 { Err("a size of at most 1GiB is wanted".to_owned()) } else { Ok(size) }
}

fn any_time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}: a time is like 500ms or 10s"))
}

pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let time = any_time(text)?;
    if time.is_zero() { Err("a time above 0 is wanted".to_owned()) } else { Ok(time) }
}

/// The time of a call, which is counted in steps of a millisecond at least.
pub(crate) fn call_time(text: &str) -> Result<Duration, String> {
    let time = time(text)?;
    if time < Duration::from_millis(50) {
        Err("at least 50ms are wanted".to_owned())
    } else {
        Ok(time)
    }
}

/// A time to be awake without a break.
pub(crate) fn busy_time(text: &str) -> Result<Duration, String> {
    let time = any_time(text)?;
    if time > Duration::from_millis(1) { Err("at most 1ms is wanted".to_owned()) } else { Ok(time) }
}

pub(crate) fn milliseconds(text: &str) -> Result<u32, String> {
    // Below a millisecond is not nothing.
    let count = time(text)?.as_micros().div_ceil(1000);
    u32::try_from(count).map_err(|_| "a time below 49 days is wanted".to_owned())
}

pub(crate) fn wait(text: &str) -> Result<Wait, String> {
    match text {
        "none" => Ok(Wait::Endless),
        _ => milliseconds(text).map(Wait::Milliseconds).map_err(|error| error + ", or `none`"),
    }
}
