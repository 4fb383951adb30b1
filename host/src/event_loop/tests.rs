//! What an event loop promises to its tasks, on sockets of the machine.

use std::error::Error;
use std::future::pending;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::mpsc;
use std::thread;

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::sync::mpsc::channel;
use tokio::sync::oneshot;
use tokio::time::error::Elapsed;

use super::*;
use crate::clock::Clock;

/// After so long something is wrong.
const LONG: Duration = Duration::from_mins(1);

pub(super) type Done = Result<(), Box<dyn Error>>;

/// Runs `main`, but not for ever.
pub(super) fn run<T>(
    events: &Rc<EventLoop>,
    main: impl Future<Output = io::Result<T>>,
) -> Result<T, Box<dyn Error>> {
    let clock = Clock::with_thread()?;
    let done: Result<_, Elapsed> = events.block_on(clock.timeout(LONG, main))?;
    Ok(done??)
}

/// A listening socket of the loop, and its address.
pub(super) fn listen(events: &Rc<EventLoop>) -> io::Result<(ListeningSocket, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((ListeningSocket::new(listener, events)?, address))
}

pub(super) async fn accept(listener: &ListeningSocket) -> io::Result<Socket> {
    Ok(poll_fn(|_| listener.poll_accept()).await?.0)
}

/// More than sockets hold.
pub(super) const MUCH: usize = 16 << 20;

fn much(seed: u8) -> Vec<u8> {
    (0..MUCH).map(|at| (at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).wrapping_add(seed)).collect()
}

#[test]
fn sockets_wait_for_bytes_and_for_room_side_by_side() -> Done {
    let events = EventLoop::new(Duration::ZERO)?;
    let (listener, address) = listen(&events)?;
    let peers = thread::spawn(move || {
        let talk = |seed| {
            let (mut sending, sent) = (TcpStream::connect(address).unwrap(), much(seed));
            let mut receiving = sending.try_clone().unwrap();
            let back = thread::spawn(move || {
                let mut back = Vec::new();
                receiving.read_to_end(&mut back).map(|_| back)
            });
            sending.write_all(&sent).unwrap();
            sending.shutdown(Shutdown::Write).unwrap();
            (sent, back)
        };
        let talks: Vec<_> = (0..3).map(talk).collect();
        talks.into_iter().all(|(sent, back)| back.join().unwrap().unwrap() == sent)
    });
    run(&events, async {
        let mut echoes = Vec::new();
        for _ in 0..3 {
            let mut socket = accept(&listener).await?;
            let (done, echoed) = oneshot::channel();
            echoes.push(echoed);
            events.spawn(async move {
                let mut all = Vec::new();
                socket.read_to_end(&mut all).await.unwrap();
                socket.write_all(&all).await.unwrap();
                socket.shutdown().await.unwrap();
                done.send(all.len()).unwrap();
            });
        }
        for echoed in echoes {
            assert_eq!(echoed.await, Ok(MUCH));
        }
        Ok(())
    })?;
    assert!(peers.join().unwrap());
    Ok(())
}

#[test]
fn a_group_has_a_number_and_more_tasks_than_it_holds_have_another() -> Done {
    let events = EventLoop::new(Duration::ZERO)?;
    run(&events, async {
        let groups = Rc::new(RefCell::new(Vec::new()));
        for _ in 0..=GROUP {
            let (events, groups) = (Rc::clone(&events), Rc::clone(&groups));
            events.clone().spawn(async move {
                for _ in 0..2 {
                    groups.borrow_mut().push(events.group());
                    events.yield_now().await;
                }
            });
        }
        for _ in 0..2 {
            events.yield_now().await;
        }
        let groups = groups.borrow();
        let runs: Vec<_> = groups.chunk_by(|one, next| one == next).map(<[_]>::len).collect();
        assert_eq!(runs, [GROUP, 1, GROUP, 1]);
        assert!(groups.is_sorted(), "a number does not come back");
        Ok(())
    })
}

