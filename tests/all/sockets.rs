//! The host over real sockets, with a client that others wrote, and with raw
//! bytes where that client behaves too well.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::thread;

use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message};

use crate::harness::frames::{self, BINARY, CONTINUATION, FIN, Frame, PING, PONG, TEXT, frame};
use crate::harness::server::{Client, ISOLATION, Server, assert_echo, read_head, read_to_end};
use crate::harness::start::{Role, request, request_with};

#[test]
fn messages_of_all_sizes_come_back() {
    for isolation in ISOLATION {
        let server = Server::start(isolation);
        let mut client = server.client();
        assert_echo(&mut client, Message::text(""));
        assert_echo(&mut client, Message::text("für 😀"));
        for len in [0, 1, 125, 126, 65_535, 65_536, 1 << 20, 16 << 20] {
            assert_echo(&mut client, Message::binary(vec![0x5a; len]));
        }
        assert_echo(&mut client, Message::text("x".repeat(16 << 20)));
    }
}

#[test]
fn a_long_stream_of_messages_comes_back_byte_for_byte() {
    let mut sent = Vec::new();
    let mut expected = Vec::new();
    for (mark, len) in
        (0_u8..).zip([1, 70_000, 1 << 20, 5, 300_000, 2_000_000, 40_000, 0, 9].repeat(3))
    {
        let payload: Vec<u8> = (mark..=u8::MAX).cycle().take(len).collect();
        sent.extend(frame(Role::Client, FIN | BINARY, &payload));
        expected.extend(frame(Role::Server, FIN | BINARY, &payload));
        // The same in fragments, with a Ping amid them.
        let (front, back) = payload.split_at(len / 3);
        sent.extend(frame(Role::Client, BINARY, front));
        for fragment in back.chunks(1000) {
            sent.extend(frame(Role::Client, CONTINUATION, fragment));
        }
        sent.extend(frame(Role::Client, FIN | PING, &[mark]));
        sent.extend(frame(Role::Client, FIN | CONTINUATION, front));
        expected.extend(frame(Role::Server, FIN | PONG, &[mark]));
        expected.extend(frame(Role::Server, FIN | BINARY, &[&payload, front].concat()));
    }
    sent.extend(frames::close(Role::Client, 1000));
    expected.extend(frames::close(Role::Server, 1000));
    for isolation in ISOLATION {
        let server = Server::start(&[isolation, &["--workers", "1"]].concat());
        thread::scope(|scope| {
            for _ in 0..3 {
                let mut stream = server.opened();
                let mut writer = stream.try_clone().unwrap();
                let sent = &sent;
                scope.spawn(move || writer.write_all(sent).unwrap());
                let expected = &expected;
                scope.spawn(move || assert!(read_to_end(&mut stream) == *expected));
            }
        });
    }
}

#[test]
fn a_message_above_the_limit_is_answered_with_1009() {
    let server = Server::start(&["--max-message-bytes", "1MiB"]);
    let mut client = server.client();
    assert_echo(&mut client, Message::binary(vec![1; 1 << 20]));
    client.send(Message::binary(vec![1; (1 << 20) + 1])).unwrap();
    let Message::Close(Some(CloseFrame { code, .. })) = client.read().unwrap() else {
        panic!("no Close frame with a code")
    };
    assert_eq!(code, CloseCode::Size);
}

#[test]
fn the_closing_handshake_ends_with_the_server_ending_the_transport() {
    for isolation in ISOLATION {
        let server = Server::start(isolation);
        let mut client = server.client();
        client.close(Some(CloseFrame { code: CloseCode::Normal, reason: "bye".into() })).unwrap();
        let Message::Close(Some(CloseFrame { code, reason })) = client.read().unwrap() else {
            panic!("no Close frame with a code")
        };
        assert_eq!((code, reason.as_str()), (CloseCode::Normal, "bye"));
        assert!(matches!(client.read(), Err(Error::ConnectionClosed)));
        // §7.1.1: without the client having ended anything.
        assert_eq!(read_to_end(client.get_mut()), b"");
    }
}

