//! Imports of the engine point downwards, as its `lib.rs` says: no module knows
//! one of a layer above its own.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// The engine's modules, from the top. Those of one layer may know each other.
const LAYERS: [&[&str]; 14] = [
    &["endpoint"],
    &["connection"],
    &["application", "handshake", "message", "outbox", "transmit"],
    &["receive_buffer"],
    &["payload"],
    &["compressor"],
    &["deflate"],
    &["frame", "ping", "state", "timers"],
    &["entropy", "growth", "mask", "role", "token", "utf8"],
    &["options"],
    &["event"],
    &["close", "error"],
    &["time"],
    // Re-exports for adapters: nothing in the engine uses it.
    &["types"],
];

/// The modules that stand in `src/lib.rs`, each with its files.
fn modules() -> HashMap<String, Vec<PathBuf>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../component/engine/src");
    let mut modules: HashMap<String, Vec<PathBuf>> = HashMap::new();
    let mut entries: Vec<(PathBuf, Option<String>)> = vec![(src, None)];
    while let Some((directory, module)) = entries.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if stem == "lib" || stem == "tests" {
                continue;
            }
            let module = module.clone().unwrap_or(stem);
            if path.is_dir() {
                entries.push((path, Some(module)));
            } else {
                modules.entry(module).or_default().push(path);
            }
        }
    }
    modules
}

/// A source file up to a module of tests that stands in it.
fn without_tests(text: &str) -> &str {
    let begins_module = |at: usize| {
        let next = text[at..].lines().nth(1).unwrap_or_default();
        next.contains("mod ") && next.ends_with('{')
    };
    let mut marks = text.match_indices("#[cfg(test)]").map(|(at, _)| at);
    marks.find(|at| begins_module(*at)).map_or(text, |at| &text[..at])
}

/// The modules that a source file names, behind `crate::`, outside its tests.
fn named(text: &str) -> BTreeSet<String> {
    let text = without_tests(text);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = BTreeSet::new();
    for path in text.split("crate::").skip(1) {
        let list = match path.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default(),
            None => path.split(|c| !is_name(c)).next().unwrap_or_default(),
        };
        let heads = list.split(',').map(|item| item.trim().split("::").next().unwrap_or_default());
        names.extend(heads.filter(|head| !head.is_empty()).map(str::to_owned));
    }
    names
}

#[test]
fn only_a_module_of_tests_ends_what_is_looked_at() {
    let before = "mod a;\n#[cfg(test)]\nmod tests;\nuse crate::b;\n#[cfg(test)]\nfn help() {}\n";
    let text = format!("{before}#[cfg(test)]\nmod tests {{\n    use crate::c;\n}}\n");
    assert_eq!(without_tests(&text), before);
    assert_eq!(named(&text), BTreeSet::from(["b".to_owned()]));
}

#[test]
fn no_module_of_the_engine_knows_one_above_it() {
    let layer = |module: &str| {
        let layer = LAYERS.iter().position(|layer| layer.contains(&module));
        layer.unwrap_or_else(|| panic!("in which layer is `{module}`?"))
    };
    let modules = modules();
    assert!(modules.len() > 15, "{:?}", modules.keys());
    for (module, files) in modules {
        for file in files {
            for other in named(&fs::read_to_string(&file).unwrap()) {
                assert!(layer(&module) <= layer(&other), "{} uses `{other}`", file.display());
            }
        }
    }
}

#[test]
fn the_engine_has_no_clock_no_sockets_and_no_randomness() {
    for file in modules().into_values().flatten() {
        let text = fs::read_to_string(&file).unwrap();
        let text = without_tests(&text);
        for word in ["std::", "SystemTime", "getrandom", "thread_local"] {
            assert!(!text.contains(word), "{} mentions {word}", file.display());
        }
    }
}
