//! Which pages of this process's memory were written to, as the operating system has it
//! (proc(5), `/proc/PID/pagemap`). Not every system has it.

use std::fs::File;
use std::hint;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// Bits of an entry, of which a page has one: it is in memory.
const PRESENT: u64 = 1 << 63;

/// It was swapped out, or is on its way somewhere.
const SWAPPED: u64 = 1 << 62;

/// It is a file's, as it is there.
const OF_FILE: u64 = 1 << 61;

/// Bytes of an entry.
const ENTRY: usize = 8;

/// Entries that are read at once.
const TOGETHER: usize = 128;

/// What the operating system tells of this process's pages.
pub(crate) struct PageMap {
    entries: File,
    page_bytes: usize,
}

impl PageMap {
    /// Fails where there is none, or this process may not see its own.
    pub(crate) fn open() -> io::Result<Self> {
        let page_bytes = rustix::param::page_size();
        Ok(Self { entries: File::open("/proc/self/pagemap")?, page_bytes })
    }

    /// Sees whether it tells that somebody writes to `memory`: a system may have the file, and
    /// nothing true in it.
    pub(crate) fn check(&self, memory: &mut [u8]) -> io::Result<()> {
        if let [first, .., last] = &mut *memory {
            for byte in [first, last] {
                *byte = hint::black_box(*byte);
            }
        }
        let written = self.written(memory)?;
        let ends = [written.first().map(|page| page.start), written.last().map(|page| page.end)];
        if ends == [Some(0), Some(memory.len())] {
            Ok(())
        } else {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    /// Which pages of `memory` may differ from what was mapped there, privately, before any of
    /// it was written to. All of it has to be whole pages.
    pub(crate) fn written(&self, memory: &[u8]) -> io::Result<Vec<Range<usize>>> {
        let (address, page_bytes) = (memory.as_ptr().addr(), self.page_bytes);
        if !address.is_multiple_of(page_bytes) || !memory.len().is_multiple_of(page_bytes) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut written = Vec::new();
        let mut pages = (0..memory.len()).step_by(page_bytes);
        let mut at = address / page_bytes * ENTRY;
        let mut buffer = [0; TOGETHER * ENTRY];
        while pages.len() > 0 {
            let entries = &mut buffer[..pages.len().min(TOGETHER) * ENTRY];
            self.entries.read_exact_at(entries, at as u64)?;
            at += entries.len();
            let (entries, _) = entries.as_chunks::<ENTRY>();
            for (entry, start) in entries.iter().zip(&mut pages) {
                if is_written(u64::from_ne_bytes(*entry)) {
                    written.push(start..start + page_bytes);
                }
            }
        }
        Ok(written)
    }
}

/// What is neither in memory nor swapped was not touched, or let go of again. What is
/// a file's was only read: the first to write to it gets a copy.
fn is_written(entry: u64) -> bool {
    entry & (PRESENT | SWAPPED) != 0 && entry & OF_FILE == 0
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use rustix::param::page_size;
    use wasmtime::{Engine, Memory, MemoryType, Store};

    use super::*;

    #[test]
    fn a_page_that_was_swapped_out_was_written_and_one_of_a_file_was_not() {
        // Others tell of the frame, or of what else happened to the page.
        let others = (1 << 61) - 1;
        for (entry, expected) in [
            (0, false),
            (PRESENT, true),
            (SWAPPED, true),
            (PRESENT | OF_FILE, false),
            (SWAPPED | OF_FILE, false),
        ] {
            assert_eq!(is_written(entry), expected, "{entry:x}");
            assert_eq!(is_written(entry | others), expected, "{entry:x}");
        }
    }

    /// A store for a memory.
    fn store() -> Store<()> {
        Store::new(&Engine::default(), ())
    }

    /// A memory of so many pages that nobody wrote to, as it is new.
    fn memory(store: &mut Store<()>, pages: usize) -> Result<&mut [u8], Box<dyn Error>> {
        let len = u32::try_from(pages * page_size() / (64 << 10))?;
        Ok(Memory::new(&mut *store, MemoryType::new(len, None))?.data_mut(store))
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_pages_that_were_written_are_told() -> Result<(), Box<dyn Error>> {
        let (map, page) = (PageMap::open()?, page_size());
        // More than entries that are read at once.
        let mut store = store();
        let memory = memory(&mut store, 3 * TOGETHER)?;
        assert_eq!(map.written(memory)?, []);
        let pages = [0, 1, 7, TOGETHER - 1, TOGETHER, 2 * TOGETHER + 5, 3 * TOGETHER - 1];
        for at in pages {
            memory[at * page + at] = 1;
        }
        let expected = pages.map(|at| at * page..(at + 1) * page);
        assert_eq!(map.written(memory)?, expected);
        assert_eq!(map.written(&memory[page..8 * page])?.len(), 2);
        assert!(map.written(&memory[1..]).is_err());
        assert!(map.written(&memory[..=page]).is_err());
        Ok(())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_system_that_tells_nothing_is_found_out() -> Result<(), Box<dyn Error>> {
        let map = PageMap::open()?;
        let mut store = store();
        let memory = memory(&mut store, TOGETHER)?;
        map.check(memory)?;
        assert!(map.check(&mut []).is_err());
        let silent = PageMap { entries: File::open("/dev/zero")?, ..map };
        assert!(silent.check(memory).is_err());
        Ok(())
    }
}
