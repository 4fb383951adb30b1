//! When a connection reads more than usual at once.
//!
//! A long read goes straight into the guest's memory: a copy less, and a long message
//! may come in one piece, in which the guest answers it in place. But while a guest
//! joins a message of what came before, a long list would lie in the way of what the
//! message grows in, and it would have to move. So a long read only begins something:
//! it follows output about as long as what came before, which tells that the guest is
//! done with it, as a Pong amid a message does not. And a guest that has yet to process
//! what it had gets no more than usual either, as what few bytes make in it may be much.

use crate::bindings::types::Next;

/// From so many bytes on a read is a long one. Not a sharp bound: few bytes gain little.
pub(crate) const LEAST: usize = 32 << 10;

/// What the reads of a connection led to.
#[derive(Debug, Default)]
pub(crate) struct LongReads {
    /// Bytes received since the guest was done with all it had.
    pending: usize,
    are_due: bool,
}

impl LongReads {
    /// Whether the next read may be a long one.
    pub(crate) fn are_due(&self) -> bool {
        self.are_due
    }

    /// So many bytes were received, and led to so many bytes of output.
    pub(crate) fn note(&mut self, received: usize, output: usize, next: Next) {
        self.pending = self.pending.saturating_add(received);
        let is_done = output >= self.pending / 2;
        self.are_due = is_done && self.pending >= LEAST && next == Next::Receive;
        if is_done {
            self.pending = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_read_follows_the_answer_to_a_long_message() {
        let mut reads = LongReads::default();
        assert!(!reads.are_due());
        for (received, output, next, are_due) in [
            // A long message, to which the guest has more to say.
            (LEAST, LEAST, Next::Drain, false),
            (LEAST, LEAST - 4, Next::Receive, true),
            // A short one.
            (LEAST - 1, LEAST - 1, Next::Receive, false),
            // One in two parts.
            (LEAST - 1, 0, Next::Receive, false),
            (1, LEAST - 4, Next::Receive, true),
            // A part, with a Ping in it.
            (LEAST, 127, Next::Receive, false),
            // Another part, and Pings.
            (LEAST, LEAST - 4, Next::Receive, false),
            // The rest.
            (LEAST, 3 * LEAST - 4, Next::Receive, true),
        ] {
            reads.note(received, output, next);
            assert_eq!(reads.are_due(), are_due, "{received} {output}");
        }
    }
}
