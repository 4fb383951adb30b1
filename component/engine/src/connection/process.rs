//! What a connection does with the bytes it received.

use alloc::boxed::Box;
use core::mem;

use super::ending::PutOff;
use super::whole_messages::Run;
use super::{Connection, Handler, Reader};
use crate::application::MessageKind;
use crate::error::Failure;
use crate::event::{Agreed, Event, Pong};
use crate::frame::CONTROL_PAYLOAD;
use crate::message::Received;
use crate::outbox::Outbox;
use crate::payload::Payload;
use crate::receive_buffer::ReceiveBuffer;
use crate::state::{Input, ReceiveHalf};

/// Why processing stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// All of the input is processed.
    ForBytes,
    /// The limit of output is reached: the rest is for the next drain.
    ForTransmission,
}

/// A step of processing: what it found in the input.
enum Step<'a> {
    /// Boxed, as it happens once: what happens with each frame is small.
    Opened(Box<Agreed>),
    Received(Received<'a>),
}

/// What handling something received made.
pub(super) struct Handled {
    /// Bytes that were reported: of payload, and for each report.
    pub(super) delivered: u64,
    /// Bytes of an answer that was built in the input.
    pub(super) built: usize,
}

/// What a report of a payload counts for, in bytes.
#[inline]
fn report<H: Handler>(payload_len: usize, _: &H) -> u64 {
    (payload_len + H::REPORT) as u64
}

/// Reports a message, and lets it become its own answer where it lies.
#[inline]
pub(super) fn deliver(
    kind: MessageKind,
    payload: &mut Payload<'_>,
    handler: &mut impl Handler,
    outbox: &mut Outbox,
) -> Handled {
    let delivered = report(payload.as_slice().len(), handler);
    outbox.timers.message();
    handler.message(kind, payload, outbox);
    let built = outbox.transmitter.echo(kind, payload);
    Handled { delivered, built }
}

impl Connection {
    /// Processes `input` from its front, until it is used up or the limit of
    /// output is reached.
    #[inline]
    pub(super) fn process(
        &mut self,
        input: &mut ReceiveBuffer,
        handler: &mut impl Handler,
    ) -> Waiting {
        let most = u64::from(self.options.limits.output_bytes);
        let run = match self.put_off {
            Some(_) => Run::default(),
            None => self.process_whole(input, handler, most),
        };
        if self.is_all(&run, input) {
            return Waiting::ForBytes;
        }
        self.process_further(run, input, handler)
    }

    /// Processes what is behind a run of whole messages.
    // Not inlined: mostly there is nothing, and a guest's compiler makes room on the stack
    // for all that is in here.
    #[inline(never)]
    fn process_further(
        &mut self,
        mut run: Run,
        input: &mut ReceiveBuffer,
        handler: &mut impl Handler,
    ) -> Waiting {
        let most = u64::from(self.options.limits.output_bytes);
        let mut delivered = 0;
        let mut answerable = false;
        if !self.outbox.transmitter.is_compressing() {
            match self.put_off.take() {
                Some(PutOff::Close(frame)) => self.receive_close(frame),
                Some(PutOff::Failure(failure)) => self.fail(failure),
                None => {}
            }
        }
        loop {
            delivered += run.delivered;
            answerable |= run.answerable;
            if self.is_all(&run, input) {
                return Waiting::ForBytes;
            }
            for event in mem::take(&mut self.events) {
                handler.event(event, &mut self.outbox);
            }
            if self.outbox.transmitter.is_compressing() {
                // What comes next may end the send half; and it may add to what
                // waits to be compressed.
                self.outbox.transmitter.compress_slice();
                if self.outbox.transmitter.is_compressing() || self.has_more(input) {
                    return Waiting::ForTransmission;
                }
            }
            let queued = self.outbox.transmitter.len() + input.built();
            let made = queued as u64 + delivered;
            if made >= most && self.has_more(input) {
                return Waiting::ForTransmission;
            }
            let budget = most.saturating_sub(made);
            match run.failure.map_or_else(|| self.step(input, budget), Err) {
                Ok(Some(Step::Opened(agreed))) => self.open(*agreed),
                // A caller that answers messages between drains gets to answer
                // those that came before the end: §7.1.7 and §5.5.1 leave no
                // room for it afterwards.
                Ok(Some(Step::Received(Received::Close(frame)))) if answerable => {
                    self.put_off = Some(PutOff::Close(frame));
                    return Waiting::ForTransmission;
                }
                Err(failure) if answerable => {
                    self.put_off = Some(PutOff::Failure(failure));
                    return Waiting::ForTransmission;
                }
                Ok(None) if self.has_ended && answerable => return Waiting::ForTransmission,
                Ok(Some(Step::Received(received))) => {
                    answerable |= matches!(received, Received::Message(..));
                    let handled = self.handle(received, handler);
                    delivered += handled.delivered;
                    input.keep_answer(handled.built);
                }
                Ok(None) if self.has_ended => {
                    self.has_ended = false;
                    self.reach_end();
                }
                Ok(None) if self.events.is_empty() => return Waiting::ForBytes,
                Ok(None) => {}
                Err(failure) => self.fail(failure),
            }
            // A run fails only where it may go on: neither is anything being compressed then,
            // nor the limit of output reached. So its failure gets to where it is handled.
            run = self.process_whole(input, handler, most.saturating_sub(delivered));
        }
    }

