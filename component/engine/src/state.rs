//! The state of a connection: all that moves it stands in this file.
//!
//! # Theory
//!
//! A WebSocket connection is two streams, one in each direction, that begin
//! together and end together but are in different places in between. So it is
//! modelled as two halves, and the ready state of the RFC is derived from them:
//!
//! - the *receive half* is what the peer may still send;
//! - the *send half* is what this endpoint may still send.
//!
//! Five things can happen to them ([`Input`]); [`State::after`] is the whole
//! table. It knows neither bytes nor roles: client and server obey one table.
//! That a server ends the transport as soon as both halves are over, while a
//! client waits for it (§7.1.1), is up to the connection, which then reports
//! [`Input::TransportEnded`] like any other end.
//!
//! # Ready states
//!
//! | receive half \ send half | `Head`     | `Frames` | `CloseSent` |
//! |--------------------------|------------|----------|-------------|
//! | `Head`                   | connecting | -        | -           |
//! | `Frames`                 | -          | open     | closing     |
//! | `CloseReceived`          | -          | closing  | closing     |
//! | `Discarding`             | -          | -        | closing     |
//! | `Ended`                  | -          | -        | closed      |
//!
//! Failing is final: from `Discarding` only the end of the transport leads on,
//! and from `Ended` nothing does.

use crate::event::ReadyState;

/// What the peer may still send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReceiveHalf {
    /// The head of the opening handshake (§4).
    Head,
    /// Frames (§5).
    Frames,
    /// Nothing: its Close frame came (§5.5.1).
    CloseReceived,
    /// Whatever it likes, unread: the connection failed (§7.1.7).
    Discarding,
    /// Nothing: the transport has ended (§7.1.4).
    Ended,
}

/// What this endpoint may still send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendHalf {
    /// The head of the opening handshake (§4).
    Head,
    /// Frames (§5).
    Frames,
    /// No data: the Close frame was sent (§5.5.1), or there is no one to send
    /// one to.
    CloseSent,
}

/// What can happen to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The opening handshake succeeded (§4).
    Opened,
    /// The peer's Close frame came (§7.1.3).
    CloseReceived,
    /// This endpoint sent its Close frame (§7.1.2).
    CloseSent,
    /// This endpoint fails the connection (§7.1.7).
    Failed,
    /// The transport ended (§7.1.4).
    TransportEnded,
}

/// Where a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) receive: ReceiveHalf,
    pub(crate) send: SendHalf,
}

impl State {
    /// Before the opening handshake.
    pub(crate) const CONNECTING: Self = Self { receive: ReceiveHalf::Head, send: SendHalf::Head };

    /// The state that an input leads to; `None` for an input that cannot happen
    /// in this state, or changes nothing.
    #[expect(clippy::match_same_arms, reason = "each input has a table of its own")]
    pub(crate) fn after(self, input: Input) -> Option<Self> {
        use ReceiveHalf::{CloseReceived, Discarding, Ended, Frames, Head};
        use SendHalf as Send;

        let (receive, send) = match (input, self.receive, self.send) {
            (Input::Opened, Head, Send::Head) => (Frames, Send::Frames),
            (
                Input::Opened,
                Head | Frames | CloseReceived | Discarding | Ended,
                Send::Head | Send::Frames | Send::CloseSent,
            ) => return None,

            (Input::CloseReceived, Frames, Send::Frames | Send::CloseSent) => {
                (CloseReceived, self.send)
            }
            (
                Input::CloseReceived,
                Head | Frames | CloseReceived | Discarding | Ended,
                Send::Head | Send::Frames | Send::CloseSent,
            ) => return None,

            (Input::CloseSent, Frames | CloseReceived, Send::Frames) => {
                (self.receive, Send::CloseSent)
            }
            (
                Input::CloseSent,
                Head | Frames | CloseReceived | Discarding | Ended,
                Send::Head | Send::Frames | Send::CloseSent,
            ) => return None,

            (Input::Failed, Head | Frames | CloseReceived, _) => (Discarding, Send::CloseSent),
            (Input::Failed, Discarding | Ended, _) => return None,

            (Input::TransportEnded, Head | Frames | CloseReceived | Discarding, _) => {
                (Ended, Send::CloseSent)
            }
            (Input::TransportEnded, Ended, _) => return None,
        };
        Some(Self { receive, send })
    }

    /// Neither half has anything to send: the transport may end (§7.1.1).
    pub(crate) fn is_over(self) -> bool {
        match (self.receive, self.send) {
            (ReceiveHalf::CloseReceived | ReceiveHalf::Discarding, SendHalf::CloseSent) => true,
            (
                ReceiveHalf::Head
                | ReceiveHalf::Frames
                | ReceiveHalf::CloseReceived
                | ReceiveHalf::Discarding
                | ReceiveHalf::Ended,
                SendHalf::Head | SendHalf::Frames | SendHalf::CloseSent,
            ) => false,
        }
    }

