//! The client against this crate's own server, over loopback.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use sandsock::client::{
    ConnectError, Connector, Event, Failure, HandshakeError, Message, SendError,
};
use sandsock::options::Keepalive;
use sandsock::{App, Certificate, ECHO, Server, Settings, Tls, TlsSettings, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// An echo server, as long as the guard lives.
struct Echo {
    address: SocketAddr,
    _ending: oneshot::Sender<()>,
}

fn echo(tls: bool) -> Echo {
    let settings = Settings { max_connections: 16, ..Settings::default() };
    let app = App::load(ECHO, settings, |options| {
        options.subprotocols = vec!["chat".to_owned()];
    });
    let mut server = Server::new(app.unwrap());
    let any = ([127, 0, 0, 1], 0).into();
    let address = if tls {
        let settings =
            TlsSettings { certificate: Certificate::SelfSigned, client_authorities: None };
        server.listen_tls(any, Tls::load(settings).unwrap())
    } else {
        server.listen(any)
    };
    let (ending, ended) = oneshot::channel();
    tokio::spawn(server.run(async {
        let _ = ended.await;
    }));
    Echo { address: address.unwrap(), _ending: ending }
}

fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

#[tokio::test]
async fn messages_come_back_and_the_closure_is_clean() {
    let echo = echo(false);
    let mut connection = connect(&format!("ws://{}/path?query", echo.address)).await.unwrap();
    assert_eq!(connection.agreed().resource_name, "/path?query");
    assert!(connection.agreed().compression.is_some());

    for message in [text("hello"), Message::Binary(vec![0xff; 100_000]), text("")] {
        connection.send(&message).await.unwrap();
        assert_eq!(connection.next_event().await.unwrap(), Some(Event::Message(message)));
    }
    connection.close(1000, "done").await.unwrap();
    assert_eq!(connection.send(&text("late")).await, Err(SendError::Closing));
    let closure = connection.closed().await.unwrap().unwrap();
    assert!(closure.clean);
    assert_eq!(closure.code, 1000);
    assert_eq!(connection.next_event().await.unwrap(), None);
}

/// Passes bytes on to a server and back, and tells how many come from the client. Those for
/// the client may be changed.
async fn proxy(
    server: SocketAddr,
    change: impl Fn(&mut Vec<u8>) + Send + 'static,
) -> (SocketAddr, mpsc::UnboundedReceiver<usize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (counts, counted) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let server = TcpStream::connect(server).await.unwrap();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move {
            let mut part = Vec::with_capacity(1 << 14);
            while let Ok(1..) = from_server.read_buf(&mut part).await {
                change(&mut part);
                to_client.write_all(&part).await.unwrap();
                part.clear();
            }
        });
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = from_client.read(&mut part).await {
            to_server.write_all(&part[..count]).await.unwrap();
            let _ = counts.send(count);
        }
    });
    (address, counted)
}

#[tokio::test]
async fn what_is_sent_is_on_its_way_though_nothing_is_received() {
    let echo = echo(false);
    let (address, mut counted) = proxy(echo.address, |_| {}).await;
    let mut connection = connect(&format!("ws://{address}")).await.unwrap();
    while counted.try_recv().is_ok() {}
    // So long that it is compressed from drain to drain, to 1 KiB.
    connection.send(&Message::Binary(vec![0xff; 1 << 20])).await.unwrap();
    let arrival = async {
        let mut arrived = 0;
        while arrived < 1 << 10 {
            arrived += counted.recv().await.unwrap();
        }
    };
    timeout(Duration::from_secs(20), arrival).await.expect("the message");
}

#[tokio::test]
async fn what_is_queued_in_a_row_arrives_in_order_and_before_the_close() {
    let echo = echo(false);
    let mut connection = connect(&format!("ws://{}", echo.address)).await.unwrap();
    let messages: Vec<_> = (0..100).map(|number| text(&number.to_string())).collect();
    for message in &messages {
        connection.queue(message).unwrap();
    }
    connection.close(1000, "").await.unwrap();
    let mut received = Vec::new();
    while let Some(event) = connection.next_event().await.unwrap() {
        if let Event::Message(message) = event {
            received.push(message);
        }
    }
    assert_eq!(received, messages);
}