    /// Whether there is nothing to do behind a run.
    #[inline]
    fn is_all(&self, run: &Run, input: &ReceiveBuffer) -> bool {
        let is_sound = run.answerable && run.failure.is_none();
        is_sound && !self.has_more(input) && !self.outbox.transmitter.is_compressing()
    }

    /// Whether there is anything to process without new input.
    fn has_more(&self, input: &ReceiveBuffer) -> bool {
        let inflating = match &self.reader {
            Reader::Frames(receiver) => receiver.is_inflating(),
            Reader::Request(_) | Reader::Response(_) => false,
        };
        !input.rest().is_empty() || self.has_ended || inflating || self.put_off.is_some()
    }

    /// Parses the front of the input, making at most `budget` bytes of payload
    /// out of compressed ones; `None` when all of it is used up.
    fn step<'a>(
        &mut self,
        input: &'a mut ReceiveBuffer,
        budget: u64,
    ) -> Result<Option<Step<'a>>, Failure> {
        match self.outbox.state.receive {
            ReceiveHalf::Head | ReceiveHalf::Frames => {}
            // §5.5.1, §7.1.7: after a Close frame, or once the connection
            // failed, what comes is discarded.
            ReceiveHalf::CloseReceived | ReceiveHalf::Discarding | ReceiveHalf::Ended => {
                input.discard();
                return Ok(None);
            }
        }
        if let Reader::Frames(receiver) = &mut self.reader {
            let budget = usize::try_from(budget).unwrap_or(usize::MAX).max(1);
            return Ok(receiver.receive(input, budget)?.map(Step::Received));
        }
        let agreed = self.shake_hands(input)?;
        Ok(agreed.map(Box::new).map(Step::Opened))
    }

    /// Parses the front of a head; `None` when all of the input is used up.
    // Once in a connection, and long: it would only be in the way of the frames.
    #[cold]
    fn shake_hands(&mut self, input: &mut ReceiveBuffer) -> Result<Option<Agreed>, Failure> {
        let mut head = input.rest();
        let len = head.len();
        let agreed = match &mut self.reader {
            Reader::Frames(_) => return Ok(None),
            Reader::Request(handshake) => handshake.receive(&mut head).map(|accepted| {
                let accepted = accepted?;
                self.outbox.transmitter.head(&accepted.response);
                Ok(accepted.agreed)
            }),
            Reader::Response(handshake) => handshake.receive(&mut head),
        };
        let left = head.len();
        input.take(len - left);
        agreed.transpose().map_err(Failure::Handshake)
    }

    /// The opening handshake succeeded: from here on there are frames.
    pub(super) fn open(&mut self, agreed: Agreed) {
        let Some(after) = self.outbox.state.after(Input::Opened) else { return };
        self.outbox.state = after;
        self.outbox.timers.opened();
        self.reader = Reader::frames(self.role, &self.options, &agreed);
        if let (Some(options), Some(agreed)) = (&self.options.compression, agreed.compression) {
            self.outbox.transmitter.compress(self.role, options, agreed);
        }
        self.events.push(Event::Opened(agreed));
    }

    /// Answers what must be answered, and reports the rest.
    fn handle(&mut self, received: Received<'_>, handler: &mut impl Handler) -> Handled {
        let event = match received {
            Received::Message(kind, mut payload) => {
                return deliver(kind, &mut payload, handler, &mut self.outbox);
            }
            Received::Inflated(bytes) => return Handled { delivered: bytes, built: 0 },
            Received::Ping(application_data) => {
                // §5.5.2: a Ping is answered until a Close frame has come, also
                // behind a Close frame of our own.
                self.outbox.transmitter.pong(&application_data);
                Event::Ping(application_data)
            }
            Received::Pong(application_data) => {
                let now = self.outbox.timers.now();
                let round_trip = self.outbox.pings.answered(&application_data, now);
                Event::Pong(Pong { application_data, round_trip })
            }
            Received::Close(frame) => {
                self.receive_close(frame);
                return Handled { delivered: 0, built: 0 };
            }
        };
        handler.event(event, &mut self.outbox);
        // As the longest one does, so that they are not too many in one drain.
        Handled { delivered: report(CONTROL_PAYLOAD, handler), built: 0 }
    }
}
