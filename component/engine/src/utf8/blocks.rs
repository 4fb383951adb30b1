//! Validates a text that is here as a whole, 64 octets at a time.
//!
//! simdutf8 does so as well, with SIMD of WebAssembly. But it puts each octet's predecessors
//! together, where they can be loaded, and has no shorter way for text without long
//! characters.
//!
//! Behind octets with which a text can begin, a rule is broken or not by an octet and the
//! three before it: by those two that are neighbours ([`pairs`](super::pairs)), and where a
//! third or fourth octet is due.

use core::mem;

#[cfg(not(target_feature = "simd128"))]
use super::array_lane::Lane;
#[cfg(target_feature = "simd128")]
use super::lane::Lane;
use super::pairs::{FIRST_HIGH, FIRST_LOW, GOES_ON, SECOND_HIGH};
use super::{is_front, unfinished};

const BLOCK: usize = 4 * Lane::OCTETS;

/// A block, behind as many octets before it as a lane has.
type Window = [u8; Lane::OCTETS + BLOCK];

/// Where the lanes of the block begin in a window.
const LANES: [usize; 4] = [Lane::OCTETS, 2 * Lane::OCTETS, 3 * Lane::OCTETS, 4 * Lane::OCTETS];

pub(super) fn is_utf8(text: &[u8]) -> bool {
    let Some(last) = text.len().checked_sub(size_of::<Window>()) else {
        return core::str::from_utf8(text).is_ok();
    };
    if !is_front(&text[..Lane::OCTETS]) {
        return false;
    }
    let mut broken = splat(0);
    let mut at = 0;
    while let Some(window) = text[at..].first_chunk() {
        broken = broken.or(breaks(window));
        if at == last {
            break;
        }
        at += BLOCK;
        if window.last().is_some_and(u8::is_ascii) {
            let (blocks, _) = text[at + Lane::OCTETS..].as_chunks();
            at += BLOCK * blocks.iter().take_while(|block| is_ascii(block)).count();
        }
        // The last window ends with the text, and has some octets once more.
        at = at.min(last);
    }
    broken.is_zero() && unfinished(text) == 0
}

/// Not 0 where the block of a window breaks a rule.
#[inline]
fn breaks(window: &Window) -> Lane {
    let most = LANES.into_iter().fold(lane(window, 0), |most, at| most.max(lane(window, at)));
    if !most.has_high() {
        return splat(0);
    }
    let [a, b, c, d] =
        if most.is_from(0xe0).has_high() { breaks_of_any(window) } else { breaks_of_two(window) };
    a.or(b).or(c.or(d))
}

/// The same for each lane of the block.
#[inline]
fn breaks_of_any(window: &Window) -> [Lane; 4] {
    let mut before = lane(window, 0).high_half();
    LANES.map(|at| {
        let high = lane(window, at).high_half();
        let first_high = high.predecessors(mem::replace(&mut before, high));
        let first_low = lane(window, at - 1).and(splat(0xf));
        let pair = first_high
            .look_up(Lane::new(FIRST_HIGH))
            .and(first_low.look_up(Lane::new(FIRST_LOW)))
            .and(high.look_up(Lane::new(SECOND_HIGH)));
        let third = lane(window, at - 2).is_from(0xe0);
        let fourth = lane(window, at - 3).is_from(0xf0);
        pair.xor(third.or(fourth).and(splat(GOES_ON)))
    })
}

/// The same where no character has more than two octets, as in Latin, Greek, Cyrillic,
/// Hebrew and Arabic.
#[inline]
fn breaks_of_two(window: &Window) -> [Lane; 4] {
    LANES.map(|at| {
        let octets = lane(window, at);
        let goes_on = octets.xor(octets.is_from(0xc0));
        let before = lane(window, at - 1);
        let is_due = before.is_from(0xc0);
        // No character begins with 0xc0 or 0xc1: it would be one of ASCII. Looked at where it
        // goes on, as above, since the block before may have been of the other kind.
        let is_longer = is_due.xor(before.is_from(0xc2));
        goes_on.xor(is_due).or(is_longer).and(splat(0x80))
    })
}

#[inline]
fn is_ascii(block: &[u8; BLOCK]) -> bool {
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| lane(block, n * Lane::OCTETS));
    !a.or(b).or(c.or(d)).has_high()
}

#[inline]
fn lane<const N: usize>(octets: &[u8; N], at: usize) -> Lane {
    Lane::new(octets[at..].first_chunk().copied().unwrap_or_default())
}

#[inline]
fn splat(octet: u8) -> Lane {
    Lane::new([octet; Lane::OCTETS])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    /// Octets at the borders that UTF-8 draws.
    const BORDERS: [u8; 26] = [
        0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
        0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff,
    ];

    fn is_as_std_has_it(text: &[u8]) -> bool {
        is_utf8(text) == core::str::from_utf8(text).is_ok()
    }

    #[test]
    fn any_four_octets_somewhere() {
        let len = size_of::<Window>() + BLOCK;
        let fillings = ["a", "\u{e9}", "\u{20ac}"].map(|c| c.repeat(len).into_bytes());
        for number in 0..BORDERS.len().pow(4) {
            let octets =
                [0, 1, 2, 3].map(|n| BORDERS[number / BORDERS.len().pow(n) % BORDERS.len()]);
            let mut text = fillings[number % fillings.len()][..len - number % 5].to_vec();
            let at = number % (text.len() - octets.len() + 1);
            text[at..][..octets.len()].copy_from_slice(&octets);
            assert!(is_as_std_has_it(&text), "{octets:x?} at {at} of {}", text.len());
        }
    }

    /// Text in which characters of some lengths come in stretches.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let stretch = prop_oneof![
            "[ -~]{0,300}",
            "[a\u{e9}]{0,90}",
            "[a\u{7ff}\u{800}\u{d7ff}]{0,60}",
            ".{0,60}",
        ];
        prop::collection::vec(stretch, 1..5).prop_map(|parts| parts.concat().into_bytes())
    }

    /// Blocks of either kind, one behind the other, with any three octets where they meet. A
    /// lane of ASCII before those, or none: the next block's kind depends on it.
    #[test]
    fn any_three_octets_between_blocks() {
        const LEN: usize = size_of::<Window>() + 2 * BLOCK;
        let characters = ["a", "\u{e9}", "\u{20ac}"].map(str::as_bytes);
        for number in 0..BORDERS.len().pow(3) * 18 {
            let octets = [18, 18 * 26, 18 * 26 * 26].map(|n| BORDERS[number / n % BORDERS.len()]);
            let [before, behind] = [number % 3, number / 3 % 3].map(|n| characters[n]);
            let gap = number / 9 % 2 * Lane::OCTETS;
            let at = size_of::<Window>() - number % 4;
            let count = (at - gap) / before.len();
            let mut text = [b'a'].repeat(at - gap - count * before.len());
            text.extend(before.repeat(count));
            text.extend([b'a'].repeat(gap));
            text.extend(octets);
            text.extend(behind.repeat((LEN - text.len()) / behind.len()));
            assert!(is_as_std_has_it(&text), "{octets:x?} at {at}, {before:x?}, {behind:x?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_with_one_other_octet(text in text(), place: Index, octet: u8) {
            prop_assert!(is_utf8(&text));
            let mut damaged = [&text[..], b"."].concat();
            let place = place.index(damaged.len());
            damaged[place] = octet;
            prop_assert!(is_as_std_has_it(&damaged));
        }

        #[test]
        fn a_text_that_is_cut(text in text(), place: Index) {
            prop_assert!(is_as_std_has_it(&text[..place.index(text.len() + 1)]));
        }
    }
}