#[tokio::test]
async fn a_peer_that_waits_to_be_read_is_read_from_while_sending() {
    // More than both directions' sockets hold, of what does not compress away.
    let echo = echo(false);
    let mut connector = Connector::new().unwrap();
    connector.options().compression = None;
    let mut connection = connector.connect(&format!("ws://{}", echo.address)).await.unwrap();
    let message = Message::Binary(vec![0x5a; 1 << 20]);
    for _ in 0..12 {
        connection.send(&message).await.unwrap();
    }
    connection.close(1000, "").await.unwrap();
    let mut count = 0;
    while let Some(event) = connection.next_event().await.unwrap() {
        count += u32::from(matches!(event, Event::Message(_)));
    }
    assert_eq!(count, 12);
}

#[tokio::test]
async fn long_messages_of_which_a_part_waits_keep_nobody_from_being_read() {
    // The server reads no more while its first echo waits to be read; and by then, more of
    // what is compressed wait here than are kept of answers.
    const LENGTHS: [usize; 3] = [8 << 20, 12 << 20, 12 << 20];
    let echo = echo(false);
    let mut connection = connect(&format!("ws://{}", echo.address)).await.unwrap();
    let mut noise = 1_u32;
    for len in LENGTHS {
        let bytes = (0..len).map(|_| {
            // By Marsaglia: it does not compress.
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            noise.to_be_bytes()[0]
        });
        connection.queue(&Message::Binary(bytes.collect())).unwrap();
    }
    let echoes = async {
        for len in LENGTHS {
            match connection.next_event().await.unwrap() {
                Some(Event::Message(Message::Binary(bytes))) => assert_eq!(bytes.len(), len),
                other => panic!("{other:?}"),
            }
        }
    };
    timeout(Duration::from_secs(40), echoes).await.expect("all echoes");
}

#[tokio::test]
async fn a_pong_that_came_in_time_counts_though_nobody_looked() {
    /// Long enough for a Pong on a busy machine, while somebody looks.
    const TIMEOUT: Duration = Duration::from_millis(500);
    let echo = echo(false);
    let (pong_to, mut is_pong) = mpsc::unbounded_channel();
    let (address, mut counted) = proxy(echo.address, move |part| {
        // §5.5.3.
        if part.first() == Some(&0x8a) {
            let _ = pong_to.send(());
        }
    })
    .await;
    let mut connector = Connector::new().unwrap();
    let wait = u32::try_from(TIMEOUT.as_millis()).unwrap();
    connector.options().timeouts.keepalive = Some(Keepalive { interval: 30, timeout: wait });
    let mut connection = connector.connect(&format!("ws://{address}")).await.unwrap();
    while counted.try_recv().is_ok() {}
    tokio::select! {
        event = connection.next_event() => panic!("{event:?}"),
        _ = counted.recv() => {}
    }
    is_pong.recv().await.unwrap();
    // Time passes, in which nobody asks for events.
    assert!(timeout(2 * TIMEOUT, is_pong.recv()).await.is_err());
    let event = connection.next_event().await.unwrap();
    assert!(matches!(event, Some(Event::Pong(_))), "{event:?}");
}

#[tokio::test]
async fn a_ping_is_answered_with_its_round_trip_time() {
    let echo = echo(false);
    let mut connection = connect(&format!("ws://{}", echo.address)).await.unwrap();
    connection.ping(b"data").await.unwrap();
    let Some(Event::Pong(pong)) = connection.next_event().await.unwrap() else { panic!("no pong") };
    assert_eq!(pong.application_data, b"data");
    assert!(pong.round_trip.is_some());
    assert_eq!(connection.ping(&[0; 126]).await, Err(SendError::ControlPayload));
}

#[tokio::test]
async fn a_subprotocol_that_both_speak_is_agreed() {
    let echo = echo(false);
    let connector = Connector::new().unwrap().subprotocol("other").subprotocol("chat");
    let connection = connector.connect(&format!("ws://{}", echo.address)).await.unwrap();
    assert_eq!(connection.agreed().subprotocol.as_deref(), Some("chat"));
}

