//! A short cut for what most reads hold: whole messages, one behind another.
//!
//! `process` would do the same with them, frame by frame. But it is long, as it
//! deals with everything, and a guest's compiler runs out of registers in it: a
//! short frame takes nearly twice as many instructions there.

use super::process::deliver;
use super::{Connection, Handler, Reader};
use crate::error::Failure;
use crate::receive_buffer::ReceiveBuffer;
use crate::state::ReceiveHalf;

/// What a run of whole messages came to.
#[derive(Default)]
pub(super) struct Run {
    /// Bytes that were reported: of payload, and for each report.
    pub(super) delivered: u64,
    /// A message was reported.
    pub(super) answerable: bool,
    /// What broke a rule behind them.
    pub(super) failure: Option<Failure>,
}

impl Connection {
    /// Delivers the whole messages at the front of the input until `most` bytes of
    /// output and payload are made; none where anything else is to be done first.
    #[inline(never)]
    pub(super) fn process_whole(
        &mut self,
        input: &mut ReceiveBuffer,
        handler: &mut impl Handler,
        most: u64,
    ) -> Run {
        let mut run = Run::default();
        let Reader::Frames(receiver) = &mut self.reader else { return run };
        if self.outbox.state.receive != ReceiveHalf::Frames || !self.events.is_empty() {
            return run;
        }
        loop {
            let queued = self.outbox.transmitter.len() + input.built();
            let is_compressing = self.outbox.transmitter.is_compressing();
            if is_compressing || queued as u64 + run.delivered >= most {
                return run;
            }
            let (kind, mut payload) = match receiver.receive_whole(input) {
                Ok(Some(message)) => message,
                Ok(None) => return run,
                Err(failure) => {
                    run.failure = Some(failure);
                    return run;
                }
            };
            let handled = deliver(kind, &mut payload, handler, &mut self.outbox);
            run.delivered += handled.delivered;
            run.answerable = true;
            input.keep_answer(handled.built);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::application::{MessageKind, MessageRef};
    use crate::connection::ending;
    use crate::error::{Failure, ProtocolError};
    use crate::event::{Event, Message, Next};
    use crate::frame::{FIN, Opcode, RSV1};
    use crate::outbox::Outbox;
    use crate::payload::Payload;

    const BINARY: u8 = FIN | Opcode::Binary as u8;
    const TEXT: u8 = FIN | Opcode::Text as u8;

    fn open(output_bytes: u32) -> Connection {
        let mut connection = ending::tests::open(|options| {
            options.limits.output_bytes = output_bytes;
        });
        assert_eq!(drain(&mut connection).0.len(), 1, "only that it is open");
        connection
    }

    /// A client's frame, masked with zeros.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        crate::frame::encode(first, payload.len(), Some([0; 4]))
            .iter()
            .chain(payload)
            .copied()
            .collect()
    }

    fn drain(connection: &mut Connection) -> (Vec<Event>, Next) {
        let mut events = Vec::new();
        let output = connection.drain(0, &mut events);
        (events, output.next)
    }

    #[test]
    fn a_run_stops_at_the_limit_of_output() {
        let mut connection = open(1024);
        connection.receive(0, frame(BINARY, &[0; 300]).repeat(10));
        for (expected, wanted) in
            [3, 3, 3, 1].into_iter().zip([Next::Drain; 3].iter().chain(&[Next::Receive]))
        {
            let (events, next) = drain(&mut connection);
            assert_eq!((events.len(), &next), (expected, wanted));
        }
    }

    #[test]
    fn messages_without_a_payload_count_too() {
        // Inflated, by itself, and joined: as little as there is of each.
        let fragments = [frame(Opcode::Text as u8, b""), frame(FIN, b"")].concat();
        for message in [frame(BINARY | RSV1, b"\0"), frame(TEXT, b""), fragments] {
            let mut connection = open(1024);
            connection.receive(0, message.repeat(1000));
            let mut count = 0;
            loop {
                let (events, next) = drain(&mut connection);
                let held = |event: &Event| match event {
                    Event::Message(Message::Text(text)) => text.capacity(),
                    Event::Message(Message::Binary(bytes)) => bytes.capacity(),
                    _ => panic!("{event:?}"),
                };
                let held: usize = events.iter().map(held).sum();
                assert!(held + events.len() * size_of::<Event>() < 1024 + 125, "{held}");
                count += events.len();
                if next == Next::Receive {
                    break;
                }
            }
            assert_eq!(count, 1000);
        }
    }

    #[test]
    fn what_ends_the_send_half_waits_for_the_answers_to_a_run() {
        let close = frame(FIN | Opcode::Close as u8, &[]);
        let reserved = frame(FIN | 0xf, &[]);
        let not_utf8 = frame(TEXT, b"\xff");
        for end in [close, reserved, not_utf8] {
            let mut connection = open(1024);
            connection.receive(0, [frame(TEXT, b""), frame(BINARY, b"2"), end].concat());
            let (events, next) = drain(&mut connection);
            assert_eq!((events.len(), next), (2, Next::Drain), "{events:?}");
            connection.send_message(0, MessageRef::from("an answer")).unwrap();
            assert_eq!(drain(&mut connection).1, Next::Close);
        }
    }

    #[test]
    fn a_text_of_a_run_is_utf8() {
        let mut connection = open(1024);
        connection.receive(0, frame(TEXT, b"\xff"));
        let expected = Event::Failed(Failure::Protocol(ProtocolError::MessageUtf8));
        assert_eq!(drain(&mut connection).0.first(), Some(&expected));
    }

    #[test]
    fn a_run_stops_where_an_answer_takes_long_to_compress() {
        /// Answers each message with one that is compressed in slices.
        struct Long(usize);

        impl Handler for Long {
            const REPORT: usize = 0;

            fn message(&mut self, _: MessageKind, _: &mut Payload<'_>, outbox: &mut Outbox) {
                self.0 += 1;
                outbox.send(MessageRef::from(alloc::vec![b'x'; 1 << 18].as_slice())).unwrap();
            }

            fn event(&mut self, _: Event, _: &mut Outbox) {}
        }

        let mut connection = open(1 << 20);
        connection.receive(0, frame(BINARY, b"1").repeat(2));
        let mut handler = Long(0);
        assert_eq!(connection.drain(0, &mut handler).next, Next::Drain);
        assert_eq!(handler.0, 1);
        while connection.drain(0, &mut handler).next == Next::Drain {}
        assert_eq!(handler.0, 2);
    }
}
