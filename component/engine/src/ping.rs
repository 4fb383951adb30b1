//! Pings that wait for their Pong, and the round-trip time (§5.5.2, §5.5.3).

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::time::{Duration, Instant};

/// The Pings that were sent and not answered.
#[derive(Default)]
pub(crate) struct PingLog {
    sent: VecDeque<(Vec<u8>, Instant)>,
    newest_round_trip: Option<Duration>,
}

impl PingLog {
    /// A peer may leave Pings unanswered (§5.5.3), so the oldest are forgotten.
    const MOST: usize = 16;

    pub(crate) fn sent(&mut self, application_data: &[u8], now: Instant) {
        if self.sent.len() == Self::MOST {
            self.sent.pop_front();
        }
        self.sent.push_back((application_data.to_vec(), now));
    }

    /// The round-trip time of the Ping that a Pong answers, if one does. §5.5.3:
    /// a Pong answers the newest Ping with its application data, and stands for
    /// the answers to all earlier ones.
    pub(crate) fn answered(&mut self, application_data: &[u8], now: Instant) -> Option<Duration> {
        let at = self.sent.iter().rposition(|(sent, _)| sent == application_data)?;
        let (_, sent) = self.sent.drain(..=at).next_back()?;
        let round_trip = Duration::try_from(now.saturating_sub(sent)).unwrap_or(Duration::MAX);
        self.newest_round_trip = Some(round_trip);
        Some(round_trip)
    }

    pub(crate) fn newest_round_trip(&self) -> Option<Duration> {
        self.newest_round_trip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_answers_its_ping_and_all_earlier_ones() {
        let mut log = PingLog::default();
        log.sent(b"a", 10);
        log.sent(b"b", 20);
        log.sent(b"c", 30);
        assert_eq!(log.answered(b"b", 25), Some(5));
        assert_eq!(log.answered(b"a", 26), None);
        assert_eq!(log.answered(b"c", 37), Some(7));
        assert_eq!(log.newest_round_trip(), Some(7));
    }

    #[test]
    fn a_pong_that_nobody_asked_for_has_no_round_trip() {
        assert_eq!(PingLog::default().answered(b"", 1), None);
    }

    #[test]
    fn only_the_newest_pings_are_remembered() {
        let mut log = PingLog::default();
        for n in 0..100u8 {
            log.sent(&[n], u64::from(n));
        }
        assert_eq!(log.answered(&[83], 100), None);
        assert_eq!(log.answered(&[84], 100), Some(16));
    }
}
