//! Huffman codes whose codewords have a limited length (RFC 1951 §3.2.2).

use core::mem;

use super::low;

/// Symbols of the largest code.
pub(super) const MOST_SYMBOLS: usize = 288;

/// Limit of literals, lengths and distances (RFC 1951 §3.2.7).
pub(super) const LONGEST_CODEWORD: usize = 15;

/// How many codewords there are of each length; of 0, none.
pub(super) type Counts = [u16; LONGEST_CODEWORD + 1];

/// A symbol and how often it occurs, in one number that sorts by the latter.
type Weighed = u32;

const SYMBOL_BITS: u32 = 9;

/// Room for what is computed on the way to a code, for one after another: it takes time
/// to clear.
pub(super) struct Scratch {
    sorted: [Weighed; MOST_SYMBOLS],
    nodes: [u32; MOST_SYMBOLS],
}

impl Scratch {
    pub(super) fn new() -> Self {
        Self { sorted: [0; MOST_SYMBOLS], nodes: [0; MOST_SYMBOLS] }
    }
}

/// Most symbols do not occur: so many at once are looked at together. It divides the
/// number of symbols of each code, with some at the end that never occur.
pub(super) const GROUP: u32 = 8;

fn groups<T>(symbols: &[T]) -> &[[T; GROUP as usize]] {
    let (groups, rest) = symbols.as_chunks();
    debug_assert!(rest.is_empty());
    groups
}

/// Computes how long each symbol's codeword is, `limit` bits at most; 0 if it does not
/// occur. Two symbols at least have one, so that no code is incomplete: some decoders
/// refuse those.
#[inline(never)]
pub(super) fn lengths(
    frequencies: &[u16],
    limit: usize,
    lengths: &mut [u8],
    Scratch { sorted, nodes }: &mut Scratch,
) -> Counts {
    let mut used = 0;
    for (group, frequencies) in (0..).zip(groups(frequencies)) {
        if *frequencies == [0; GROUP as usize] {
            continue;
        }
        for (symbol, frequency) in (GROUP * group..).zip(frequencies) {
            if *frequency > 0 {
                sorted[used] = u32::from(*frequency) << SYMBOL_BITS | symbol;
                used += 1;
            }
        }
    }
    if used < 2 {
        let one = if used == 1 { symbol(sorted[0]) } else { 0 };
        lengths[one] = 1;
        lengths[usize::from(one == 0)] = 1;
        let mut counts = Counts::default();
        counts[1] = 2;
        return counts;
    }
    let sorted = &mut sorted[..used];
    let nodes = &mut nodes[..used];
    sort(sorted, nodes);
    for (node, weighed) in nodes.iter_mut().zip(&*sorted) {
        *node = weighed >> SYMBOL_BITS;
    }
    let counts = leaves(nodes, limit);
    // The rarest symbols have the longest codewords.
    let mut rest = &*sorted;
    for length in (1..=15).rev() {
        let (longest, shorter) = rest.split_at(counts[usize::from(length)].into());
        for weighed in longest {
            lengths[symbol(*weighed)] = length;
        }
        rest = shorter;
    }
    counts
}

fn symbol(weighed: Weighed) -> usize {
    (weighed % (1 << SYMBOL_BITS)) as usize
}

/// Sorts by digits, from the lowest one on: its time depends on the number of symbols, and
/// on how many digits the highest frequency has, but not on their order.
fn sort<'a>(mut from: &'a mut [Weighed], mut to: &'a mut [Weighed]) {
    // Of a short message, two digits; with more bits each, there are more places to add up.
    const BITS: u32 = 4;
    let most = from.iter().fold(0, |most, weighed| most | weighed);
    let mut shift = SYMBOL_BITS;
    let mut is_swapped = false;
    while most >> shift > 0 {
        let mut places = [0_u16; 1 << BITS];
        let digit = |weighed: Weighed| (weighed >> shift) as usize % (1 << BITS);
        each(from, |weighed| places[digit(weighed)] += 1);
        let mut place = 0;
        for count in &mut places {
            place += mem::replace(count, place);
        }
        each(from, |weighed| {
            let place = &mut places[digit(weighed)];
            to[usize::from(*place)] = weighed;
            *place += 1;
        });
        mem::swap(&mut from, &mut to);
        is_swapped = !is_swapped;
        shift += BITS;
    }
    if is_swapped {
        to.copy_from_slice(from);
    }
}