#[tokio::test]
async fn a_certificate_is_only_accepted_from_a_trusted_authority_or_at_ones_own_risk() {
    let echo = echo(true);
    let url = format!("wss://{}", echo.address);
    let connector = Connector::new().unwrap();
    // Without any authority in the system, there is nobody to trust.
    let error = connector.connect(&url).await.err().unwrap();
    assert!(matches!(error, ConnectError::Certificate { .. } | ConnectError::Roots(_)), "{error}");

    let connector = connector.danger_accept_any_certificate();
    let mut connection = connector.connect(&url).await.unwrap();
    connection.send(&text("secret")).await.unwrap();
    let echoed = connection.next_event().await.unwrap();
    assert_eq!(echoed, Some(Event::Message(text("secret"))));
    connection.close(1000, "").await.unwrap();
    assert!(connection.closed().await.unwrap().unwrap().clean);
}

#[tokio::test]
async fn what_comes_before_a_forged_record_counts() {
    // Of application data (RFC 8446 §5.1), that nobody sealed.
    const FORGED: &[u8] = b"\x17\x03\x03\x00\x14 twenty bytes of it.";
    let echo = echo(true);
    // Longer than what comes of the handshakes, and not to be compressed to less.
    let bytes = (0..3_000_u32).map(|n| n.pow(2).to_be_bytes()[2]);
    let message = Message::Binary(bytes.collect());
    let (address, _counted) = proxy(echo.address, |part| {
        if part.len() > 2_000 {
            part.extend(FORGED);
        }
    })
    .await;
    let connector = Connector::new().unwrap().danger_accept_any_certificate();
    let mut connection = connector.connect(&format!("wss://{address}")).await.unwrap();
    connection.send(&message).await.unwrap();
    // Not with `assert_eq!`, which would print it.
    assert!(connection.next_event().await.unwrap() == Some(Event::Message(message)));
    let closure = connection.closed().await.unwrap().unwrap();
    assert_eq!(closure.code, 1006);
    assert!(connection.transport_error().is_some());
}

#[tokio::test]
async fn the_wrong_scheme_is_told_apart_from_other_failures() {
    let plain = echo(false);
    let connector = Connector::new().unwrap().danger_accept_any_certificate();
    let error = connector.connect(&format!("wss://{}", plain.address)).await.err().unwrap();
    assert!(matches!(error, ConnectError::NotTls(_)), "{error}");

    let secure = echo(true);
    let error = connect(&format!("ws://{}", secure.address)).await.err().unwrap();
    assert!(matches!(error, ConnectError::TlsPort(_)), "{error}");
}

#[tokio::test]
async fn nobody_listening_and_nobody_answering_are_told_apart() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let mut connector = Connector::new().unwrap();
    connector.options().timeouts.opening = 50;
    let error = connector.connect(&url).await.err().unwrap();
    assert!(matches!(error, ConnectError::Timeout { .. }), "{error}");

    // One that has only begun its answer.
    let listening = tokio::spawn(async move {
        let (_waiting, (mut stream, _)) =
            (listener.accept().await.unwrap(), listener.accept().await.unwrap());
        stream.write_all(b"H").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let error = connector.connect(&url).await.err().unwrap();
    assert!(matches!(error, ConnectError::Timeout { .. }), "{error}");
    listening.await.unwrap();

    // A port that is taken, but not listened on.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let url = format!("ws://{}", taken.local_addr().unwrap());
    let error = connect(&url).await.err().unwrap();
    assert!(matches!(error, ConnectError::Tcp { .. }), "{error}");
}

#[tokio::test]
async fn an_http_server_is_named_with_its_status() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    });
    let error = connect(&url).await.err().unwrap();
    assert!(
        matches!(
            error,
            ConnectError::Handshake {
                failure: Failure::Handshake(HandshakeError::Status(404)),
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_connection_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(_: T) {}
    is_send(connect("ws://localhost"));
}