    /// The ready state of §4.1, §7.1.3 and §7.1.4.
    pub(crate) fn ready_state(self) -> ReadyState {
        match (self.receive, self.send) {
            (ReceiveHalf::Ended, _) => ReadyState::Closed,
            (ReceiveHalf::Frames, SendHalf::Frames) => ReadyState::Open,
            (ReceiveHalf::Head, _) => ReadyState::Connecting,
            (ReceiveHalf::Frames | ReceiveHalf::CloseReceived | ReceiveHalf::Discarding, _) => {
                ReadyState::Closing
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReceiveHalf::{CloseReceived, Discarding, Ended, Frames, Head};
    use alloc::vec::Vec;

    const INPUTS: [Input; 5] = [
        Input::Opened,
        Input::CloseReceived,
        Input::CloseSent,
        Input::Failed,
        Input::TransportEnded,
    ];

    /// Every state that some inputs lead to.
    fn reachable() -> Vec<State> {
        let mut states = Vec::from([State::CONNECTING]);
        let mut at = 0;
        while let Some(state) = states.get(at).copied() {
            for after in INPUTS.iter().filter_map(|input| state.after(*input)) {
                if !states.contains(&after) {
                    states.push(after);
                }
            }
            at += 1;
        }
        states
    }

    #[test]
    fn the_ready_states_are_those_of_the_chart() {
        let chart = [
            (Head, SendHalf::Head, ReadyState::Connecting),
            (Frames, SendHalf::Frames, ReadyState::Open),
            (Frames, SendHalf::CloseSent, ReadyState::Closing),
            (CloseReceived, SendHalf::Frames, ReadyState::Closing),
            (CloseReceived, SendHalf::CloseSent, ReadyState::Closing),
            (Discarding, SendHalf::CloseSent, ReadyState::Closing),
            (Ended, SendHalf::CloseSent, ReadyState::Closed),
        ];
        let reachable = reachable();
        assert_eq!(reachable.len(), chart.len());
        for (receive, send, ready_state) in chart {
            let state = State { receive, send };
            assert!(reachable.contains(&state), "{state:?}");
            assert_eq!(state.ready_state(), ready_state, "{state:?}");
        }
    }

    #[test]
    fn every_pair_of_state_and_input_is_as_the_table_says() {
        use Input as I;
        let frames = SendHalf::Frames;
        let sent = SendHalf::CloseSent;
        let moves = [
            ((Head, SendHalf::Head), I::Opened, (Frames, frames)),
            ((Head, SendHalf::Head), I::Failed, (Discarding, sent)),
            ((Head, SendHalf::Head), I::TransportEnded, (Ended, sent)),
            ((Frames, frames), I::CloseReceived, (CloseReceived, frames)),
            ((Frames, frames), I::CloseSent, (Frames, sent)),
            ((Frames, frames), I::Failed, (Discarding, sent)),
            ((Frames, frames), I::TransportEnded, (Ended, sent)),
            ((Frames, sent), I::CloseReceived, (CloseReceived, sent)),
            ((Frames, sent), I::Failed, (Discarding, sent)),
            ((Frames, sent), I::TransportEnded, (Ended, sent)),
            ((CloseReceived, frames), I::CloseSent, (CloseReceived, sent)),
            ((CloseReceived, frames), I::Failed, (Discarding, sent)),
            ((CloseReceived, frames), I::TransportEnded, (Ended, sent)),
            ((CloseReceived, sent), I::Failed, (Discarding, sent)),
            ((CloseReceived, sent), I::TransportEnded, (Ended, sent)),
            ((Discarding, sent), I::TransportEnded, (Ended, sent)),
        ];
        let state = |(receive, send)| State { receive, send };
        for from in reachable() {
            for input in INPUTS {
                let expected = moves
                    .iter()
                    .find(|(before, on, _)| state(*before) == from && *on == input)
                    .map(|(_, _, after)| state(*after));
                assert_eq!(from.after(input), expected, "{from:?} {input:?}");
            }
        }
    }

    #[test]
    fn a_failed_connection_stays_failed() {
        for state in reachable().into_iter().filter(|state| state.receive == Discarding) {
            for input in INPUTS {
                let after = state.after(input).unwrap_or(state);
                assert!(matches!(after.receive, Discarding | Ended), "{input:?} -> {after:?}");
            }
        }
    }

    #[test]
    fn the_transport_may_end_once_both_halves_are_over() {
        let over: Vec<_> = reachable().into_iter().filter(|state| state.is_over()).collect();
        let state = |receive| State { receive, send: SendHalf::CloseSent };
        assert_eq!(over.len(), 2);
        assert!(over.contains(&state(CloseReceived)) && over.contains(&state(Discarding)));
    }
}
