//! How a connection ends: by Close frames, by failing, or with its transport.

use alloc::string::String;

use super::Connection;
use crate::close::{self, CloseFrame};
use crate::error::{Failure, HandshakeError};
use crate::event::Event;
use crate::handshake;
use crate::role::Role;
use crate::state::{Input, ReceiveHalf, SendHalf};

/// What ends the send half, put off until messages before it can be answered.
pub(super) enum PutOff {
    Close(Option<CloseFrame>),
    Failure(Failure),
}

impl Connection {
    /// The peer's Close frame came (§5.5.1).
    pub(super) fn receive_close(&mut self, frame: Option<CloseFrame>) {
        let Some(after) = self.outbox.state.after(Input::CloseReceived) else { return };
        self.outbox.state = after;
        self.outbox.timers.phase();
        // §5.5.1: answered with the code that came.
        self.outbox.send_close(frame.as_ref());
        // §7.1.5, §7.1.6.
        (self.closure.code, self.closure.reason) = match &frame {
            Some(frame) => (frame.code, frame.reason.clone()),
            None => (close::NO_CODE, String::new()),
        };
        self.events.push(Event::CloseReceived(frame));
        // §7.1.1: the server ends the transport first.
        if self.role == Role::Server {
            self.end();
        }
    }

    /// The transport ended behind the last byte.
    pub(super) fn reach_end(&mut self) {
        if self.outbox.state.receive == ReceiveHalf::Head {
            self.fail(HandshakeError::Truncated.into());
        }
        self.end();
    }

    /// Fails the connection (§7.1.7): what is queued still drains, a Close frame
    /// or a refusal behind it.
    pub(super) fn fail(&mut self, failure: Failure) {
        let before = self.outbox.state;
        let Some(after) = before.after(Input::Failed) else { return };
        // Only a peer that is gone fails while a message is being compressed.
        self.outbox.transmitter.abandon();
        match (before.send, self.role) {
            (SendHalf::Head, Role::Server) => {
                let response = match &failure {
                    Failure::Handshake(error) => handshake::refusal(error),
                    Failure::Timeout(_) | Failure::Protocol(_) | Failure::Limit(_) => {
                        handshake::timeout_response()
                    }
                };
                self.outbox.transmitter.head(&response);
            }
            (SendHalf::Frames, _) => {
                if let Some(code) = failure.close_code() {
                    self.outbox.send_close(Some(&CloseFrame::new(code)));
                }
            }
            (SendHalf::Head, Role::Client) | (SendHalf::CloseSent, _) => {}
        }
        self.outbox.state = after;
        self.outbox.timers.phase();
        self.closure.failure = Some(failure.clone());
        self.events.push(Event::Failed(failure));
        // §7.1.1: the server ends the transport first; without an opening
        // handshake there is no peer that would.
        if self.role == Role::Server || before.send == SendHalf::Head {
            self.end();
        }
    }

    /// The transport ends, for either endpoint's reason.
    pub(super) fn end(&mut self) {
        let before = self.outbox.state;
        let Some(after) = before.after(Input::TransportEnded) else { return };
        // §7.1.4: clean when both Close frames were exchanged.
        self.closure.clean = before.receive == ReceiveHalf::CloseReceived && before.is_over();
        self.outbox.state = after;
        self.events.push(Event::Closed(self.closure.clone()));
    }
}