#[test]
fn refusals_are_http_that_says_what_is_wrong() {
    let server = Server::start(&["--origin", "https://example.com"]);
    let edit = |from: &str, to: &str| request().replacen(from, to, 1);
    for (request, status, field) in [
        (edit("GET", "POST"), "405 Method Not Allowed", "Allow: GET"),
        (edit("HTTP/1.1", "HTTP/1.0"), "505 HTTP Version Not Supported", "Connection: close"),
        (edit("Host", "Hose"), "400 Bad Request", "Connection: close"),
        (edit("websocket", "h2c"), "426 Upgrade Required", "Upgrade: websocket"),
        (edit("n: Upgrade", "n: close"), "426 Upgrade Required", "Upgrade: websocket"),
        (edit("Q==", "Q="), "400 Bad Request", "Connection: close"),
        (edit(": 13", ": 12"), "426 Upgrade Required", "Sec-WebSocket-Version: 13"),
        (request_with("Origin: https://evil.example\r\n"), "403 Forbidden", "Connection: close"),
        (request_with("Content-Length: 5\r\n"), "400 Bad Request", "Connection: close"),
        (request_with(&"a: b\r\n".repeat(200)), "431 Request Header Fields Too Large", ""),
        (request_with(&"a".repeat(32 << 10)), "431 Request Header Fields Too Large", ""),
        ("\x16\x03\x01\x02\0".into(), "400 Bad Request", "Connection: close"),
    ] {
        let mut stream = server.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let answer = String::from_utf8(read_to_end(&mut stream)).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{request}\n{answer}");
        assert!(answer.contains(field), "{request}\n{answer}");
        // A body as long as announced.
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        assert_eq!(body.len().to_string(), length);
    }
}

#[test]
fn connections_above_the_most_are_refused_with_503_until_one_leaves() {
    let server = Server::start(&["--max-connections", "2", "--workers", "1"]);
    let (first, mut second) = (server.client(), server.client());
    let mut third = server.connect();
    third.write_all(request().as_bytes()).unwrap();
    assert!(read_to_end(&mut third).starts_with(b"HTTP/1.1 503 "));
    assert_echo(&mut second, Message::text("Hi"));

    drop(first);
    server.wait_for_log(&["transport is closed", "127.0.0.1"]);
    // The place is free once the log says so, or a moment later.
    let fourth = (0..1000).find_map(|_| {
        tungstenite::client(format!("ws://{}/", server.address()), server.connect()).ok()
    });
    assert_echo(&mut fourth.expect("a place").0, Message::text("Hi"));
}

#[test]
fn a_request_that_does_not_come_is_refused_with_408() {
    let server = Server::start(&["--opening-timeout", "200ms"]);
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    assert!(read_to_end(&mut stream).starts_with(b"HTTP/1.1 408 "));
}

#[test]
fn a_peer_that_ends_its_sending_direction_gets_what_it_asked_for() {
    for isolation in ISOLATION {
        let server = Server::start(isolation);
        let mut stream = server.opened();
        let messages: Vec<Vec<u8>> = (1..=3u8).map(|n| vec![n; 100_000]).collect();
        for message in &messages {
            stream.write_all(&frame(Role::Client, FIN | BINARY, message)).unwrap();
        }
        stream.shutdown(Shutdown::Write).unwrap();
        let echoes = frames::decode_all(Role::Server, &read_to_end(&mut stream));
        let payloads: Vec<_> = echoes.into_iter().map(|frame| frame.payload).collect();
        assert!(payloads == messages, "{} echoes", payloads.len());
    }
}

#[test]
fn everything_in_one_write_is_answered_in_order() {
    let server = Server::start(&[]);
    let mut stream = server.connect();
    let all = [
        request().into_bytes(),
        frame(Role::Client, FIN | TEXT, b"one"),
        frame(Role::Client, FIN | PING, b"two"),
        frame(Role::Client, FIN | TEXT, b"three"),
        frames::close(Role::Client, 4000),
    ];
    stream.write_all(&all.concat()).unwrap();
    read_head(&mut stream);
    let answers = frames::decode_all(Role::Server, &read_to_end(&mut stream));
    let payloads: Vec<_> = answers.iter().map(|frame| &frame.payload[..]).collect();
    assert_eq!(payloads, [&b"one"[..], b"two", b"three", &4000u16.to_be_bytes()]);
}

