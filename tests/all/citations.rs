//! Citations: each `§5.2` of the sources and of `wit/` names a section that
//! exists. Without a name before it, that is a section of RFC 6455.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

const SECTIONS: &str = include_str!("../tables/sections.txt");

/// The RFC that needs no name.
const RFC_6455: &str = "6455";

/// The sections of each RFC.
type Sections = HashMap<&'static str, HashSet<String>>;

fn sections() -> Sections {
    let mut all = Sections::new();
    let mut rfc = RFC_6455;
    for line in SECTIONS.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("RFC ") {
            Some(number) => rfc = number,
            None => all.entry(rfc).or_default().extend(line.split_whitespace().flat_map(range)),
        }
    }
    all
}

/// `7.1-7.3` as 7.1, 7.2, 7.3.
fn range(word: &str) -> Vec<String> {
    let Some((first, last)) = word.split_once('-') else { return vec![word.into()] };
    let (parent, first) = first.rsplit_once('.').map_or(("", first), |(p, n)| (p, n));
    let last = last.rsplit('.').next().unwrap_or(last);
    let dot = if parent.is_empty() { "" } else { "." };
    let (first, last): (u32, u32) = (first.parse().unwrap(), last.parse().unwrap());
    (first..=last).map(|number| format!("{parent}{dot}{number}")).collect()
}

/// The citations of a line: the RFCs that may be meant, and the section.
fn citations(line: &str) -> Vec<(Vec<&str>, &str)> {
    let mut named: Option<&str> = None;
    let mut behind = 0;
    let mut found = Vec::new();
    for (at, _) in line.match_indices('§') {
        let before = line[behind..at].trim_end();
        let rest = &line[at + '§'.len_utf8()..];
        let number = rest.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '§');
        let len = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
        let section = number[..len].trim_end_matches('.');
        behind = at + '§'.len_utf8();
        let words = before.rsplit_once("RFC ").map(|(_, number)| number);
        let rfcs = match (words.filter(|number| is_number(number)), named) {
            (Some(rfc), _) => {
                named = Some(rfc);
                vec![rfc]
            }
            // In `RFC 9110 §5.1 and §5.5`, or `RFC 7692 §7.1, §5.2`, the second
            // may belong to either.
            (None, Some(rfc)) => vec![rfc, RFC_6455],
            (None, None) => vec![RFC_6455],
        };
        if !section.is_empty() && rest.starts_with(|c: char| c.is_ascii_digit()) {
            found.push((rfcs, section));
        }
    }
    found
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// All `.rs`, `.wit` and vector files of the project.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut directories: Vec<PathBuf> =
        ["component", "host", "tests", "wit", "xtask"].iter().map(|name| root.join(name)).collect();
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            match extension {
                _ if path.is_dir() => directories.push(path),
                Some("rs" | "wit" | "toml") => files.push(path),
                _ => {}
            }
        }
    }
    files
}

#[test]
fn every_cited_section_exists() {
    let sections = sections();
    let mut cited = 0;
    let mut unknown = Vec::new();
    for path in sources() {
        // Its own examples are of the syntax.
        if path.ends_with(file!()) || path.ends_with("tests/all/citations.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            for (rfcs, section) in citations(line) {
                cited += 1;
                let exists =
                    |rfc: &&str| sections.get(rfc).is_some_and(|all| all.contains(section));
                if !rfcs.iter().any(exists) {
                    unknown.push(format!("{}:{number}: RFC {rfcs:?} §{section}", path.display()));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert!(cited > 300, "only {cited} citations were found");
}

#[test]
fn a_citation_names_its_rfc_unless_it_is_6455() {
    assert_eq!(citations("see §5.2."), [(vec!["6455"], "5.2")]);
    assert_eq!(citations("(RFC 7692 §7.1.2.1)"), [(vec!["7692"], "7.1.2.1")]);
    assert_eq!(
        citations("§4.1, RFC 9110 §5.1 and §5.5"),
        [(vec!["6455"], "4.1"), (vec!["9110"], "5.1"), (vec!["9110", "6455"], "5.5")]
    );
    assert_eq!(citations("§… stands for any"), []);
}

#[test]
fn the_list_of_sections_is_read_as_it_says() {
    let sections = sections();
    assert!(sections["6455"].contains("7.1.7") && !sections["6455"].contains("7.1.8"));
    assert!(sections["9110"].contains("15.5.22") && !sections["9110"].contains("15.5.23"));
    assert!(sections["7692"].contains("10") && !sections["7692"].contains("11"));
}
