//! How a connection ends: by Close frames, by failing, or with its transport.

use alloc::string::String;

use super::{Connection, Reader};
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
        self.stop_receiving();
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
        // While a message is compressed, only a timeout can fail the connection: the peer
        // took nothing of what came before it.
        self.outbox.transmitter.abandon();
        self.stop_receiving();
        match (before.send, self.role) {
            (SendHalf::Head, Role::Server) => {
                let response = match &failure {
                    Failure::Handshake(error) => handshake::refusal(error),
                    // The other two need a frame, and before the response there is none.
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

    /// §5.5.1, §7.1.7: what comes from here on is discarded, so nothing is kept for it.
    fn stop_receiving(&mut self) {
        if let Reader::Frames(receiver) = &mut self.reader {
            receiver.give_up();
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

#[cfg(test)]
pub(super) mod tests {
    use alloc::boxed::Box;
    use alloc::vec::Vec;

    use super::*;
    use crate::application::MessageRef;
    use crate::error::LimitError;
    use crate::event::{Agreed, AgreedCompression, Next};
    use crate::options::{HandedOver, Keepalive, Options, Start};

    /// A server's connection with permessage-deflate.
    pub(in crate::connection) fn open(change: impl FnOnce(&mut Options)) -> Connection {
        let mut options = Options::default();
        change(&mut options);
        let compression = Some(AgreedCompression {
            server_window_bits: 15,
            client_window_bits: 15,
            server_context_takeover: true,
            client_context_takeover: true,
        });
        let agreed = Agreed { compression, ..Agreed::default() };
        let start = Start::Accepted(HandedOver { options, agreed });
        Connection::start(0, start, Box::new(|_: &mut [u8]| {})).unwrap()
    }

    #[test]
    fn an_answer_that_takes_long_to_compress_costs_nobody_the_close_frame() {
        for closes in [true, false] {
            let mut connection = open(|options| {
                options.timeouts.closing = 10;
                options.timeouts.keepalive = Some(Keepalive { interval: 10, timeout: 10 });
            });
            let answer = alloc::vec![b'x'; 1 << 20];
            connection.send_message(0, MessageRef::from(&answer[..])).unwrap();
            if closes {
                connection.close(0, Some(&CloseFrame::new(1000))).unwrap();
            }
            let (mut now, mut transmitted, mut events) = (0, Vec::new(), Vec::new());
            loop {
                let output = connection.drain(now, &mut events);
                transmitted.extend(output.transmit);
                if output.next != Next::Drain {
                    break;
                }
                now += 9;
                connection.reach_deadline(now);
            }
            assert!(now > 90, "it took several drains");
            assert_eq!(events.len(), 1, "nothing happened but that it is open: {events:?}");
            assert_eq!(transmitted.ends_with(b"\x88\x02\x03\xe8"), closes);
        }
    }

    #[test]
    fn what_will_not_be_finished_is_not_kept() {
        // Half a message, plain or compressed; then a Close frame, or nothing that is a frame.
        let halves = [b"\x02\x81\0\0\0\0a".to_vec(), b"\x42\x81\0\0\0\0\x4a".to_vec()];
        for (half, end) in halves.iter().flat_map(|half| [(half, 0x88), (half, 0x8f)]) {
            let mut connection = open(|_| {});
            let mut is_holding = |bytes: &[u8]| {
                connection.receive(0, bytes.to_vec());
                connection.drain(0, &mut Vec::new());
                matches!(&connection.reader, Reader::Frames(receiver) if receiver.is_holding())
            };
            assert!(is_holding(half));
            assert!(!is_holding(&[end, 0x80, 0, 0, 0, 0]));
        }
    }

    #[test]
    fn whether_a_limit_or_a_rule_is_broken_does_not_depend_on_chunks() {
        // "aa", and a length that there is not (RFC 1951 §3.2.6), in a message of two frames.
        let bytes = b"\x42\x82\0\0\0\0\x4a\x4c\x80\x82\0\0\0\0\x1c\x03";
        let whole = b"\xc2\x84\0\0\0\0\x4a\x4c\x1c\x03";
        for bytes in [&bytes[..], whole] {
            for cut in 0..bytes.len() {
                let mut connection = open(|options| options.limits.message_bytes = 1);
                let mut events = Vec::new();
                let (front, back) = bytes.split_at(cut);
                connection.receive(0, front.to_vec());
                connection.drain(0, &mut events);
                connection.receive(0, back.to_vec());
                connection.drain(0, &mut events);
                let expected = Failure::Limit(LimitError::MessageBytes(2));
                assert_eq!(events.get(1), Some(&Event::Failed(expected)), "cut at {cut}");
            }
        }
    }
}
