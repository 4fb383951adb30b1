//! Deflate bombs on real sockets (RFC 7692 §8): a few bytes that inflate to many.
//! They end with 1009, take little more memory than the limit on messages, and
//! hold up nobody else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sandsock_engine::types::{
    Agreed, AgreedCompression, Compression, HandedOver, Options, ReadyState, Start,
};
use tungstenite::Message;
use zlib_rs::{Deflate, DeflateFlush};

use crate::harness::frames::{BINARY, CONTINUATION, FIN, RSV1, frame};
use crate::harness::server::{Server, read_head};
use crate::harness::start::{Role, quiet_options, request_with};
use crate::harness::work::driver_of;

const MIB: usize = 1 << 20;

/// What each bomb inflates to if nobody stops: 10 GiB.
const BLOCKS: usize = 10 << 10;

/// With several, who shares a worker with the bomb would be left to chance.
const ONE_WORKER: [&str; 2] = ["--workers", "1"];

/// A block of DEFLATE that inflates to a mebibyte of zeros, and may be repeated.
fn block() -> Vec<u8> {
    let mut output = vec![0; 16 << 10];
    let mut deflate = Deflate::new(9, false, 15);
    deflate.compress(&vec![0; MIB], &mut output, DeflateFlush::SyncFlush).unwrap();
    output.truncate(usize::try_from(deflate.total_out()).unwrap());
    assert!(output.len() < MIB / 900, "{} bytes", output.len());
    output
}

/// A transport that agreed to permessage-deflate.
fn opened(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    let offer = request_with("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    stream.write_all(offer.as_bytes()).unwrap();
    let head = read_head(&mut stream);
    assert!(head.contains("permessage-deflate"), "{head}");
    stream
}

/// Sends frame after frame until the server has enough, and reads what it says.
fn explode(server: &Server, frames: impl Iterator<Item = Vec<u8>> + Send) -> Vec<u8> {
    let mut stream = opened(server);
    let mut writer = stream.try_clone().unwrap();
    let mut answer = Vec::new();
    thread::scope(|scope| {
        scope.spawn(move || {
            for frame in frames {
                // A server that has had enough drops what still comes.
                if writer.write_all(&frame).is_err() {
                    break;
                }
            }
        });
        // An error is a reset, behind what was said.
        let _ = stream.read_to_end(&mut answer);
    });
    answer
}

/// Echoes on another connection until `done`; the longest that one took.
fn longest_echo(server: &Server, done: &AtomicBool) -> Duration {
    let mut client = server.client();
    let mut longest = Duration::ZERO;
    loop {
        let is_done = done.load(Ordering::Relaxed);
        let sent = Instant::now();
        client.send(Message::text("still there?")).unwrap();
        client.read().unwrap();
        longest = longest.max(sent.elapsed());
        if is_done {
            return longest;
        }
    }
}

/// What a server says of a bomb: the echo of what came before, then 1009.
fn assert_defused(frames: impl Iterator<Item = Vec<u8>> + Send, echoes: bool) {
    let server = Server::start(&ONE_WORKER);
    // What a connection costs that sends nothing of the kind.
    let _warm = opened(&server);
    let before = server.memory_bytes();
    let done = AtomicBool::new(false);
    let (answer, longest) = thread::scope(|scope| {
        let others = scope.spawn(|| longest_echo(&server, &done));
        let answer = explode(&server, frames);
        done.store(true, Ordering::Relaxed);
        (answer, others.join().unwrap())
    });
    assert!(answer.ends_with(&[0x88, 2, 0x03, 0xf1]), "{answer:x?}");
    assert_eq!(answer.len() > 4, echoes);
    // The limit on messages, and a little for what it takes to get there.
    let grown = server.peak_memory_bytes() - before;
    assert!(grown <= (16 + 1) * MIB as u64, "{} KiB more", grown >> 10);
    assert!(longest < Duration::from_millis(500), "an echo took {longest:?}");
}

#[test]
fn a_bomb_in_one_frame_is_defused() {
    let payload = block().repeat(BLOCKS);
    let bomb = frame(Role::Client, FIN | RSV1 | BINARY, &payload);
    assert_defused(std::iter::once(bomb), false);
}

#[test]
fn a_bomb_takes_the_same_memory_however_its_bytes_come() {
    let compression = AgreedCompression {
        server_context_takeover: true,
        client_context_takeover: true,
        server_window_bits: 15,
        client_window_bits: 15,
    };
    let agreed = Agreed { compression: Some(compression), ..Agreed::default() };
    let options = Options { compression: Some(Compression::default()), ..quiet_options() };
    let first = frame(Role::Client, RSV1 | BINARY, &block());
    let next = frame(Role::Client, CONTINUATION, &block());
    let bomb = [first, next.repeat(16)].concat();
    for first_read in [1, 112, 371, 700, 2000, 5555, bomb.len() - 1] {
        for further_reads in [40, 1000, 4000, 16_000] {
            let start = HandedOver { options: options.clone(), agreed: agreed.clone() };
            let mut driver = driver_of(Start::Accepted(start));
            let (front, rest) = bomb.split_at(first_read);
            driver.receive(front);
            driver.receive_in_chunks(rest, further_reads);
            assert_ne!(driver.ready_state(), ReadyState::Open, "it is defused");
            let taken = driver.engine().memory_bytes();
            assert!(taken <= 17 * MIB, "{first_read}, {further_reads}: {} KiB", taken >> 10);
        }
    }
}

#[test]
fn a_bomb_in_fragments_is_defused() {
    let first = frame(Role::Client, RSV1 | BINARY, &block());
    let next = frame(Role::Client, CONTINUATION, &block());
    assert_defused(std::iter::once(first).chain(std::iter::repeat_n(next, BLOCKS)), false);
}

#[test]
fn a_bomb_with_carried_context_is_defused() {
    // What comes before is within the limit and fills the window. The tail of
    // a message is left out (RFC 7692 §7.2.1).
    let block = block();
    let sound = frame(Role::Client, FIN | RSV1 | BINARY, &block[..block.len() - 4]);
    let bomb = frame(Role::Client, FIN | RSV1 | BINARY, &block.repeat(BLOCKS));
    assert_defused([sound, bomb].into_iter(), true);
}