/// Calls with each, four in a turn of the loop: a guest looks in each turn whether its time
/// is over.
#[inline]
fn each(weighed: &[Weighed], mut call: impl FnMut(Weighed)) {
    let (fours, rest) = weighed.as_chunks::<4>();
    for [first, second, third, fourth] in fours {
        call(*first);
        call(*second);
        call(*third);
        call(*fourth);
    }
    for one in rest {
        call(*one);
    }
}

/// Counts the leaves of each depth of Huffman's tree, made less deep than the limit
/// where it is deeper.
///
/// `nodes` are the leaves' weights in ascending order, two at least. The tree takes
/// their place: a leaf is not needed any more once it has a parent, and there
/// are fewer parents than leaves that have one (Moffat and Katajainen, 1995).
fn leaves(nodes: &mut [u32], limit: usize) -> Counts {
    let count = nodes.len();
    let (mut leaf, mut inner) = (0, 0);
    for parent in 0..count - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            if leaf < count && (inner == parent || nodes[leaf] <= nodes[inner]) {
                weight += nodes[leaf];
                leaf += 1;
            } else {
                weight += mem::replace(&mut nodes[inner], low(parent).into());
                inner += 1;
            }
        }
        nodes[parent] = weight;
    }
    // From the root down: an inner node's parent becomes its depth.
    let mut inner = [0_u16; LONGEST_CODEWORD + 1];
    let root = count - 2;
    nodes[root] = 0;
    inner[0] = 1;
    for node in (0..root).rev() {
        let depth = nodes[nodes[node] as usize] + 1;
        nodes[node] = depth;
        inner[limit.min(depth as usize)] += 1;
    }
    let mut leaves = Counts::default();
    let mut left = low(count);
    for depth in 1..limit {
        leaves[depth] = 2 * inner[depth - 1] - inner[depth];
        left -= leaves[depth];
    }
    leaves[limit] = left;
    shorten(&mut leaves, limit);
    leaves
}

/// Makes a code of leaves that were deeper than the limit and now are just there:
/// as many as are too many at the limit leave it to be the sibling of a higher leaf.
fn shorten(leaves: &mut Counts, limit: usize) {
    let room = 1_usize << limit;
    let taken: usize = (1..=limit).map(|depth| usize::from(leaves[depth]) << (limit - depth)).sum();
    for _ in room..taken {
        // There is one: there are no more leaves than a full tree has at the limit.
        let depth = (1..limit).rev().find(|depth| leaves[*depth] > 0).unwrap_or(1);
        leaves[depth] -= 1;
        leaves[depth + 1] += 2;
        leaves[limit] -= 1;
    }
}

/// Bits of all that occurs.
#[inline(never)]
pub(super) fn cost(frequencies: &[u16], lengths: &[u8]) -> usize {
    // 2^17 symbols of 15 bits at most.
    let mut sums = [0_u32; GROUP as usize];
    for (frequencies, lengths) in groups(frequencies).iter().zip(groups(lengths)) {
        for ((sum, frequency), length) in sums.iter_mut().zip(frequencies).zip(lengths) {
            *sum += u32::from(*frequency) * u32::from(*length);
        }
    }
    sums.iter().sum::<u32>() as usize
}

/// A codeword as it is written, its first bit lowest, above 4 bits of its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Codeword(u32);

impl Codeword {
    /// The lowest `length` bits of a number, of which the highest one is read first.
    #[inline]
    pub(super) const fn of(number: u16, length: u8) -> Self {
        let bits = number.reverse_bits() as u32 >> (16 - length);
        Self(bits << 4 | length as u32)
    }

    #[inline]
    pub(super) fn bits(self) -> u32 {
        self.0 >> 4
    }

    #[inline]
    pub(super) fn length(self) -> u32 {
        self.0 % 16
    }
}

/// RFC 1951 §3.2.2: consecutive numbers for the codewords of a length.
#[inline(never)]
pub(super) fn codewords(counts: &Counts, lengths: &[u8], codewords: &mut [Codeword]) {
    let mut next = [0_u16; LONGEST_CODEWORD + 1];
    for length in 1..=LONGEST_CODEWORD {
        next[length] = (next[length - 1] + counts[length - 1]) << 1;
    }
    let (codewords, _) = codewords.as_chunks_mut::<{ GROUP as usize }>();
    for (codewords, lengths) in codewords.iter_mut().zip(groups(lengths)) {
        if *lengths == [0; GROUP as usize] {
            continue;
        }
        for (codeword, length) in codewords.iter_mut().zip(lengths) {
            if *length > 0 {
                let next = &mut next[usize::from(*length)];
                *codeword = Codeword::of(*next, *length);
                *next += 1;
            }
        }
    }
}
