//! What this endpoint sends, and when it may: the caller's side of a connection.

use alloc::boxed::Box;

use crate::application::MessageRef;
use crate::close::CloseFrame;
use crate::entropy::Keys;
use crate::error::UsageError;
use crate::event::ReadyState;
use crate::frame::CONTROL_PAYLOAD;
use crate::options::Options;
use crate::ping::PingLog;
use crate::state::{Input, SendHalf, State};
use crate::time::Instant;
use crate::timers::Timers;
use crate::transmit::Transmitter;

/// Where an application, or the caller of a connection, puts what it sends.
///
/// A call in the wrong ready state is a [`UsageError`] and changes nothing.
pub struct Outbox {
    pub(crate) state: State,
    pub(crate) transmitter: Transmitter,
    pub(crate) timers: Timers,
    pub(crate) pings: PingLog,
}

impl Outbox {
    pub(crate) fn new(now: Instant, options: &Options, keys: Option<Box<Keys>>) -> Self {
        Self {
            state: State::CONNECTING,
            transmitter: Transmitter::new(keys, options.limits.queued_pongs),
            timers: Timers::new(now, options.timeouts.clone()),
            pings: PingLog::default(),
        }
    }

    /// The ready state.
    pub fn ready_state(&self) -> ReadyState {
        self.state.ready_state()
    }

    /// Queues a message (§6.1).
    #[inline]
    pub fn send(&mut self, message: MessageRef<'_>) -> Result<(), UsageError> {
        self.check_open()?;
        self.timers.message();
        self.transmitter.message(message);
        Ok(())
    }

    /// Queues a Ping (§5.5.2) with at most 125 bytes of application data.
    pub fn ping(&mut self, application_data: &[u8]) -> Result<(), UsageError> {
        self.check_open()?;
        // §5.5.
        if application_data.len() > CONTROL_PAYLOAD {
            return Err(UsageError::ControlPayload);
        }
        self.pings.sent(application_data, self.timers.now());
        self.transmitter.ping(application_data);
        Ok(())
    }

    /// Starts the closing handshake (§7.1.2).
    pub fn close(&mut self, frame: Option<&CloseFrame>) -> Result<(), UsageError> {
        self.check_open()?;
        frame.map_or(Ok(()), CloseFrame::validate)?;
        self.send_close(frame);
        Ok(())
    }

    /// Sends a Close frame if none was sent yet (§5.5.1).
    pub(crate) fn send_close(&mut self, frame: Option<&CloseFrame>) {
        if let Some(after) = self.state.after(Input::CloseSent) {
            self.state = after;
            self.timers.phase();
            self.transmitter.close(frame);
        }
    }

    /// §5.5.1: no data frame is sent behind a Close frame. No Ping of ours is either; Pongs
    /// still are (§5.5.2).
    fn check_open(&self) -> Result<(), UsageError> {
        match (self.state.send, self.state.ready_state()) {
            (_, ReadyState::Closed) => Err(UsageError::Closed),
            (SendHalf::Head, _) => Err(UsageError::Connecting),
            (SendHalf::CloseSent, _) => Err(UsageError::Closing),
            (SendHalf::Frames, _) => Ok(()),
        }
    }
}
