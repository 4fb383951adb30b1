//! Outputs, read from where a function returns them.

use wasmtime::Result;
use wasmtime::component::ComponentType;

use super::exports::Then;
use super::standing::Standing;
use crate::bindings::types;
use crate::canonical::{aligned, array, field, list};
use crate::guest::Output;
use crate::passage::Passage;

/// Bytes of an output's record.
const SIZE: usize = types::Output::ABI.size32 as usize;

/// An output whose bytes were put out, and where they were.
pub(super) struct Returned {
    pub(super) output: Output,
    start: u32,
    len: u32,
}

impl Returned {
    pub(super) fn read(memory: &[u8], at: usize, passage: &mut Passage<'_>) -> Result<Self> {
        let record = array::<SIZE>(memory, at)?;
        let mut end = 0;
        let (start, len) = field(&record, &mut end)?;
        let deadline = field(&record, &mut end)?;
        let next = field(&record, &mut end)?;
        let ready_state = field(&record, &mut end)?;
        passage.put(list(memory, start, len)?, ready_state);
        Ok(Self { output: Output { deadline, next }, start, len })
    }
}

/// What reads the output that a function returned a pointer to, and gives back its bytes
/// where the host can.
pub(super) fn output(
    standing: Standing,
    passage: &mut Passage<'_>,
) -> impl FnOnce(&mut [u8], u32) -> Result<(Output, Then)> {
    move |memory, pointer| {
        let at = aligned::<types::Output>(pointer)?;
        let Returned { output, start, len } = Returned::read(memory, at, passage)?;
        let is_back = standing.give_back(memory, start, len)?;
        Ok((output, if is_back { Then::Nothing } else { Then::PostReturn }))
    }
}
