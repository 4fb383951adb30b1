//! The canonical ABI (of the component model, for 32-bit memories), as far as a host
//! needs it to call the functions of `wit/endpoint.wit` itself: arguments are laid
//! out in a guest's memory, and results are read from it.

mod from_memory;
mod image;
mod linear_memory;

pub(crate) use from_memory::{FromMemory, aligned, array, field, list};
pub(crate) use image::Image;
pub(crate) use linear_memory::{LinearMemory, Room};

use wasmtime::component::ComponentType;

/// Behind the discriminant of a variant, which is one byte, its payload begins at
/// the next multiple of the variant's alignment, which is that of a payload.
pub(crate) fn payload_offset<Variant: ComponentType>() -> usize {
    size(Variant::ABI.align32)
}

/// How far the elements of a list of `T` are apart.
fn stride<T: ComponentType>() -> usize {
    size(T::ABI.size32)
}

/// Where the field of a record lies that comes at the earliest at `end`, which
/// becomes the end of it.
fn next_field<T: ComponentType>(end: &mut usize) -> usize {
    let start = end.next_multiple_of(size(T::ABI.align32));
    *end = start + size(T::ABI.size32);
    start
}

/// Sizes of 32-bit memories fit those of this machine.
const fn size(bytes: u32) -> usize {
    bytes as usize
}
