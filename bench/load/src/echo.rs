//! `load echo`: messages there and back, as fast as they come.

use std::os::fd::AsRawFd;

use anyhow::{Context, Result, ensure};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::arguments::Echo;
use crate::connection::Connection;
use crate::handshake;
use crate::measurement::{Measurement, Rate};
use crate::traffic::Traffic;
use crate::transport::PATIENCE;

/// Bytes of one read: more than a socket usually holds.
const READ_BYTES: usize = 512 * 1024;

/// Runs the load and returns what was measured.
pub(crate) fn run(options: &Echo) -> Result<Rate> {
    ensure!(options.size > 0, "a payload of no bytes can not be verified");
    let traffic = Traffic::build(options)?;
    let mut poll = Poll::new()?;
    let mut connections = Vec::new();
    for index in 0..options.connections.get() {
        let transport = handshake::open(&options.target, options.compressed)?;
        transport.set_nonblocking()?;
        poll.registry().register(
            &mut SourceFd(&transport.as_raw_fd()),
            Token(index),
            Interest::READABLE | Interest::WRITABLE,
        )?;
        connections.push(Connection::new(transport, &traffic, index));
    }

    let mut measurement = Measurement::new(&options.window)?;
    for connection in &mut connections {
        connection.send(&traffic, options.in_flight.get())?;
    }
    let mut events = Events::with_capacity(connections.len().max(64));
    let mut buffer = vec![0; READ_BYTES];
    while measurement.goes_on()? {
        poll.poll(&mut events, Some(PATIENCE))?;
        ensure!(!events.is_empty(), "no echo for {} s", PATIENCE.as_secs());
        for event in &events {
            let index = event.token().0;
            let connection = &mut connections[index];
            if event.is_writable() {
                connection.transmit(&traffic)?;
            }
            connection
                .receive(&traffic, &mut buffer, &mut measurement)
                .with_context(|| format!("on connection {index}"))?;
        }
    }
    measurement.finish(Some(options.size))
}