#[test]
fn a_peer_that_is_failed_while_it_sends_still_gets_the_close_frame() {
    for isolation in ISOLATION {
        let server = Server::start(isolation);
        let mut stream = server.opened();
        let mut writer = stream.try_clone().unwrap();
        // An unmasked frame, and 32 MiB behind it that nobody wants.
        let sending = thread::spawn(move || {
            writer.write_all(&[0x81, 0x02, b'H', b'i']).unwrap();
            for _ in 0..512 {
                writer.write_all(&vec![0; 64 << 10]).unwrap();
            }
            writer.shutdown(Shutdown::Write).unwrap();
        });
        // Sent as a whole: were the transport reset, writing would fail.
        sending.join().expect("the server takes all that is sent");
        assert_eq!(read_to_end(&mut stream), [0x88, 2, 0x03, 0xea]);
    }
}

#[test]
fn a_refused_peer_that_goes_on_sending_still_gets_the_refusal() {
    let server = Server::start(&[]);
    let mut stream = server.connect();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    for _ in 0..64 {
        stream.write_all(&vec![b'x'; 64 << 10]).unwrap();
    }
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(read_to_end(&mut stream).starts_with(b"HTTP/1.1 405 "));
}

#[test]
fn a_peer_that_does_not_answer_pings_is_failed_with_1011() {
    let server = Server::start(&["--ping-interval", "100ms", "--ping-timeout", "100ms"]);
    let mut stream = server.opened();
    let frames = frames::decode_all(Role::Server, &read_to_end(&mut stream));
    let [ping, close] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!(ping.first, FIN | PING);
    assert_eq!(close.payload, 1011u16.to_be_bytes());
}

#[test]
fn an_idle_peer_is_closed_with_1001() {
    let server = Server::start(&["--idle-timeout", "100ms"]);
    let mut client = server.client();
    assert!(matches!(client.read().unwrap(), Message::Close(Some(f)) if f.code == CloseCode::Away));
}

#[test]
fn a_peer_that_answers_a_close_with_none_is_left_at_the_closing_timeout() {
    let server = Server::start(&["--idle-timeout", "100ms", "--closing-timeout", "100ms"]);
    let mut stream = server.opened();
    assert_eq!(read_to_end(&mut stream), [0x88, 2, 0x03, 0xe9]);
}

#[test]
fn a_peer_that_never_ends_its_sending_direction_is_left_at_the_closing_timeout() {
    let server = Server::start(&["--closing-timeout", "200ms"]);
    let mut stream = server.opened();
    stream.write_all(&frames::close(Role::Client, 1000)).unwrap();
    assert_eq!(read_to_end(&mut stream), [0x88, 2, 0x03, 0xe8]);
    // This end stays open. Once the server has let go, writing fails.
    server.wait_for_log(&["transport is closed"]);
    let failed = (0..1000).find_map(|_| stream.write_all(&vec![0; 64 << 10]).err());
    let kinds = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
    assert!(failed.is_some_and(|error| kinds.contains(&error.kind())));
}

#[test]
fn many_connections_at_once_each_get_their_own_echo() {
    for isolation in ISOLATION {
        let server = Server::start(isolation);
        let mut clients: Vec<Client> = (0..80).map(|_| server.client()).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            client.send(Message::text(format!("from {number}"))).unwrap();
        }
        for (number, client) in clients.iter_mut().enumerate().rev() {
            assert_eq!(client.read().unwrap(), Message::text(format!("from {number}")));
        }
    }
}

#[test]
fn a_frame_that_comes_byte_by_byte_is_echoed_at_its_last() {
    let server = Server::start(&[]);
    let mut stream = server.opened();
    let bytes = frame(Role::Client, FIN | TEXT, b"slowly");
    let (last, front) = bytes.split_last().unwrap();
    for byte in front {
        stream.write_all(&[*byte]).unwrap();
    }
    stream.write_all(&[*last]).unwrap();
    let mut echo = [0; 8];
    stream.read_exact(&mut echo).unwrap();
    let expected = Frame { first: FIN | TEXT, masking_key: None, payload: b"slowly".to_vec() };
    assert_eq!(Frame::decode(&mut &echo[..]), expected);
}
