//! The host binary as a process of its own, on a port that is free. Nothing here
//! waits for a time to pass: it waits for what the process says or does.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tungstenite::{Message, WebSocket};

use super::start::request;

/// The longest that anything is waited for; only a failing test gets there.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The flags of either isolation.
pub(crate) const ISOLATION: [&[&str]; 2] =
    [&["--isolation", "connection"], &["--isolation", "worker"]];

/// A client of tungstenite, on a transport of ours.
pub(crate) type Client = WebSocket<TcpStream>;

/// A running `sandsock serve`. Ends with the test.
pub(crate) struct Server {
    child: Child,
    /// The last one is for TLS, if any is.
    addresses: Vec<SocketAddr>,
    log: Log,
}

/// What a process wrote to its standard error so far.
#[derive(Clone, Default)]
struct Log(Arc<(Mutex<Written>, Condvar)>);

#[derive(Default)]
struct Written {
    text: String,
    /// The process has ended.
    is_all: bool,
}

/// The host binary that cargo built beside this one.
fn binary() -> PathBuf {
    let this = env::current_exe().unwrap();
    let path = this.parent().unwrap().with_file_name("sandsock");
    assert!(path.exists(), "{} is missing: run `cargo xtask build` first", path.display());
    path
}

/// The host with arguments, and without an input.
pub(crate) fn sandsock(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the host with arguments that let it end by itself.
pub(crate) fn run(arguments: &[&str]) -> Output {
    sandsock(arguments).output().unwrap()
}

/// Starts the host with an input, of which there is no more.
pub(crate) fn start(arguments: &[&str], input: &[u8]) -> Child {
    let mut child = sandsock(arguments).stdin(Stdio::piped()).spawn().unwrap();
    // It may have ended without reading.
    let _ = child.stdin.take().unwrap().write_all(input);
    child
}

pub(crate) fn signal(process: &Child, signal: Signal) {
    let pid = Pid::from_raw(process.id().try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

impl Server {
    /// Starts `sandsock serve` with `flags` more, and waits until it listens.
    pub(crate) fn start(flags: &[&str]) -> Self {
        // Few connections: the pool of instances is what takes time to set up. No
        // timeout ends anything that a test does not set.
        let own =
            ["--log", "debug", "serve", "--listen", "127.0.0.1:0", "--max-connections", "100"];
        let waits = ["--opening-timeout", "--closing-timeout", "--drain-timeout", "--call-timeout"];
        let endless = waits.map(|flag| [flag, "1h"]).concat();
        let mut child = sandsock(&[&own, &endless[..], flags].concat()).spawn().unwrap();
        let log = Log::default();
        log.collect(child.stderr.take().unwrap());
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let schemes = match flags {
            flags if flags.contains(&"--tls-listen") => &["ws", "wss"][..],
            flags if flags.iter().any(|flag| flag.starts_with("--tls")) => &["wss"],
            _ => &["ws"],
        };
        let listened = schemes.iter().map(|scheme| {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            let address = line.strip_prefix(&format!("listening on {scheme}://"));
            let Some(Ok(address)) = address.map(|rest| rest.trim().parse()) else {
                panic!("{line:?}; {}", log.text())
            };
            address
        });
        let addresses = listened.collect();
        Self { child, addresses, log }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    pub(crate) fn tls_address(&self) -> SocketAddr {
        self.addresses[self.addresses.len() - 1]
    }

    /// A transport without a WebSocket on it.
    pub(crate) fn connect(&self) -> TcpStream {
        Self::connect_to(self.address())
    }

    /// The same, for TLS on it.
    pub(crate) fn connect_for_tls(&self) -> TcpStream {
        Self::connect_to(self.tls_address())
    }

    fn connect_to(address: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// A transport with the opening handshake done.
    pub(crate) fn opened(&self) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(request().as_bytes()).unwrap();
        let head = read_head(&mut stream);
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        stream
    }

    /// A WebSocket connection.
    pub(crate) fn client(&self) -> Client {
        let url = format!("ws://{}/", self.address());
        tungstenite::client(url, self.connect()).unwrap().0
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self::signal(&self.child, signal);
    }

    /// Waits for the process to end by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.log.wait_until("no end of the process", |written| written.is_all);
        self.child.wait().unwrap()
    }

    /// Waits until a line of the log holds all of `words`.
    pub(crate) fn wait_for_log(&self, words: &[&str]) {
        let holds_all = |line: &str| words.iter().all(|word| line.contains(word));
        let missing = format!("no line with {words:?}");
        self.log.wait_until(&missing, |written| written.text.lines().any(holds_all));
    }

    /// What it wrote to its standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    /// Resident memory of the process.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.status_bytes("VmRSS:")
    }

    /// The most that it ever had.
    pub(crate) fn peak_memory_bytes(&self) -> u64 {
        self.status_bytes("VmHWM:")
    }

    /// The scheduling policy of each worker there is (proc(5), `stat`).
    pub(crate) fn worker_policies(&self) -> Vec<u32> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let stats = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("stat")));
        // A thread that is gone meanwhile has none.
        let stats = stats.filter_map(Result::ok);
        let of_worker = |stat: String| {
            let (name, fields) = stat.rsplit_once(") ")?;
            let policy = fields.split(' ').nth(38)?;
            name.contains("(worker-").then(|| policy.parse().unwrap())
        };
        stats.filter_map(of_worker).collect()
    }

    fn status_bytes(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Log {
    fn collect(&self, from: impl Read + Send + 'static) {
        let log = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                log.change(|written| written.text.push_str(&(line + "\n")));
            }
            log.change(|written| written.is_all = true);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Written)) {
        let (written, changed) = &*self.0;
        change(&mut written.lock().unwrap());
        changed.notify_all();
    }

    fn text(&self) -> String {
        self.0.0.lock().unwrap().text.clone()
    }

    fn wait_until(&self, missing: &str, is_there: impl Fn(&Written) -> bool) {
        let (written, changed) = &*self.0;
        let waiting = |written: &mut Written| !is_there(written);
        let (written, waited) =
            changed.wait_timeout_while(written.lock().unwrap(), PATIENCE, waiting).unwrap();
        assert!(!waited.timed_out(), "{missing}; the log:\n{}", written.text);
    }
}

/// Sends a message and expects it back.
pub(crate) fn assert_echo(client: &mut Client, message: Message) {
    client.send(message.clone()).unwrap();
    // Not with `assert_eq!`, which would print 16 MiB.
    assert!(client.read().unwrap() == message, "another message of {} bytes", message.len());
}

/// Reads until the peer ends its sending direction.
pub(crate) fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("an end, not a reset");
    bytes
}

/// Reads a head (§4), up to its blank line.
pub(crate) fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}
