//! Results, as read from a guest's memory. Whatever the guest wrote there becomes a
//! value or an error.

use wasmtime::component::ComponentType;
use wasmtime::{Result, bail, ensure};

use super::{next_field, payload_offset, size};
use crate::bindings::types::{
    Closure, Failure, HandshakeError, LimitError, Next, ProtocolError, ReadyState, TimeoutError,
};

/// A value as a guest's memory has it.
pub(crate) trait FromMemory: ComponentType + Sized {
    /// Reads the value that begins at `at`.
    fn from_memory(memory: &[u8], at: usize) -> Result<Self>;

    /// Reads the value that a function returned a pointer to.
    fn returned(memory: &[u8], pointer: u32) -> Result<Self> {
        Self::from_memory(memory, aligned::<Self>(pointer)?)
    }
}

/// Where the value of type `T` begins that a function returned a pointer to.
pub(crate) fn aligned<T: ComponentType>(pointer: u32) -> Result<usize> {
    ensure!(pointer.is_multiple_of(T::ABI.align32), "a result is not aligned");
    Ok(size(pointer))
}

/// The bytes of a list that begins at `start`.
pub(crate) fn list(memory: &[u8], start: u32, len: u32) -> Result<&[u8]> {
    let bytes = memory.get(size(start)..).and_then(|behind| behind.get(..size(len)));
    bytes.ok_or_else(|| wasmtime::format_err!("a list reaches beyond the memory"))
}

/// The bytes that begin at `at`.
pub(crate) fn array<const N: usize>(memory: &[u8], at: usize) -> Result<[u8; N]> {
    let bytes = memory.get(at..).and_then(|behind| behind.first_chunk());
    bytes.copied().ok_or_else(|| wasmtime::format_err!("a result reaches beyond the memory"))
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl FromMemory for $number {
            fn from_memory(memory: &[u8], at: usize) -> Result<Self> {
                array(memory, at).map(Self::from_le_bytes)
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64);

impl FromMemory for bool {
    fn from_memory(memory: &[u8], at: usize) -> Result<Self> {
        Ok(u8::from_memory(memory, at)? != 0)
    }
}

impl<T: FromMemory, U: FromMemory> FromMemory for (T, U) {
    fn from_memory(memory: &[u8], at: usize) -> Result<Self> {
        let mut end = at;
        Ok((field(memory, &mut end)?, field(memory, &mut end)?))
    }
}

impl FromMemory for String {
    fn from_memory(memory: &[u8], at: usize) -> Result<Self> {
        let (start, len) = <(u32, u32)>::from_memory(memory, at)?;
        let bytes = list(memory, start, len)?;
        Ok(str::from_utf8(bytes)?.to_owned())
    }
}

impl<T: FromMemory> FromMemory for Option<T> {
    fn from_memory(memory: &[u8], at: usize) -> Result<Self> {
        match u8::from_memory(memory, at)? {
            0 => Ok(None),
            1 => T::from_memory(memory, at + payload_offset::<Self>()).map(Some),
            case => bail!("an option has no case {case}"),
        }
    }
}

/// A variant or an enum: its cases in the order of `wit/types.wit`.
macro_rules! variants {
    ($($variant:ident { $($case:ident $(($payload:ty))?,)* })*) => {$(
        impl FromMemory for $variant {
            #[allow(unused_variables, reason = "an enum has no payloads")]
            fn from_memory(memory: &[u8], at: usize) -> Result<Self> {
                // Each case by its number, and none forgotten.
                enum Case { $($case,)* }
                const CASES: &[Case] = &[$(Case::$case,)*];
                const _: fn(&$variant) -> Case = |variant| match variant {
                    $($variant::$case { .. } => Case::$case,)*
                };
                let payload = at + payload_offset::<Self>();
                let number = u8::from_memory(memory, at)?;
                match CASES.get(usize::from(number)) {
                    $(Some(Case::$case) =>
                        Ok(Self::$case $((<$payload>::from_memory(memory, payload)?))?),)*
                    None => bail!("{} has no case {number}", stringify!($variant)),
                }
            }
        }
    )*};
}

variants! {
    Next { Receive, Drain, Close, }
    ReadyState { Connecting, Open, Closing, Closed, }
    Failure {
        Protocol(ProtocolError),
        Limit(LimitError),
        Handshake(HandshakeError),
        Timeout(TimeoutError),
    }
    ProtocolError {
        ReservedBits(u8),
        ReservedOpcode(u8),
        UnmaskedFrame,
        MaskedFrame,
        LengthForm,
        LengthSign,
        FragmentedControl(u8),
        ControlLength(u64),
        UnexpectedContinuation,
        InterleavedMessage,
        MessageUtf8,
        CloseLength,
        CloseCode(u16),
        CloseUtf8,
        CompressedData,
    }
    LimitError { FrameBytes(u64), MessageBytes(u64), FragmentCount(u32), }
    HandshakeError {
        HeadBytes,
        HeaderCount,
        MalformedHead,
        Method(String),
        HttpVersion,
        ResourceName,
        RequestBody,
        Host,
        Status(u16),
        Upgrade,
        Connection,
        Key,
        Accept,
        Version(String),
        Origin(String),
        Subprotocol,
        Extensions,
        Closed,
        Truncated,
    }
    TimeoutError { Opening, Closing, Keepalive, }
}

impl FromMemory for Closure {
    fn from_memory(memory: &[u8], at: usize) -> Result<Self> {
        let mut end = at;
        Ok(Self {
            clean: field(memory, &mut end)?,
            code: field(memory, &mut end)?,
            reason: field(memory, &mut end)?,
            failure: field(memory, &mut end)?,
        })
    }
}

/// The next field of a record.
pub(crate) fn field<T: FromMemory>(memory: &[u8], end: &mut usize) -> Result<T> {
    T::from_memory(memory, next_field::<T>(end))
}
