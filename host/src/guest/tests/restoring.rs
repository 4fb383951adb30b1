//! An instance is restored to what it was when it was made.

use rustix::param::page_size;

use super::{Call, REQUEST, accept, masked, plugin, run};
use crate::guest::Guest;
use crate::guest::core::{CoreGuest, MOST_PAGES};

/// All that calls change. Behind that, all pages of the memory are in use.
fn state(guest: &mut CoreGuest) -> (Vec<u8>, Vec<i32>) {
    (guest.memory_mut().to_vec(), guest.globals())
}

/// What a connection may bring, and whether its instance can be restored behind it.
fn connections() -> Vec<(Vec<Vec<u8>>, bool)> {
    let request = || REQUEST.as_bytes().to_vec();
    let text = masked(b"\x81\x04text");
    let part = masked(b"\x01\x04part");
    let close = masked(b"\x88\x02\x03\xe8");
    let long = |len: u16| {
        let [high, low] = len.to_be_bytes();
        masked(&[&[0x82, 126, high, low][..], &vec![7; len.into()]].concat())
    };
    vec![
        (vec![], true),
        (vec![b"GET / HTTP/1.1\r\n\r\n".to_vec()], true),
        (vec![request(), text.repeat(3), close.clone()], true),
        (vec![[request(), text.repeat(9), part.clone()].concat()], true),
        (vec![request(), masked(b"\xff\x00")], true),
        (vec![request(), long(9_000), close], true),
        (vec![request(), long(u16::MAX)], false),
        (vec![request(), part, long(u16::MAX)], false),
    ]
}

#[test]
fn an_instance_is_restored_to_what_one_is_when_it_is_made() {
    let plugin = plugin();
    let start = accept(&plugin);
    let module = plugin.module.as_ref().unwrap();
    let mut new = module.instantiate(1 << 30).unwrap();
    let initial = state(&mut new);
    assert!(!initial.1.is_empty(), "the stack pointer is a global");
    let probe = [REQUEST.as_bytes().to_vec(), masked(b"\x82\x05again"), vec![0; 9]];
    let probe = probe.each_ref().map(|bytes| Call::Receive(bytes));
    let expected = run(&mut new, &start, &probe);

    let mut reused = module.instantiate(1 << 30).unwrap();
    for (reads, is_restored) in connections() {
        let calls: Vec<_> = reads.iter().map(|bytes| Call::Receive(bytes)).collect();
        let mut guest = module.instantiate(1 << 30).unwrap();
        run(&mut guest, &start, &calls);
        assert_eq!(guest.restore(), is_restored, "{} bytes", reads.concat().len());
        if is_restored {
            assert_eq!(state(&mut guest), initial);
            run(&mut reused, &start, &calls);
            assert!(reused.restore());
        }
        assert_eq!(run(&mut reused, &start, &probe), expected);
        assert!(reused.restore());
    }
    assert_eq!(state(&mut reused), initial);
}

#[test]
fn globals_and_memory_are_restored_whatever_they_have_become() {
    let plugin = plugin();
    let mut guest = plugin.module.as_ref().unwrap().instantiate(1 << 30).unwrap();
    let initial = state(&mut plugin.module.as_ref().unwrap().instantiate(1 << 30).unwrap());
    guest.set_globals(0x7777);
    let memory = guest.memory_mut();
    let last = memory.len() - 1;
    // Stack, constants, variables, and the end.
    for at in [0, 0xfff0, 0x1_0100, 0x1_8010, last] {
        memory[at] ^= 0x55;
    }
    assert!(guest.restore());
    assert_eq!(state(&mut guest), initial);
}

#[test]
fn an_instance_that_wrote_to_many_pages_is_not_restored() {
    let plugin = plugin();
    let module = plugin.module.as_ref().unwrap();
    for (pages, expected) in [(MOST_PAGES, true), (MOST_PAGES + 1, false)] {
        let mut guest = module.instantiate(1 << 30).unwrap();
        for page in guest.memory_mut().chunks_mut(page_size()).take(pages) {
            page[0] = 1;
        }
        assert_eq!(guest.restore(), expected, "{pages}");
    }
}
