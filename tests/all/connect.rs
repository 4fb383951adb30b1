//! `sandsock connect`: what it prints, and the exit status that scripts go by.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Output;
use std::sync::mpsc;
use std::thread;

use rustix::process::Signal;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Message, WebSocket};

use crate::harness::server::{Server, read_head, run, sandsock, signal, start};

/// Runs `sandsock connect`, and expects an exit status.
fn connect(url: &str, flags: &[&str], input: &[u8], status: i32) -> Output {
    let output = start(&[&["connect", url], flags].concat(), input).wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{flags:?}: {error}");
    output
}

/// A server of one connection, which does what a test wants it to.
fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || serve(listener.accept().unwrap().0));
    url(address)
}

fn url(address: SocketAddr) -> String {
    format!("ws://{address}/")
}

/// The same, behind the opening handshake.
fn opened(serve: impl FnOnce(WebSocket<TcpStream>) + Send + 'static) -> String {
    server(|stream| serve(tungstenite::accept(stream).unwrap()))
}

fn close(mut socket: WebSocket<TcpStream>, code: u16) {
    socket.close(Some(CloseFrame { code: code.into(), reason: "".into() })).unwrap();
    while socket.read().is_ok() {}
}

#[test]
fn lines_become_messages_and_messages_lines() {
    let server = Server::start(&[]);
    let output = connect(&url(server.address()), &[], "eins\n\nzwölf".as_bytes(), 0);
    assert_eq!(output.stdout, "eins\n\nzwölf\n".as_bytes());
    assert!(output.stderr.starts_with(b"-- connected to ws://"));
    let with_password = url(server.address()).replace("//", "//user:secret@");
    let told = String::from_utf8(connect(&with_password, &[], b"one", 0).stderr).unwrap();
    assert!(told.starts_with("-- connected to ws://user@"), "{told}");
    let output = connect(&url(server.address()), &["--quiet"], b"one", 0);
    assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"one\n"[..], &b""[..]));
}

#[test]
fn binary_messages_are_printed_as_they_are_only_if_asked_for() {
    let send = |mut socket: WebSocket<TcpStream>| {
        socket.send(Message::binary(&b"\xff\n"[..])).unwrap();
        close(socket, 1000);
    };
    assert_eq!(connect(&opened(send), &["--keep-open"], b"", 0).stdout, b"ff0a\n");
    let flags = ["--keep-open", "--binary"];
    assert_eq!(connect(&opened(send), &flags, b"", 0).stdout, b"\xff\n");

    let server = Server::start(&[]);
    let output = connect(&url(server.address()), &["--binary"], b"\xfe\n", 0);
    assert_eq!(output.stdout, b"\xfe");
}

#[test]
fn what_is_asked_for_is_in_the_request() {
    let (head_to, head) = mpsc::channel();
    let url = server(move |mut stream| {
        head_to.send(read_head(&mut stream)).unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    let flags = ["-H", "X-Token: a b", "--subprotocol", "chat", "--origin", "https://example.com"];
    let output = connect(&url, &flags, b"", 1);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("sandsock: ") && error.contains("404"), "{error}");
    let head = head.recv().unwrap();
    for field in [
        "X-Token: a b",
        "Sec-WebSocket-Protocol: chat",
        "Origin: https://example.com",
        "Sec-WebSocket-Extensions: permessage-deflate",
    ] {
        assert!(head.contains(&format!("\r\n{field}")), "{head}");
    }
}

#[test]
fn what_is_not_understood_is_status_2() {
    let server = Server::start(&[]);
    let output = connect(&url(server.address()), &[], b"\xff\n", 2);
    assert!(output.stderr.windows(5).any(|window| window == b"UTF-8"));
    assert_eq!(run(&["connect"]).status.code(), Some(2));
    let output = run(&["connect", "--header", "no colon", "ws://localhost"]);
    assert_eq!(output.status.code(), Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn messages_that_cannot_be_written_are_status_1_unless_nobody_reads_them() {
    let (code_to, code) = mpsc::channel();
    let serve = || {
        let code_to = code_to.clone();
        opened(move |mut socket| {
            socket.send(Message::text("one")).unwrap();
            let Ok(Message::Close(Some(frame))) = socket.read() else { panic!("no Close frame") };
            code_to.send(u16::from(frame.code)).unwrap();
            while socket.read().is_ok() {}
        })
    };
    let mut command = sandsock(&["connect", "--keep-open", &serve()]);
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command.stdout(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("cannot write to the standard output"), "{error}");

    // Nor need anybody read why.
    let mut command = sandsock(&["connect", "--keep-open", &serve()]);
    let mut child = command.stdout(full()).stderr(full()).spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));

    let mut child = sandsock(&["connect", "--keep-open", &serve()]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(code.try_iter().collect::<Vec<_>>(), [1001; 3]);
}

#[test]
fn how_the_peer_ends_the_connection_is_the_status() {
    connect(&opened(|socket| close(socket, 1000)), &["--keep-open"], b"", 0);
    connect(&opened(|socket| close(socket, 1001)), &["--keep-open"], b"", 0);
    connect(&opened(|socket| close(socket, 4000)), &["--keep-open"], b"", 4);
    connect(&opened(drop), &["--keep-open"], b"", 3);
    let masked = |mut socket: WebSocket<TcpStream>| {
        // §5.1: a server's frame with a mask.
        socket.get_mut().write_all(&[0x81, 0x81, 0, 0, 0, 0, b'x']).unwrap();
        let _ = socket.get_mut().read(&mut [0; 64]);
    };
    connect(&opened(masked), &["--keep-open"], b"", 3);
}

#[test]
fn an_interrupt_closes_with_1001_and_before_that_gives_up() {
    let (code_to, code) = mpsc::channel();
    let url = opened(move |mut socket| {
        socket.send(Message::text("ready")).unwrap();
        let Ok(Message::Close(Some(frame))) = socket.read() else { panic!("no Close frame") };
        code_to.send(u16::from(frame.code)).unwrap();
        while socket.read().is_ok() {}
    });
    let mut child = start(&["connect", "--keep-open", &url], b"");
    let mut ready = [0; 6];
    child.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    signal(&child, Signal::INT);
    assert_eq!(code.recv().unwrap(), 1001);
    assert_eq!(child.wait().unwrap().code(), Some(0));

    // A server that answers no Close frame.
    let (closed_to, is_closed) = mpsc::channel();
    let url = opened(move |mut socket| {
        assert!(matches!(socket.read(), Ok(Message::Close(_))));
        closed_to.send(()).unwrap();
        // It is the client that ends the transport.
        let _ = socket.get_mut().read(&mut [0]);
    });
    let flags = ["connect", "--closing-timeout", "10m", "--linger", "0s", &url];
    let mut child = start(&flags, b"");
    is_closed.recv().unwrap();
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));

    // Nobody reads what is printed, which is more than a pipe holds.
    let url = opened(|mut socket| {
        let long = Message::text("x".repeat(1 << 20));
        while socket.send(long.clone()).is_ok() {}
    });
    let mut child = start(&["connect", "--keep-open", &url], b"");
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    signal(&child, Signal::INT);
    signal(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(130));

    let (accepted_to, is_accepted) = mpsc::channel();
    let url = server(move |mut stream| {
        read_head(&mut stream);
        accepted_to.send(()).unwrap();
        let _ = stream.read(&mut [0]);
    });
    let mut child = start(&["connect", &url], b"");
    is_accepted.recv().unwrap();
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
