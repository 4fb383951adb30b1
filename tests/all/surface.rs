//! What the components are made of, seen from outside: what they import, what
//! they export, and how large they are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use wasmparser::{Parser, Payload};
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldId, WorldItem, WorldKey};

use crate::harness::component::path;

/// The two components, and the interface that each is for.
const COMPONENTS: [(&str, &str); 2] = [("protocol.wasm", "connection"), ("echo.wasm", "endpoint")];

/// Bytes that a component may have. Each connection shares the code, so this is
/// about what a plugin costs to download and compile.
const MOST_BYTES: usize = 248 << 10;

/// A component's own world.
fn decode(name: &str) -> (Resolve, WorldId) {
    match wit_component::decode(&fs::read(path(name)).unwrap()).unwrap() {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => panic!("{name} is a WIT package"),
    }
}

fn names<'a>(
    resolve: &Resolve,
    items: impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>,
) -> Vec<String> {
    items.into_iter().map(|(key, _)| resolve.name_world_key(key)).collect()
}

#[test]
fn entropy_is_all_that_a_component_imports() {
    for (name, _) in COMPONENTS {
        let (resolve, world) = decode(name);
        let imports = names(&resolve, &resolve.worlds[world].imports);
        assert_eq!(imports, ["wasi:random/random@0.2.0"], "{name}");
        let WorldItem::Interface { id, .. } = resolve.worlds[world].imports[0] else {
            panic!("{name}: not an interface");
        };
        let functions: Vec<_> = resolve.interfaces[id].functions.keys().collect();
        assert_eq!(functions, ["get-random-bytes"], "{name}");
    }
}

#[test]
fn a_component_exports_the_contract_and_nothing_else() {
    let mut contract = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (package, _) = contract.push_path(wit).unwrap();
    for (name, interface) in COMPONENTS {
        let (resolve, world) = decode(name);
        let exports = names(&resolve, &resolve.worlds[world].exports);
        let expected = ["types", interface].map(|i| format!("sandsock:websocket/{i}@0.1.0"));
        assert_eq!(exports, expected, "{name}");

        let promised = contract.packages[package].interfaces[interface];
        let promised = signatures(&contract, promised);
        let WorldItem::Interface { id, .. } = resolve.worlds[world].exports[1] else {
            panic!("{name}: not an interface");
        };
        assert_eq!(signatures(&resolve, id), promised, "{name}");
    }
}

/// The functions of an interface with their parameters.
fn signatures(resolve: &Resolve, interface: wit_parser::InterfaceId) -> BTreeSet<String> {
    let functions = resolve.interfaces[interface].functions.values();
    let signature = |function: &wit_parser::Function| {
        let params: Vec<_> = function.params.iter().map(|param| param.name.as_str()).collect();
        format!("{}({})", function.name, params.join(", "))
    };
    functions.map(signature).collect()
}

#[test]
fn a_component_is_small_and_carries_no_custom_sections_but_its_own() {
    for (name, _) in COMPONENTS {
        let bytes = fs::read(path(name)).unwrap();
        assert!(bytes.len() <= MOST_BYTES, "{name} has {} bytes", bytes.len());
        let tells = |path: &[u8]| bytes.windows(path.len()).any(|window| window == path);
        assert!(!tells(b"/registry/src/"), "{name} tells where it was built");
        for payload in Parser::new(0).parse_all(&bytes) {
            if let Payload::CustomSection(section) = payload.unwrap() {
                let expected = ["producers", "component-name", "name"];
                assert!(expected.contains(&section.name()), "{name}: {}", section.name());
            }
        }
    }
}

#[test]
fn a_component_can_grow_only_its_own_memory() {
    // One memory, exported to the canonical ABI, none imported or shared.
    for (name, _) in COMPONENTS {
        let mut memories = 0;
        for payload in Parser::new(0).parse_all(&fs::read(path(name)).unwrap()) {
            if let Payload::MemorySection(section) = payload.unwrap() {
                for memory in section {
                    let memory = memory.unwrap();
                    assert!(!memory.shared && !memory.memory64, "{name}");
                    // 64 KiB pages: a connection that idles is mostly this.
                    assert!(memory.initial <= 3, "{name} begins with {} pages", memory.initial);
                    memories += 1;
                }
            }
        }
        assert_eq!(memories, 1, "{name}");
    }
}
