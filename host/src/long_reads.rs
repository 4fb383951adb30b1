//! When a connection reads straight into the guest's memory.
//!
//! That is a copy less, which pays for what it costs where much waits to be read. Where
//! the guest is done with all it had, more than usual is read at once: a long message may
//! come in one piece, in which the guest answers it in place. While it joins a message of
//! what came before, a longer list than usual would lie in the way of what the message
//! grows in, and the message would have to move. So a longer read only follows output
//! about as long as what came before, which tells that the guest is done with it, as a
//! Pong amid a message does not. And a guest that has yet to process what it had gets
//! nothing this way, as what few bytes make in it may be much.

use crate::bindings::types::Next;
use crate::read_buffer;

/// From so many bytes on, what waits is read straight into the guest's memory. Not a
/// sharp bound: few bytes gain little.
pub(crate) const LEAST: usize = 32 << 10;

/// What the reads of a connection led to.
#[derive(Debug)]
pub(crate) struct LongReads {
    /// The most bytes of one.
    most: usize,
    /// Bytes received since the guest was done with all it had.
    pending: usize,
    due: Option<usize>,
}

impl LongReads {
    /// Reads of up to `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, pending: 0, due: None }
    }

    /// The most bytes of the next read, if that may be a long one.
    pub(crate) fn due(&self) -> Option<usize> {
        self.due
    }

    /// So many bytes were received, and led to so many bytes of output.
    pub(crate) fn note(&mut self, received: usize, output: usize, next: Next) {
        self.pending = self.pending.saturating_add(received);
        let is_done = output >= self.pending / 2;
        self.due = if next != Next::Receive {
            None
        } else if is_done && self.pending >= LEAST {
            Some(self.most)
        } else if received >= LEAST {
            // More is likely to wait, as it did.
            Some(self.most.min(read_buffer::BYTES))
        } else {
            None
        };
        if is_done {
            self.pending = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 2 * USUAL;
    const USUAL: usize = read_buffer::BYTES;

    #[test]
    fn a_long_read_follows_a_long_one_and_a_longer_one_the_answer() {
        let mut reads = LongReads::new(MOST);
        assert_eq!(reads.due(), None);
        for (received, output, next, due) in [
            // A long message, to which the guest has more to say.
            (LEAST, LEAST, Next::Drain, None),
            (LEAST, LEAST - 4, Next::Receive, Some(MOST)),
            // A short one.
            (LEAST - 1, LEAST - 1, Next::Receive, None),
            // One in two parts.
            (LEAST - 1, 0, Next::Receive, None),
            (1, LEAST - 4, Next::Receive, Some(MOST)),
            // A part, with a Ping in it.
            (LEAST, 127, Next::Receive, Some(USUAL)),
            // A part that came slowly.
            (LEAST - 1, 0, Next::Receive, None),
            // Another part, and Pings.
            (LEAST, LEAST - 4, Next::Receive, Some(USUAL)),
            // The rest.
            (LEAST, 4 * LEAST - 4, Next::Receive, Some(MOST)),
        ] {
            reads.note(received, output, next);
            assert_eq!(reads.due(), due, "{received} {output}");
        }
    }

    #[test]
    fn no_read_is_longer_than_allowed() {
        let mut reads = LongReads::new(LEAST);
        reads.note(LEAST, 0, Next::Receive);
        assert_eq!(reads.due(), Some(LEAST));
    }
}
