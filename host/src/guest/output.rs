//! What a call of an endpoint leads to: `output` of `wit/types.wit`.

use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentType, Lift};
use wasmtime::{Result, ValRaw, bail};

use crate::bindings::types::{Next, ReadyState};
use crate::canonical::{self, FromMemory, field};
use crate::outlet;

/// An output whose bytes, with the ready state that they lead to, went to the
/// [`outlet`] when it was lifted, after all of it was found to be well-formed.
pub(crate) struct Output {
    pub(crate) deadline: Option<u64>,
    pub(crate) next: Next,
}

/// The record, field by field.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Fields {
    transmit: Place,
    deadline: Option<u64>,
    next: Next,
    #[component(name = "ready-state")]
    ready_state: ReadyState,
}

/// Where a list of bytes lies in a guest's memory.
pub(crate) struct Place {
    start: u32,
    len: u32,
}

// SAFETY: all that describes the type is that of the record.
#[expect(unsafe_code, reason = "wasmtime lifts into its own types, or into these")]
unsafe impl ComponentType for Output {
    type Lower = <Fields as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = Fields::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        Fields::typecheck(ty, types)
    }
}

// SAFETY: the fields are lifted by their own types.
#[expect(unsafe_code, reason = "as above")]
unsafe impl Lift for Output {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        source: &Self::Lower,
    ) -> Result<Self> {
        let fields = Fields::linear_lift_from_flat(cx, ty, source)?;
        Self::from_fields(fields, cx.memory())
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        let fields = Fields::linear_lift_from_memory(cx, ty, bytes)?;
        Self::from_fields(fields, cx.memory())
    }
}

impl Output {
    fn from_fields(fields: Fields, memory: &[u8]) -> Result<Self> {
        let Fields { transmit: Place { start, len }, deadline, next, ready_state } = fields;
        outlet::put(canonical::list(memory, start, len)?, ready_state);
        Ok(Self { deadline, next })
    }
}

impl FromMemory for Output {
    fn from_memory(memory: &[u8], at: usize) -> Result<Self> {
        let mut end = at;
        let fields = Fields {
            transmit: field(memory, &mut end)?,
            deadline: field(memory, &mut end)?,
            next: field(memory, &mut end)?,
            ready_state: field(memory, &mut end)?,
        };
        Self::from_fields(fields, memory)
    }
}

impl FromMemory for Place {
    fn from_memory(memory: &[u8], at: usize) -> Result<Self> {
        let mut end = at;
        Ok(Self { start: field(memory, &mut end)?, len: field(memory, &mut end)? })
    }
}

// SAFETY: all that describes the type is that of `[u8]`.
#[expect(unsafe_code, reason = "as above")]
unsafe impl ComponentType for Place {
    type Lower = <[u8] as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = <[u8] as ComponentType>::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        <[u8] as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: any two numbers are a place, inside the memory or not.
#[expect(unsafe_code, reason = "as above")]
unsafe impl Lift for Place {
    fn linear_lift_from_flat(
        _: &mut LiftContext<'_>,
        _: InterfaceType,
        [start, len]: &[ValRaw; 2],
    ) -> Result<Self> {
        Ok(Self { start: start.get_u32(), len: len.get_u32() })
    }

    fn linear_lift_from_memory(
        _: &mut LiftContext<'_>,
        _: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        let (&[start, len], []) = bytes.as_chunks() else {
            bail!("a list is a start and a length");
        };
        Ok(Self { start: u32::from_le_bytes(start), len: u32::from_le_bytes(len) })
    }
}
