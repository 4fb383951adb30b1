//! Every input in every state, natively and in the component, against the table
//! in `tables/states.txt`.

use sandsock_engine::types::{CloseFrame, Message, ReadyState, UsageError};

use crate::harness::frames::{self, CLOSE, FIN, PING, PONG, TEXT, frame};
use crate::harness::start::{Role, quiet_options, request};
use crate::harness::{Drained, Driver, Place, bytes, notation};

const TABLE: &str = include_str!("../tables/states.txt");

/// A state, and how to get there.
struct Route {
    name: &'static str,
    role: Role,
    connecting: bool,
    lead: fn(&mut Driver),
    state: ReadyState,
}

const fn route(
    name: &'static str,
    role: Role,
    state: ReadyState,
    connecting: bool,
    lead: fn(&mut Driver),
) -> Route {
    Route { name, role, connecting, lead, state }
}

const ROUTES: [Route; 12] = [
    route("server, connecting", Role::Server, ReadyState::Connecting, true, |_| {}),
    route("client, connecting", Role::Client, ReadyState::Connecting, true, |_| {}),
    route("server, open", Role::Server, ReadyState::Open, false, |_| {}),
    route("client, open", Role::Client, ReadyState::Open, false, |_| {}),
    route("server, Close sent", Role::Server, ReadyState::Closing, false, |driver| {
        driver.close(Some(CloseFrame::new(1000))).unwrap();
    }),
    route("client, Close sent", Role::Client, ReadyState::Closing, false, |driver| {
        driver.close(Some(CloseFrame::new(1000))).unwrap();
    }),
    route("client, both Close frames exchanged", Role::Client, ReadyState::Closing, false, |d| {
        d.receive(&frames::close(Role::Server, 1000));
    }),
    route("client, failed", Role::Client, ReadyState::Closing, false, |driver| {
        driver.receive(&frame(Role::Server, FIN | 0x3, b""));
    }),
    route("server, closed cleanly", Role::Server, ReadyState::Closed, false, |driver| {
        driver.receive(&frames::close(Role::Client, 1000));
    }),
    route("server, failed", Role::Server, ReadyState::Closed, false, |driver| {
        driver.receive(&frame(Role::Client, FIN | 0x3, b""));
    }),
    route("client, transport ended", Role::Client, ReadyState::Closed, false, |driver| {
        driver.receive_end();
    }),
    route("server, refused", Role::Server, ReadyState::Closed, true, |driver| {
        driver.receive(b"GET / HTTP/1.1\r\n\r\n");
    }),
];

/// Something that can happen to a connection.
type Input = fn(&mut Driver, Role) -> Result<(), UsageError>;

const INPUTS: [(&str, Input); 16] = [
    ("receive the head", |driver, role| hand(driver, head(role).as_bytes())),
    ("receive a text", |driver, role| hand(driver, &frame(role.peer(), FIN | TEXT, b"Hi"))),
    ("receive a Ping", |driver, role| hand(driver, &frame(role.peer(), FIN | PING, b"Hi"))),
    ("receive a Pong", |driver, role| hand(driver, &frame(role.peer(), FIN | PONG, b"Hi"))),
    ("receive a Close", |driver, role| hand(driver, &frames::close(role.peer(), 1001))),
    ("receive a broken Close", |driver, role| hand(driver, &frame(role.peer(), FIN | CLOSE, b"?"))),
    ("receive the end", |driver, _| {
        driver.receive_end();
        Ok(())
    }),
    ("a deadline too early", |driver, _| {
        driver.advance(1);
        driver.reach_deadline();
        Ok(())
    }),
    ("the deadline", |driver, _| {
        driver.pass(60_000);
        Ok(())
    }),
    ("send a text", |driver, _| driver.send_message(&Message::Text("Hi".into()))),
    ("send a Ping", |driver, _| driver.send_ping(b"Hi")),
    ("send a Ping of 126 bytes", |driver, _| driver.send_ping(&[0; 126])),
    ("close with 1000", |driver, _| driver.close(Some(CloseFrame::new(1000)))),
    ("close without a body", |driver, _| driver.close(None)),
    ("close with 1005", |driver, _| driver.close(Some(CloseFrame::new(1005)))),
    ("close with 124 bytes", |driver, _| {
        driver.close(Some(CloseFrame { code: 1000, reason: "a".repeat(124) }))
    }),
];

#[test]
fn every_input_in_every_state_does_what_the_table_says() {
    for place in Place::BOTH {
        let table = ROUTES.iter().map(|route| section(place, route)).collect::<Vec<_>>().join("\n");
        // Line by line, so that a failure shows the line.
        for (actual, expected) in table.lines().zip(rows()) {
            assert_eq!(actual, expected, "{place:?}; the whole table is\n{table}");
        }
        assert_eq!(table.lines().count(), rows().count(), "{place:?}");
    }
}

/// The table without its heading.
fn rows() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter(|line| !line.starts_with('#'))
}

fn section(place: Place, route: &Route) -> String {
    let rows = INPUTS.iter().map(|(name, input)| row(place, route, name, *input));
    format!("[{}]\n{}", route.name, rows.collect::<String>())
}

fn row(place: Place, route: &Route, name: &str, input: Input) -> String {
    let mut driver = arrive(place, route);
    let deadline = driver.deadline();
    let result = input(&mut driver, route.role);
    let out = driver.take();
    if result.is_err() {
        // A call out of place changes nothing.
        assert_eq!(out, Drained::default(), "{}, {name}", route.name);
        assert_eq!(driver.ready_state(), route.state, "{}, {name}", route.name);
        assert_eq!(driver.deadline(), deadline, "{}, {name}", route.name);
    }
    let result = match result {
        Ok(()) => "ok".into(),
        Err(error) => notation::show_usage_error(error),
    };
    let state = notation::show_ready_state(driver.ready_state());
    let events = notation::show_all(&out.events).join(", ");
    let transmit = show_transmit(route.role, &out.transmit);
    let row = format!("{name:<26}{result:<17}{state:<12}{transmit:<32}{events}");
    row.trim_end().to_owned() + "\n"
}

fn arrive(place: Place, route: &Route) -> Driver {
    let start = match route.connecting {
        true => route.role.connecting(quiet_options()),
        false => route.role.open(quiet_options()),
    };
    let mut driver = Driver::start(place, start);
    (route.lead)(&mut driver);
    driver.take();
    assert_eq!(driver.ready_state(), route.state, "{}", route.name);
    driver
}

/// A head that an endpoint in this role waits for.
fn head(role: Role) -> String {
    match role {
        Role::Server => request(),
        // The answer of a server that is known to be right to the request that
        // the fixed seed makes.
        Role::Client => {
            let connecting = || Role::Client.connecting(quiet_options());
            let request = Driver::start(Place::Native, connecting()).take().transmit;
            let server = Role::Server.connecting(quiet_options());
            let mut server = Driver::start(Place::Native, server);
            server.receive(&request);
            String::from_utf8(server.take().transmit).unwrap()
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as every input does")]
fn hand(driver: &mut Driver, bytes: &[u8]) -> Result<(), UsageError> {
    driver.receive(bytes);
    Ok(())
}

fn show_transmit(role: Role, transmit: &[u8]) -> String {
    match transmit.strip_prefix(b"HTTP/1.1 ") {
        Some(rest) => String::from_utf8_lossy(rest).lines().next().unwrap_or_default().into(),
        None if transmit.is_empty() => "-".into(),
        None => bytes::show(&frames::unmasked(role, transmit)),
    }
}
