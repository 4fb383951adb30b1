//! A client and a server that talk over wires in memory.

use std::collections::VecDeque;

use sandsock_engine::types::{Duration, Event, Instant, Next, Options};

use super::start::Role;
use super::{Drained, Driver, Place};

/// How a wire cuts what it carries: reads of these sizes, over and over.
pub(crate) type Cuts = Vec<usize>;

/// A connection's two ends.
pub(crate) struct Pair {
    pub(crate) client: End,
    pub(crate) server: End,
    /// How long bytes are under way.
    latency: Duration,
}

/// One end, and what it was told so far.
pub(crate) struct End {
    pub(crate) driver: Driver,
    pub(crate) events: Vec<Event>,
    /// All bytes that it sent.
    pub(crate) sent: Vec<u8>,
    /// Bytes on their way to this end, with the time of their arrival.
    incoming: VecDeque<(Instant, Vec<u8>)>,
    /// The other end closed its transport at that time.
    incoming_end: Option<Instant>,
    cuts: Cuts,
    next_cut: usize,
}

impl Pair {
    /// Begins with the opening handshake, and gets it done.
    pub(crate) fn connect(place: Place, options: &Options, latency: Duration, cuts: Cuts) -> Self {
        let end = |role: Role| End {
            driver: Driver::start(place, role.connecting(options.clone())),
            events: Vec::new(),
            sent: Vec::new(),
            incoming: VecDeque::new(),
            incoming_end: None,
            cuts: cuts.clone(),
            next_cut: 0,
        };
        let mut pair = Self { client: end(Role::Client), server: end(Role::Server), latency };
        pair.settle();
        for end in [&pair.client, &pair.server] {
            assert!(matches!(end.events[..], [Event::Opened(_)]), "{:?}", end.events);
        }
        pair
    }

    /// Carries bytes, the clock moving on as they travel, until none is under way.
    pub(crate) fn settle(&mut self) {
        loop {
            self.exchange();
            let Some(arrival) = self.next_arrival() else { break };
            self.pass_until(arrival);
        }
    }

    /// Lets time pass, reaching every deadline and arrival on the way.
    pub(crate) fn pass(&mut self, by: Duration) {
        let until = self.client.driver.now() + Instant::from(by);
        loop {
            self.exchange();
            let deadlines = [&self.client, &self.server].map(|end| end.driver.deadline());
            let steps = deadlines.into_iter().chain([self.next_arrival()]).flatten();
            match steps.min().filter(|at| *at <= until) {
                Some(at) => self.pass_until(at),
                None => break,
            }
        }
        self.pass_until(until);
    }

    fn pass_until(&mut self, at: Instant) {
        for end in [&mut self.client, &mut self.server] {
            let by = at.saturating_sub(end.driver.now());
            end.driver.pass(Duration::try_from(by).unwrap());
        }
        self.client.arrive();
        self.server.arrive();
    }

    /// Puts on the wires what the ends want to send.
    fn exchange(&mut self) {
        let arrival = self.client.driver.now() + Instant::from(self.latency);
        self.client.transmit_to(&mut self.server, arrival);
        self.server.transmit_to(&mut self.client, arrival);
    }

    fn next_arrival(&self) -> Option<Instant> {
        let ends = [&self.client, &self.server];
        ends.iter().filter_map(|end| end.next_arrival()).min()
    }
}

impl End {
    fn transmit_to(&mut self, peer: &mut Self, arrival: Instant) {
        let Drained { events, transmit } = self.driver.take();
        self.events.extend(events);
        if !transmit.is_empty() {
            self.sent.extend_from_slice(&transmit);
            peer.incoming.push_back((arrival, transmit));
        }
        if self.driver.next() == Next::Close {
            peer.incoming_end.get_or_insert(arrival);
        }
    }

    /// Receives what has arrived by now, in reads of its own sizes.
    fn arrive(&mut self) {
        let now = self.driver.now();
        while let Some((_, bytes)) = self.incoming.pop_front_if(|(at, _)| *at <= now) {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let size = self.cuts.get(self.next_cut).copied().unwrap_or(rest.len());
                self.next_cut = (self.next_cut + 1) % self.cuts.len().max(1);
                let (read, after) = rest.split_at(size.clamp(1, rest.len()));
                self.driver.receive(read);
                rest = after;
            }
        }
        if self.incoming.is_empty() && self.incoming_end.is_some_and(|at| at <= now) {
            // An end that closed has let go of its transport.
            if self.driver.next() != Next::Close {
                self.driver.receive_end();
            }
            self.incoming_end = Some(Instant::MAX);
        }
    }

    fn next_arrival(&self) -> Option<Instant> {
        let end = self.incoming_end.filter(|at| *at != Instant::MAX);
        self.incoming.front().map(|(at, _)| *at).or(end)
    }
}
