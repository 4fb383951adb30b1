//! What two octets that follow each other break of UTF-8 (RFC 3629 §4), by their halves.
//!
//! Nearly all of its rules are about two neighbours. Each rule here says what the halves of
//! the first octet and the high half of the second are where the two break it, and has a
//! bit. A table for each of the three has at each value the bits of the rules that it
//! agrees with, so what all three have in common is what the two octets break (Keiser and
//! Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte", 2021).

/// Values of half an octet, a bit for each of the sixteen.
type Halves = u16;

const ANY: Halves = !0;
const ASCII: Halves = range(0x0, 0x7);
const CONTINUATION: Halves = range(0x8, 0xb);
const LEAD: Halves = range(0xc, 0xf);

/// The first octet's high half, its low half, and the second one's high half, where a rule
/// is broken. The n-th rule has bit n.
const RULES: [[Halves; 3]; 8] = [
    // A character that begins does not go on.
    [LEAD, ANY, !CONTINUATION],
    // One goes on that did not begin.
    [ASCII, ANY, CONTINUATION],
    // Longer than it has to be: of two octets, behind C0 and C1, and of three, behind E0.
    [one(0xc), range(0x0, 0x1), CONTINUATION],
    [one(0xe), one(0x0), range(0x8, 0x9)],
    // A surrogate, ED A0 to ED BF.
    [one(0xe), one(0xd), range(0xa, 0xb)],
    // Of four octets: longer than it has to be, F0 80 to F0 8F, or beyond the last character,
    // from F4 90 on.
    [one(0xf), one(0x0) | range(0x5, 0xf), one(0x8)],
    [one(0xf), range(0x4, 0xf), range(0x9, 0xb)],
    // It goes on and on: right where that is its third octet or its fourth.
    [CONTINUATION, ANY, CONTINUATION],
];

/// The bit of the last rule.
pub(super) const GOES_ON: u8 = 0x80;

pub(super) const FIRST_HIGH: [u8; 16] = table(0);
pub(super) const FIRST_LOW: [u8; 16] = table(1);
pub(super) const SECOND_HIGH: [u8; 16] = table(2);

const fn one(value: u32) -> Halves {
    range(value, value)
}

const fn range(first: u32, last: u32) -> Halves {
    (ANY >> (0xf - last)) & (ANY << first)
}

/// The bits of the rules that agree with each value.
const fn table(half: usize) -> [u8; 16] {
    let mut bits = [0; 16];
    let mut rule = 0;
    while rule < RULES.len() {
        let mut value = 0;
        while value < bits.len() {
            if RULES[rule][half] >> value & 1 == 1 {
                bits[value] |= 1 << rule;
            }
            value += 1;
        }
        rule += 1;
    }
    bits
}
