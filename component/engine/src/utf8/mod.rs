//! UTF-8 in stretches (§8.1): finds the first impossible byte as soon as it
//! comes, also where a character is split between stretches.

#[cfg(not(target_feature = "simd128"))]
mod array_lane;
mod blocks;
#[cfg(target_feature = "simd128")]
mod lane;
mod pairs;

/// The bytes are not UTF-8, and nothing that follows can make them so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotUtf8;

/// Validates a text that comes in stretches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Utf8Validator {
    /// The front of a character whose rest has yet to come: possible so far.
    partial: [u8; 4],
    partial_len: usize,
}

/// Validates a text that is here as a whole.
pub(crate) fn validate(text: &[u8]) -> Result<(), NotUtf8> {
    if blocks::is_utf8(text) { Ok(()) } else { Err(NotUtf8) }
}

/// Whether some text begins like this.
fn is_front(octets: &[u8]) -> bool {
    core::str::from_utf8(octets).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// How many octets at the end begin a character that they do not end, if they are UTF-8.
fn unfinished(octets: &[u8]) -> usize {
    // The least one that begins a character of more than one octet, two, three.
    let leads = [0xc0, 0xe0, 0xf0];
    let is_lead = |(octet, least): (&u8, u8)| *octet >= least;
    octets.iter().rev().zip(leads).position(is_lead).map_or(0, |at| at + 1)
}

impl Utf8Validator {
    /// Takes the next stretch. An error is final.
    pub(crate) fn push(&mut self, mut stretch: &[u8]) -> Result<(), NotUtf8> {
        while self.partial_len > 0 {
            let Some((&byte, rest)) = stretch.split_first() else { return Ok(()) };
            stretch = rest;
            self.partial[self.partial_len] = byte;
            self.partial_len += 1;
            match core::str::from_utf8(&self.partial[..self.partial_len]) {
                Ok(_) => self.partial_len = 0,
                // `None`: the bytes are the front of some character, so at most 3.
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(NotUtf8),
            }
        }
        let (whole, front) = stretch.split_at(stretch.len() - unfinished(stretch));
        validate(whole)?;
        if !is_front(front) {
            return Err(NotUtf8);
        }
        self.partial[..front.len()].copy_from_slice(front);
        self.partial_len = front.len();
        Ok(())
    }

    /// The text is over: no character may be unfinished.
    pub(crate) fn finish(&self) -> Result<(), NotUtf8> {
        if self.partial_len == 0 { Ok(()) } else { Err(NotUtf8) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// The length of the longest front of `bytes` that some UTF-8 text starts
    /// with: tries the standard library on every front, with every completion.
    fn possible_front(bytes: &[u8]) -> usize {
        let possible = |front: &[u8]| match core::str::from_utf8(front) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        (0..=bytes.len()).take_while(|&n| possible(&bytes[..n])).last().unwrap_or(0)
    }

    /// Bytes that are often UTF-8, or nearly.
    fn nearly_utf8() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            8 => any::<char>().prop_map(|c| c.encode_utf8(&mut [0; 4]).as_bytes().to_vec()),
            8 => "[a-z]{1,40}".prop_map(|s: alloc::string::String| s.into_bytes()),
            1 => prop::collection::vec(any::<u8>(), 0..3),
        ];
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn the_first_impossible_byte_is_found_when_it_comes(bytes in nearly_utf8()) {
            let mut validator = Utf8Validator::default();
            let good = bytes.iter().take_while(|b| validator.push(&[**b]).is_ok()).count();
            prop_assert_eq!(good, possible_front(&bytes));
        }

        #[test]
        fn any_stretch_is_possible_or_not_at_once(
            bytes in nearly_utf8(),
            cuts in prop::collection::vec(0usize..200, 0..6),
        ) {
            let possible = possible_front(&bytes);
            let mut validator = Utf8Validator::default();
            let mut end = 0_usize;
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let stretch = &bytes[end..end.saturating_add(cut).min(bytes.len())];
                end += stretch.len();
                let is_possible = validator.push(stretch).is_ok();
                prop_assert_eq!(is_possible, end <= possible);
                if !is_possible {
                    break;
                }
            }
            let is_whole = end <= possible && validator.finish().is_ok();
            prop_assert_eq!(is_whole, core::str::from_utf8(&bytes).is_ok());
            prop_assert_eq!(validate(&bytes).is_ok(), core::str::from_utf8(&bytes).is_ok());
        }
    }
}
