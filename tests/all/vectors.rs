//! Runs the files in `vectors/`: bytes from the peer, and what they must lead
//! to. Each vector is run natively and in the component, whole, byte by byte,
//! and, where it ends what the peer can say, with more bytes behind it.

use std::fs;
use std::path::{Path, PathBuf};

use sandsock_engine::types::{Options, ReadyState};
use serde::Deserialize;

use crate::harness::start::{Role, quiet_options};
use crate::harness::{Driver, Place, bytes, frames, notation};

/// A file of `vectors/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    vector: Vec<Vector>,
}

/// One rule, and bytes that obey or break it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Vector {
    /// The rule, as a sentence.
    rule: String,
    /// Where it stands.
    section: String,
    /// The role of the endpoint that the bytes are for.
    #[serde(default)]
    role: Role,
    #[serde(default)]
    limits: Limits,
    /// The peer's bytes in hex; see `harness::bytes`.
    receive: String,
    /// What is reported; see `harness::notation`.
    #[serde(default)]
    events: Vec<String>,
    /// The answer, in hex and without masks.
    #[serde(default)]
    transmit: String,
    /// Where this leads.
    #[serde(default = "open")]
    ready_state: String,
}

/// Limits other than the defaults.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Limits {
    frame_bytes: Option<u64>,
    message_bytes: Option<u64>,
    fragment_count: Option<u32>,
}

fn open() -> String {
    "open".into()
}

/// Frames that would be noticed: a text, a Ping, a Close, and a broken rule.
const TRAILING: &str = "81 82 00000000 6869  89 80 00000000  88 80 00000000  f7 7f";

#[test]
fn every_vector_holds_natively_and_in_the_component_in_every_chunking() {
    let mut count = 0;
    for (file, vector) in load() {
        for place in Place::BOTH {
            let name = format!("{} in {}, {place:?}", vector.rule, file.display());
            let received = bytes::parse(&vector.receive);
            vector.check(&format!("{name}, whole"), place, &[&received]);
            let single: Vec<&[u8]> = received.chunks(1).collect();
            vector.check(&format!("{name}, byte by byte"), place, &single);
            if vector.ends_the_receive_half() {
                let trailing = bytes::parse(TRAILING);
                let extended = [&received[..], &trailing].concat();
                vector.check(&format!("{name}, extended"), place, &[&extended]);
                vector.check(&format!("{name}, followed"), place, &[&received, &trailing]);
            }
        }
        count += 1;
    }
    assert!(count > 150, "only {count} vectors were found");
}

#[test]
fn no_two_vectors_state_the_same_rule_and_each_names_its_section() {
    let mut rules = Vec::new();
    for (file, vector) in load() {
        assert!(vector.section.starts_with('§'), "{} in {}", vector.rule, file.display());
        rules.push(format!("{:?}: {}", vector.role, vector.rule));
    }
    rules.sort();
    let twice: Vec<_> = rules.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}

impl Vector {
    fn check(&self, name: &str, place: Place, chunks: &[&[u8]]) {
        let mut driver = Driver::start(place, self.role.open(self.options()));
        let begun = driver.take();
        assert_eq!(notation::show_all(&begun.events), ["opened"], "{name}");
        for chunk in chunks {
            driver.receive(chunk);
        }
        let out = driver.take();
        assert_eq!(notation::show_all(&out.events), self.events, "{name}");
        let transmit = frames::unmasked(self.role, &out.transmit);
        assert_eq!(bytes::show(&transmit), bytes::show(&bytes::parse(&self.transmit)), "{name}");
        let ready_state = notation::show_ready_state(driver.ready_state());
        assert_eq!(ready_state, self.ready_state, "{name}");
    }

    fn options(&self) -> Options {
        let mut options = quiet_options();
        let Limits { frame_bytes, message_bytes, fragment_count } = self.limits;
        let limits = &mut options.limits;
        limits.frame_bytes = frame_bytes.unwrap_or(limits.frame_bytes);
        limits.message_bytes = message_bytes.unwrap_or(limits.message_bytes);
        limits.fragment_count = fragment_count.unwrap_or(limits.fragment_count);
        options
    }

    /// Whether nothing that follows may matter (§5.5.1, §7.1.7).
    fn ends_the_receive_half(&self) -> bool {
        self.ready_state != notation::show_ready_state(ReadyState::Open)
    }
}

fn load() -> Vec<(PathBuf, Vector)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut vectors = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let File { vector } =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = PathBuf::from(path.file_name().unwrap());
        vectors.extend(vector.into_iter().map(|vector| (name.clone(), vector)));
    }
    vectors
}