/// With so many bytes that nothing is read ahead.
#[test]
fn who_was_woken_to_read_longest_ago_is_served_first() -> Done {
    const NAMES: [u8; 3] = [1, 2, 3];
    let events = EventLoop::new(Duration::ZERO)?;
    let (listener, address) = listen(&events)?;
    run(&events, async {
        let (served, mut order) = channel(NAMES.len());
        let (mut peers, mut sockets) = (Vec::new(), Vec::new());
        for _ in NAMES {
            peers.push(TcpStream::connect(address)?);
            let socket = Rc::new(RefCell::new(accept(&listener).await?));
            sockets.push(Rc::clone(&socket));
            let served = served.clone();
            events.spawn(async move {
                loop {
                    let mut message = [0; ahead::LONGEST];
                    let mut room = ReadBuf::new(&mut message);
                    while room.remaining() > 0 {
                        let read = |cx: &mut Context<'_>| {
                            Pin::new(&mut *socket.borrow_mut()).poll_read(cx, &mut room)
                        };
                        poll_fn(read).await.unwrap();
                    }
                    served.send(message[0]).await.unwrap();
                }
            });
        }
        // They find nothing yet. Then each is served alone, and at last all together.
        events.yield_now().await;
        for (peer, name) in peers.iter_mut().zip(NAMES) {
            peer.write_all(&[name; ahead::LONGEST])?;
            assert_eq!(order.recv().await, Some(name));
        }
        for (peer, name) in peers.iter_mut().zip(NAMES).rev() {
            peer.write_all(&[name; ahead::LONGEST])?;
        }
        while sockets.iter().any(|socket| socket.borrow().waiting() < ahead::LONGEST) {
            thread::yield_now();
        }
        for name in NAMES {
            assert_eq!(order.recv().await, Some(name));
        }
        Ok(())
    })
}

#[test]
fn the_end_is_found_behind_bytes_that_came_with_it() -> Done {
    let events = EventLoop::new(Duration::ZERO)?;
    let (listener, address) = listen(&events)?;
    run(&events, async {
        let mut peer = TcpStream::connect(address)?;
        let mut socket = accept(&listener).await?;
        peer.write_all(b"all")?;
        peer.shutdown(Shutdown::Write)?;
        // One event for both, before anything is read.
        while !socket.is_final() {
            events.yield_now().await;
        }
        let mut buffer = [0; 8];
        assert_eq!(socket.read(&mut buffer).await?, 3);
        assert_eq!(socket.read(&mut buffer).await?, 0);
        Ok(())
    })
}

#[test]
fn more_bytes_and_the_end_are_told_to_who_read_all_past_a_socket() -> Done {
    let events = EventLoop::new(Duration::ZERO)?;
    let (listener, address) = listen(&events)?;
    run(&events, async {
        let mut peer = TcpStream::connect(address)?;
        let socket = accept(&listener).await?;
        for bytes in [&b"some"[..], b"more"] {
            peer.write_all(bytes)?;
            // The event that comes may be an earlier one.
            while socket.waiting() < bytes.len() {
                socket.note_read_up();
                poll_fn(|_| socket.poll_readable()).await;
            }
            let mut room = [0; 4];
            recv(&socket, &mut room, RecvFlags::empty())?;
            assert_eq!(room, bytes);
            socket.note_read_up();
            assert!(socket.poll_readable().is_pending());
        }
        drop(peer);
        while !socket.is_final() {
            socket.note_read_up();
            poll_fn(|_| socket.poll_readable()).await;
        }
        socket.note_read_up();
        assert!(socket.poll_readable().is_ready(), "the end is to be read");
        Ok(())
    })
}

#[test]
fn a_task_that_always_has_bytes_to_read_gives_way_and_goes_on() -> Done {
    const TURNS: usize = 10;
    let events = EventLoop::new(Duration::ZERO)?;
    let (listener, address) = listen(&events)?;
    run(&events, async {
        let mut peer = TcpStream::connect(address)?;
        peer.write_all(&vec![0; 2 * TURNS * TURN as usize])?;
        let mut socket = accept(&listener).await?;
        let read = Rc::new(Cell::new(0));
        let count = Rc::clone(&read);
        events.spawn(async move {
            while socket.read(&mut [0]).await.is_ok_and(|bytes| bytes > 0) {
                count.set(count.get() + 1);
            }
        });
        for turn in 1..TURNS {
            events.yield_now().await;
            assert_eq!(read.get(), turn * TURN as usize);
        }
        Ok(())
    })
}

/// Waits to be woken from another thread.
pub(super) async fn be_woken() {
    let (send, sent) = oneshot::channel();
    thread::spawn(move || send.send(1).unwrap());
    assert_eq!(sent.await, Ok(1));
}

#[test]
fn a_waker_wakes_a_loop_from_another_thread() {
    for busy_wait in [Duration::ZERO, busy_wait::LONGEST] {
        let (done, is_done) = mpsc::channel();
        thread::spawn(move || {
            let events = EventLoop::new(busy_wait).unwrap();
            let (listener, address) = listen(&events).unwrap();
            let main = async {
                // Awake, if it may be, as there is a connection.
                let _peer = TcpStream::connect(address).unwrap();
                let _socket = accept(&listener).await.unwrap();
                for _ in 0..100 {
                    be_woken().await;
                }
            };
            events.block_on(main).unwrap();
            done.send(()).unwrap();
        });
        is_done.recv_timeout(LONG).expect("it waits on");
    }
}

