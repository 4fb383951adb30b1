//! Arguments, as they are laid out in a guest's memory.

use wasmtime::component::ComponentType;
use wasmtime::{AsContextMut, Result};

use super::{LinearMemory, next_field, payload_offset, stride};
use crate::bindings::types::{
    Compression, Header, Keepalive, Limits, Options, ServerOptions, Start, Timeouts,
};

/// An argument, laid out once for the memories of all instances: what differs is
/// only where an instance has room for it.
pub(crate) struct Image {
    /// The argument itself, then what it points to.
    blocks: Vec<Block>,
}

/// Bytes that lie together, with room of their own.
struct Block {
    bytes: Vec<u8>,
    align: u32,
    pointers: Vec<Pointer>,
}

/// Says that the address of a block belongs to a place in another.
struct Pointer {
    at: usize,
    block: usize,
}

/// A place in a block of an image.
#[derive(Clone, Copy)]
struct Place {
    block: usize,
    at: usize,
}

impl Place {
    fn behind(self, bytes: usize) -> Self {
        Self { at: self.at + bytes, ..self }
    }
}

impl Image {
    /// The arguments of `endpoint.start` that begin a server's connection with its
    /// opening handshake, `now` being 0.
    pub(crate) fn of_accept(options: &ServerOptions) -> Self {
        let mut image = Self { blocks: Vec::new() };
        let arguments = image.block::<(u64, Start)>(1);
        let mut end = 0;
        image.field(arguments, &mut end, &0_u64);
        // The first case of `start`.
        let start = arguments.behind(next_field::<Start>(&mut end));
        0_u8.to_memory(&mut image, start);
        options.to_memory(&mut image, start.behind(payload_offset::<Start>()));
        image
    }

    /// Copies it to the memory of an instance, with `now` in place. Returns where it
    /// lies.
    pub(crate) fn copy_to(
        &self,
        memory: &LinearMemory,
        mut store: impl AsContextMut,
        now: u64,
    ) -> Result<u32> {
        let mut addresses = Vec::with_capacity(self.blocks.len());
        for Block { bytes, align, .. } in &self.blocks {
            addresses.push(memory.hand_over(&mut store, bytes, *align)?);
        }
        for (address, Block { pointers, .. }) in addresses.iter().zip(&self.blocks) {
            for Pointer { at, block } in pointers {
                let at = address + u32::try_from(*at)?;
                memory.write(&mut store, at, &addresses[*block].to_le_bytes())?;
            }
        }
        memory.write(&mut store, addresses[0], &now.to_le_bytes())?;
        Ok(addresses[0])
    }

    /// A block of its own for so many `T`.
    fn block<T: ComponentType>(&mut self, count: usize) -> Place {
        self.blocks.push(Block {
            bytes: vec![0; stride::<T>() * count],
            align: T::ABI.align32,
            pointers: Vec::new(),
        });
        Place { block: self.blocks.len() - 1, at: 0 }
    }

    fn put(&mut self, place: Place, bytes: &[u8]) {
        self.blocks[place.block].bytes[place.at..place.at + bytes.len()].copy_from_slice(bytes);
    }

    /// Puts the next field of the record at `record`.
    fn field<T: ToMemory>(&mut self, record: Place, end: &mut usize, value: &T) {
        value.to_memory(self, record.behind(next_field::<T>(end)));
    }

    /// Puts an address and a length at `place`, for a list of which each element
    /// is put by itself.
    fn list<T: ToMemory>(&mut self, place: Place, elements: &[T]) {
        let list = self.block::<T>(elements.len());
        for (n, element) in elements.iter().enumerate() {
            element.to_memory(self, list.behind(n * stride::<T>()));
        }
        self.blocks[place.block].pointers.push(Pointer { at: place.at, block: list.block });
        let len = u32::try_from(elements.len()).unwrap_or(u32::MAX);
        len.to_memory(self, place.behind(4));
    }
}

/// A value that can be part of an image.
trait ToMemory: ComponentType {
    fn to_memory(&self, image: &mut Image, place: Place);
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl ToMemory for $number {
            fn to_memory(&self, image: &mut Image, place: Place) {
                image.put(place, &self.to_le_bytes());
            }
        }
    )*};
}

