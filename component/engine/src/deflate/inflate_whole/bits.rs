//! Bits, the first one lowest (RFC 1951 §3.1.1).

/// Takes bits off the front of bytes; behind them there are some of 0.
///
/// Small, so that a loop can work with a copy of its own, which can be in registers.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    /// What is not held.
    rest: &'a [u8],
    /// What is to be read when less than a step is left.
    end: Option<&'a End>,
    /// Bits that were taken off the bytes. Above `count`, there may be the next ones.
    held: u64,
    count: u32,
}

/// Bytes that are taken at once.
const STEP: usize = size_of::<u64>();

/// The last bytes of the input, one less than a step, and zeros.
pub(super) struct End([u8; 2 * STEP - 1]);

impl End {
    /// `None` for an input that is shorter.
    pub(super) fn of(input: &[u8]) -> Option<Self> {
        let mut end = [0; 2 * STEP - 1];
        let last: &[u8; STEP - 1] = input.last_chunk()?;
        end[..STEP - 1].copy_from_slice(last);
        Some(Self(end))
    }
}

impl<'a> Bits<'a> {
    pub(super) fn new(input: &'a [u8], end: &'a End) -> Self {
        Self { rest: input, end: Some(end), held: 0, count: 0 }
    }

    /// Sees to it that at least 48 bits are held, as long as there are any.
    #[inline]
    pub(super) fn refill(&mut self) {
        if self.count >= 48 {
            return;
        }
        if self.rest.len() < STEP
            && let Some(End(end)) = self.end.take()
        {
            self.rest = &end[STEP - 1 - self.rest.len()..];
        }
        if let Some(bytes) = self.rest.first_chunk() {
            self.held |= u64::from_le_bytes(*bytes) << self.count;
            let taken = (63 - self.count) / 8;
            self.rest = &self.rest[taken as usize..];
            self.count += 8 * taken;
        }
    }

    /// The bits that are held, and others above them.
    #[inline]
    pub(super) fn peek(&self) -> u64 {
        self.held
    }

    #[inline]
    pub(super) fn skip(&mut self, count: u32) -> Option<()> {
        self.count = self.count.checked_sub(count)?;
        self.held >>= count;
        Some(())
    }

    /// Takes up to 16 bits.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> Option<u16> {
        let bits = self.held & ((1 << count) - 1);
        self.skip(count)?;
        u16::try_from(bits).ok()
    }

    /// For where it does not matter how long it takes.
    #[inline(never)]
    pub(super) fn refill_and_take(&mut self, count: u32) -> Option<u16> {
        self.refill();
        self.take(count)
    }

    /// Whether the rest of the input is what fills up its last byte.
    pub(super) fn are_less_than_a_byte(&self) -> bool {
        let left = self.rest.len() * 8 + self.count as usize;
        let zeros = if self.end.is_some() { 0 } else { 8 * STEP };
        (zeros..zeros + 8).contains(&left)
    }
}