#[test]
fn a_loop_waits_awake_for_few_connections_only() -> Done {
    const SHORT: Duration = Duration::from_nanos(1);
    let events = EventLoop::new(SHORT)?;
    let (listener, address) = listen(&events)?;
    let begin = || *events.busy_wait.borrow_mut() = BusyWait::new(SHORT);
    run(&events, async {
        let sleeps = async || {
            begin();
            for _ in 0..20 {
                be_woken().await;
                assert!(!events.busy_wait.borrow().has_failed());
            }
        };
        let is_awake = async || {
            begin();
            while !events.busy_wait.borrow().has_failed() {
                be_woken().await;
            }
        };
        let _peers = [(); busy_wait::FEW + 1].map(|()| TcpStream::connect(address).unwrap());
        sleeps().await;
        let mut few = Vec::new();
        while few.len() < busy_wait::FEW {
            few.push(accept(&listener).await?);
            is_awake().await;
        }
        let one_more = accept(&listener).await?;
        sleeps().await;
        drop(one_more);
        is_awake().await;
        drop(few);
        sleeps().await;
        Ok(())
    })
}

#[test]
fn what_comes_while_a_loop_waits_awake_is_served() -> Done {
    const TIMES: usize = 1000;
    let events = EventLoop::new(busy_wait::LONGEST)?;
    let (listener, address) = listen(&events)?;
    let peer = thread::spawn(move || {
        let mut peer = TcpStream::connect(address).unwrap();
        peer.set_read_timeout(Some(LONG)).unwrap();
        let mut answer = [0];
        for _ in 0..TIMES {
            peer.write_all(b"?").unwrap();
            peer.read_exact(&mut answer).unwrap();
        }
    });
    let served = run(&events, async {
        let mut socket = accept(&listener).await?;
        let mut served = 0;
        while socket.read(&mut [0]).await? > 0 {
            socket.write_all(b"!").await?;
            served += 1;
        }
        Ok(served)
    })?;
    assert_eq!(served, TIMES);
    peer.join().map_err(|_| "the peer was not answered")?;
    Ok(())
}

#[test]
fn a_task_that_panics_is_the_only_one_that_ends() -> Done {
    let events = EventLoop::new(Duration::ZERO)?;
    run(&events, async {
        let (kept, dropped) = oneshot::channel::<()>();
        events.spawn(async move {
            let _kept = kept;
            panic!("as it should")
        });
        assert!(dropped.await.is_err());
        let (send, sent) = oneshot::channel();
        events.spawn(async { send.send(1).unwrap() });
        assert_eq!(sent.await, Ok(1));
        Ok(())
    })
}

#[test]
fn tasks_are_dropped_when_cancelled_and_at_the_end() -> Done {
    let events = EventLoop::new(Duration::ZERO)?;
    let (listener, address) = listen(&events)?;
    let mut left = run(&events, async {
        let peers = [(); 2].map(|()| TcpStream::connect(address).unwrap());
        let mut tasks = Vec::new();
        for peer in &peers {
            peer.set_read_timeout(Some(LONG))?;
            let socket = accept(&listener).await?;
            tasks.push(events.spawn(async move {
                let _socket = socket;
                pending::<()>().await;
            }));
        }
        let [mut cancelled, left] = peers;
        // Woken as well: nothing is left to run.
        events.wake(tasks[0]);
        events.cancel(tasks[0]);
        assert_eq!(cancelled.read(&mut [0])?, 0);
        events.yield_now().await;
        Ok(left)
    })?;
    assert_eq!(left.read(&mut [0])?, 0);
    Ok(())
}

#[test]
fn a_task_that_is_done_can_be_woken_and_does_not_run() -> Done {
    let events = EventLoop::new(Duration::ZERO)?;
    run(&events, async {
        let runs = Rc::new(Cell::new(0));
        let (count, (send, sent)) = (Rc::clone(&runs), oneshot::channel());
        let mut send = Some(send);
        let task = events.spawn(poll_fn(move |cx| {
            count.set(count.get() + 1);
            send.take().map(|send| send.send(cx.waker().clone()));
            Poll::Ready(())
        }));
        sent.await.unwrap().wake();
        events.wake(task);
        events.yield_now().await;
        assert_eq!(runs.get(), 1);
        Ok(())
    })
}
