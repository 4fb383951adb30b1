//! TLS of the host: versions, its end, its deadline, and certificates that change.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustix::process::Signal;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned,
    SupportedProtocolVersion,
};
use tempfile::TempDir;
use tungstenite::{Error, Message, WebSocket};

use crate::harness::frames::{BINARY, FIN, frame};
use crate::harness::server::{Server, read_to_end, run};
use crate::harness::start::Role;

const SELF_SIGNED: &str = "--tls-self-signed";

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// The files of a certificate and its private key.
struct Files {
    directory: TempDir,
    current: CertifiedKey<KeyPair>,
}

impl Files {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let current = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let files = Self { directory, current };
        fs::write(files.chain(), files.current.cert.pem()).unwrap();
        fs::write(files.key(), files.current.signing_key.serialize_pem()).unwrap();
        files
    }

    fn chain(&self) -> PathBuf {
        self.directory.path().join("chain.pem")
    }

    fn key(&self) -> PathBuf {
        self.directory.path().join("key.pem")
    }

    /// Puts others in their place.
    fn become_those_of(&self, other: &Self) {
        fs::copy(other.chain(), self.chain()).unwrap();
        fs::copy(other.key(), self.key()).unwrap();
    }

    fn serve(&self, flags: &[&str]) -> Server {
        let (chain, key) = (self.chain(), self.key());
        let own = ["--tls-cert", chain.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
        Server::start(&[&own, flags].concat())
    }

    /// A client that trusts this certificate alone, and presents `own`.
    fn client(&self, versions: &[&'static SupportedProtocolVersion], own: Option<&Self>) -> Tls {
        let mut roots = RootCertStore::empty();
        roots.add(self.der()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match own {
            None => config.with_no_client_auth(),
            Some(own) => {
                let key = PrivatePkcs8KeyDer::from(own.current.signing_key.serialize_der());
                config.with_client_auth_cert(vec![own.der()], key.into()).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Tls(Arc::new(config))
    }

    fn der(&self) -> CertificateDer<'static> {
        self.current.cert.der().clone()
    }
}

/// What a client's connections have in common.
struct Tls(Arc<ClientConfig>);

impl Tls {
    fn connect(&self, server: &Server) -> Stream {
        let transport = server.connect_for_tls();
        let name = transport.peer_addr().unwrap().ip().into();
        Stream::new(ClientConnection::new(Arc::clone(&self.0), name).unwrap(), transport)
    }

    /// A WebSocket connection, unless TLS or the opening handshake fails.
    fn open(&self, server: &Server) -> Option<WebSocket<Stream>> {
        let url = format!("wss://{}/", server.tls_address());
        Some(tungstenite::client(url, self.connect(server)).ok()?.0)
    }
}

fn assert_echoes(client: &mut WebSocket<impl Read + Write>) {
    // More than fits into a TLS record, and into what the host reads at once.
    let message = Message::text("echo ".repeat(40_000));
    client.send(message.clone()).unwrap();
    assert_eq!(client.read().unwrap(), message);
}

/// Expects the peer's `close_notify`: a mere end of the transport is an error.
fn assert_ends_with_close_notify(stream: &mut Stream) {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
}

#[test]
fn messages_are_echoed_and_the_closure_is_clean_over_tls_1_2_and_1_3() {
    let files = Files::new();
    let server = files.serve(&[]);
    for (version, number) in
        [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)]
    {
        let mut client = files.client(&[version], None).open(&server).unwrap();
        let session = &client.get_ref().conn;
        assert_eq!(session.protocol_version(), Some(number));
        assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_echoes(&mut client);
        client.close(None).unwrap();
        assert!(client.read().unwrap().is_close());
        assert!(matches!(client.read(), Err(Error::ConnectionClosed)));
        assert_ends_with_close_notify(client.get_mut());
    }
}

#[test]
fn a_client_that_only_speaks_other_protocols_is_refused() {
    let files = Files::new();
    let server = files.serve(&[]);
    let Tls(config) = files.client(&[&TLS13], None);
    let mut config = ClientConfig::clone(&config);
    config.alpn_protocols = vec![b"h2".to_vec()];
    assert!(Tls(Arc::new(config)).open(&server).is_none());
}

#[test]
fn a_peer_may_end_tls_before_the_transport() {
    let files = Files::new();
    let server = files.serve(&[]);
    let mut client = files.client(&[&TLS13], None).open(&server).unwrap();
    let stream = client.get_mut();
    stream.conn.send_close_notify();
    stream.conn.complete_io(&mut stream.sock).unwrap();
    // The server answers in TLS, though the client's direction has ended.
    assert_ends_with_close_notify(stream);
}

#[test]
fn a_peer_may_end_the_transport_without_ending_tls() {
    let files = Files::new();
    let server = files.serve(&[]);
    let mut client = files.client(&[&TLS13], None).open(&server).unwrap();
    client.close(None).unwrap();
    assert!(client.read().unwrap().is_close());
    client.get_ref().sock.shutdown(Shutdown::Write).unwrap();
    server.wait_for_log(&["the transport is closed", "clean=true"]);
}

#[test]
fn a_peer_that_never_reads_is_not_read_from_over_tls() {
    let files = Files::new();
    let timeouts = ["--ping-interval", "300ms", "--ping-timeout", "300ms"];
    let server = files.serve(&[&timeouts[..], &["--closing-timeout", "300ms"]].concat());
    for len in [1 << 10, 64 << 10] {
        let mut client = files.client(&[&TLS13], None).open(&server).unwrap();
        let message = frame(Role::Client, FIN | BINARY, &vec![7; len]);
        let mut sent = 0;
        // Waits while the server takes no more, until it is dropped.
        let end = loop {
            match client.get_mut().write_all(&message) {
                Ok(()) => sent += message.len(),
                Err(error) => break error.kind(),
            }
            assert!(sent < 1 << 28, "the server reads from a peer that does not");
        };
        assert!(matches!(end, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{end}");
    }
}

#[test]
fn the_opening_timeout_bounds_a_tls_handshake() {
    let server = Server::start(&[SELF_SIGNED, "--opening-timeout", "200ms"]);
    // The head of a record that holds a ClientHello, of which no more comes.
    let mut stream = server.connect();
    stream.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).unwrap();
    assert_eq!(read_to_end(&mut stream), b"");
    server.wait_for_log(&["DEBUG", "the TLS handshake took too long"]);
}

#[test]
fn the_opening_timeout_goes_on_behind_the_tls_handshake() {
    let files = Files::new();
    // Time enough for TLS.
    let server = files.serve(&["--opening-timeout", "2s"]);
    // TLS is done and no request comes: the endpoint says so in HTTP.
    let mut stream = files.client(&[&TLS13], None).connect(&server);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", answer.escape_ascii());
}

#[test]
fn a_request_without_tls_gets_an_alert_and_nothing_else() {
    let server = Server::start(&[SELF_SIGNED]);
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let answer = read_to_end(&mut stream);
    // A record of the type alert (RFC 8446 §5.1), fatal (§6).
    assert!(matches!(answer[..], [0x15, 0x03, _, 0, 2, 2, _]), "{answer:02x?}");
    server.wait_for_log(&["DEBUG", "the TLS handshake failed"]);
}

#[test]
fn a_client_needs_a_certificate_where_an_authority_is_named() {
    for version in [&TLS12, &TLS13] {
        let (files, own, stranger) = (Files::new(), Files::new(), Files::new());
        let authority = own.chain();
        let server = files.serve(&["--tls-client-ca", authority.to_str().unwrap()]);
        assert_echoes(&mut files.client(&[version], Some(&own)).open(&server).unwrap());
        assert!(files.client(&[version], Some(&stranger)).open(&server).is_none());
        assert!(files.client(&[version], None).open(&server).is_none());
    }
}

#[test]
fn a_hangup_changes_the_certificate_for_new_connections_alone() {
    let (files, renewed) = (Files::new(), Files::new());
    let server = files.serve(&[]);
    let mut early = files.client(&[&TLS13], None).open(&server).unwrap();

    files.become_those_of(&renewed);
    server.signal(Signal::HUP);
    server.wait_for_log(&["INFO", "SIGHUP", "anew"]);
    assert!(files.client(&[&TLS13], None).open(&server).is_none());
    assert_echoes(&mut renewed.client(&[&TLS13], None).open(&server).unwrap());
    assert_echoes(&mut early);
}

#[test]
fn a_hangup_with_bad_files_leaves_the_certificate() {
    let files = Files::new();
    let server = files.serve(&[]);
    fs::write(files.chain(), "not a certificate").unwrap();
    server.signal(Signal::HUP);
    server.wait_for_log(&["ERROR", "SIGHUP", files.chain().to_str().unwrap()]);
    assert_echoes(&mut files.client(&[&TLS13], None).open(&server).unwrap());
}

#[test]
fn a_hangup_without_tls_changes_nothing() {
    let server = Server::start(&[]);
    let mut client = server.client();
    server.signal(Signal::HUP);
    server.wait_for_log(&["SIGHUP"]);
    assert_echoes(&mut client);
    assert_echoes(&mut server.client());
}

#[test]
fn one_server_may_listen_with_tls_and_without() {
    let files = Files::new();
    let server = files.serve(&["--tls-listen", "127.0.0.1:0"]);
    assert_ne!(server.address(), server.tls_address());
    assert_echoes(&mut server.client());
    assert_echoes(&mut files.client(&[&TLS13], None).open(&server).unwrap());
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    for flags in [
        &["--tls-cert", "chain.pem"][..],
        &["--tls-key", "key.pem"],
        &["--tls-cert", "chain.pem", "--tls-key", "key.pem", SELF_SIGNED],
        &["--tls-client-ca", "roots.pem"],
        &["--tls-listen", "127.0.0.1:0"],
    ] {
        assert_eq!(run(&[&["serve"], flags].concat()).status.code(), Some(2), "{flags:?}");
    }
    let output = run(&["serve", "--tls-cert", "/nowhere/chain.pem", "--tls-key", "key.pem"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("sandsock: TLS: cannot read /nowhere/chain.pem: "), "{error}");
}