numbers!(u8, u32, u64);

impl ToMemory for bool {
    fn to_memory(&self, image: &mut Image, place: Place) {
        image.put(place, &[u8::from(*self)]);
    }
}

impl<T: ToMemory> ToMemory for Vec<T> {
    fn to_memory(&self, image: &mut Image, place: Place) {
        image.list(place, self);
    }
}

impl ToMemory for String {
    fn to_memory(&self, image: &mut Image, place: Place) {
        image.list(place, self.as_bytes());
    }
}

impl<T: ToMemory> ToMemory for Option<T> {
    fn to_memory(&self, image: &mut Image, place: Place) {
        self.is_some().to_memory(image, place);
        if let Some(value) = self {
            value.to_memory(image, place.behind(payload_offset::<Self>()));
        }
    }
}

/// Records: their fields in the order of `wit/types.wit`.
macro_rules! records {
    ($($record:ident { $($field:ident),* })*) => {$(
        impl ToMemory for $record {
            fn to_memory(&self, image: &mut Image, place: Place) {
                let Self { $($field),* } = self;
                let mut end = 0;
                $(image.field(place, &mut end, $field);)*
            }
        }
    )*};
}

records! {
    ServerOptions { options, subprotocols, origins, headers }
    Options { limits, timeouts, compression }
    Limits {
        head_bytes, header_count, frame_bytes, message_bytes, fragment_count, queued_pongs,
        output_bytes
    }
    Timeouts { opening, closing, idle, keepalive }
    Keepalive { interval, timeout }
    Compression {
        level, threshold, server_window_bits, client_window_bits, server_context_takeover,
        client_context_takeover
    }
    Header { name, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that differ, each in its field.
    fn options() -> Options {
        Options {
            limits: Limits {
                head_bytes: 1,
                header_count: 2,
                frame_bytes: 3,
                message_bytes: 4,
                fragment_count: 5,
                queued_pongs: 6,
                output_bytes: 7,
            },
            timeouts: Timeouts {
                opening: 8,
                closing: 9,
                idle: Some(10),
                keepalive: Some(Keepalive { interval: 11, timeout: 12 }),
            },
            compression: Some(Compression {
                level: 13,
                threshold: 14,
                server_window_bits: 15,
                client_window_bits: 16,
                server_context_takeover: true,
                client_context_takeover: false,
            }),
        }
    }

    #[test]
    fn the_arguments_of_start_lie_as_the_canonical_abi_has_them() {
        let Image { blocks } = Image::of_accept(&ServerOptions {
            options: options(),
            subprotocols: vec!["chat".to_owned()],
            origins: None,
            headers: Vec::new(),
        });
        let word = |n: u32| n.to_le_bytes().to_vec();
        let double = |n: u64| n.to_le_bytes().to_vec();
        let expected = [
            // `now`, then which case of `start` it is.
            [double(0), double(0)].concat(),
            // Limits, of which the third is of eight bytes, and so is the whole.
            [word(1), word(2), double(3), double(4), word(5), word(6), word(7), word(0)].concat(),
            // Timeouts: two that are always there, two that may be.
            [word(8), word(9), word(1), word(10), word(1), word(11), word(12)].concat(),
            // Compression: that there is one, then its fields.
            [word(1), word(13), word(14), vec![15, 16, 1, 0], word(0)].concat(),
            // A list of one; no origins; no headers.
            [word(0), word(1), word(0), word(0), word(0), word(0), word(0)].concat(),
        ]
        .concat();
        let arguments = &blocks[0].bytes;
        assert_eq!(arguments[..expected.len()], expected, "{arguments:?}");
        assert!(arguments[expected.len()..].iter().all(|byte| *byte == 0));
        // The list holds the address of the text, and its length.
        assert_eq!(blocks[1].bytes, [word(0), word(4)].concat());
        assert_eq!(blocks[2].bytes, b"chat");
        let pointers: Vec<_> = blocks.iter().flat_map(|block| &block.pointers).collect();
        let listed = expected.len() - 28;
        assert!(matches!(pointers[..], [
                Pointer { at, block: 1 },
                Pointer { block: 3, .. },
                Pointer { at: 0, block: 2 },
            ] if *at == listed),);
    }
}
