//! `load accept`: whole lives of connections, many at once.
//!
//! A life is a TCP connection, the opening handshake, a Close frame there and one
//! back. Then the connection is reset, so that no port is left in TIME-WAIT:
//! there are fewer ports than a run has lives.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};
use socket2::SockRef;

use crate::arguments::{Accept, Target};
use crate::frame::{self, CLOSE, FIN, Header, Sender};
use crate::handshake;
use crate::measurement::{Measurement, Rate};
use crate::transport::PATIENCE;

/// Close code 1000 (RFC 6455 §7.4.1).
const NORMAL_CLOSURE: [u8; 2] = 1000_u16.to_be_bytes();

/// What every life sends.
struct Script<'a> {
    target: &'a Target,
    request: Vec<u8>,
    close: Vec<u8>,
}

struct Life {
    socket: TcpStream,
    born: Instant,
    stage: Stage,
    /// Bytes of an answer that is not complete.
    received: Vec<u8>,
}

enum Stage {
    Connecting,
    Opening,
    Closing,
}

/// Runs the load and returns what was measured.
pub(crate) fn run(options: &Accept) -> Result<Rate> {
    ensure!(!options.target.tls, "TLS can not be used with `load accept`");
    let mut close = Vec::new();
    frame::encode(Sender::Client, FIN | CLOSE, &NORMAL_CLOSURE, &mut close);
    let script = Script {
        target: &options.target,
        request: handshake::request(options.target.address, false),
        close,
    };
    let mut poll = Poll::new()?;
    let mut measurement = Measurement::new(&options.window)?;
    let mut lives = Vec::new();
    for index in 0..options.connections.get() {
        lives.push(Life::start(&script, poll.registry(), Token(index))?);
    }
    let mut events = Events::with_capacity(lives.len().max(64));
    while measurement.goes_on()? {
        poll.poll(&mut events, Some(PATIENCE))?;
        ensure!(!events.is_empty(), "no answer for {} s", PATIENCE.as_secs());
        for event in &events {
            let life = &mut lives[event.token().0];
            if let Some(age) = life.advance(&script, &mut measurement)? {
                measurement.record(age, 1);
                *life = Life::start(&script, poll.registry(), event.token())?;
            }
        }
    }
    measurement.finish(None)
}

impl Life {
    fn start(script: &Script, registry: &Registry, token: Token) -> Result<Self> {
        let born = Instant::now();
        let mut socket = TcpStream::connect(script.target.address)?;
        SockRef::from(&socket).set_linger(Some(Duration::ZERO))?;
        // On loopback, a connection is there at once, unless the server's queue
        // is full; then an event tells.
        let (stage, interest) = match socket.write(&script.request) {
            Ok(length) => {
                ensure!(length == script.request.len(), "TCP has no room for a request");
                (Stage::Opening, Interest::READABLE)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                (Stage::Connecting, Interest::READABLE | Interest::WRITABLE)
            }
            Err(error) => return Err(error).context("connecting"),
        };
        registry.register(&mut socket, token, interest)?;
        Ok(Self { socket, born, stage, received: Vec::new() })
    }

    /// Goes as far as it can. Returns the age at the end.
    fn advance(
        &mut self,
        script: &Script,
        measurement: &mut Measurement,
    ) -> Result<Option<Duration>> {
        if matches!(self.stage, Stage::Connecting) {
            self.socket.write_all(&script.request).context("connecting")?;
            self.stage = Stage::Opening;
        }
        let mut chunk = [0; 1024];
        loop {
            match self.socket.read(&mut chunk) {
                Ok(0) => anyhow::bail!("the server ended a connection without an answer"),
                Ok(length) => {
                    measurement.receive(length);
                    self.received.extend_from_slice(&chunk[..length]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            match self.stage {
                Stage::Connecting | Stage::Opening => {
                    let Some(length) = script.opened(&self.received)? else { continue };
                    self.received.drain(..length);
                    ensure!(self.received.is_empty(), "the server sent more than its response");
                    self.socket.write_all(&script.close)?;
                    self.stage = Stage::Closing;
                    // The answer can not be there yet.
                    return Ok(None);
                }
                Stage::Closing if script.closed(&self.received)? => {
                    return Ok(Some(self.born.elapsed()));
                }
                Stage::Closing => {}
            }
        }
    }
}

impl Script<'_> {
    /// The length of the answer to the request, once it is complete.
    fn opened(&self, received: &[u8]) -> Result<Option<usize>> {
        if !self.target.raw {
            return handshake::response_length(received, false);
        }
        ensure!(self.request.starts_with(received), "the echo of a request differs");
        Ok((received.len() == self.request.len()).then_some(received.len()))
    }

    /// Whether the answer to the Close frame is complete.
    fn closed(&self, received: &[u8]) -> Result<bool> {
        if self.target.raw {
            ensure!(self.close.starts_with(received), "the echo of a Close frame differs");
            return Ok(received.len() == self.close.len());
        }
        let Some(header) = Header::parse(received) else { return Ok(false) };
        ensure!(header.first == FIN | CLOSE, "a Close frame was not answered with one");
        Ok(received.len() >= header.length + header.payload_length)
    }
}
