//! What the host says when it cannot begin: one line, which names the flag.

use std::fs;

use crate::harness::component;
use crate::harness::server::{Server, run};

/// Expects an exit code, nothing on the standard output, and one line on the
/// standard error that holds all of `words`.
fn assert_refused(arguments: &[&str], code: i32, words: &[&str]) {
    let output = run(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    assert_eq!(output.stdout, b"");
    let first = error.lines().next().unwrap_or_default();
    assert!(words.iter().all(|word| first.contains(word)), "{arguments:?}: {error}");
    // Bad flags are followed by the usage.
    assert!(code == 2 || error.lines().count() == 1, "{error}");
}

/// Bounds what a server that should not start would take.
const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--max-connections", "10"];

fn serve<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    [&SERVE, flags].concat()
}

#[test]
fn a_taken_port_is_named() {
    let server = Server::start(&[]);
    let address = server.address();
    let arguments = ["serve", "--listen", &address.to_string(), "--max-connections", "10"];
    assert_refused(&arguments, 1, &["--listen", &address.port().to_string(), "taken"]);
}

#[test]
fn a_missing_component_is_named() {
    assert_refused(&serve(&["--app", "/nowhere/x.wasm"]), 1, &["--app", "/nowhere/x.wasm"]);
}

#[test]
fn a_flag_that_nobody_knows_is_named() {
    assert_refused(&serve(&["--speed", "11"]), 2, &["--speed"]);
}

#[test]
fn a_value_out_of_bounds_is_refused() {
    for (flags, words) in [
        (["--subprotocol", "a b"], ["option", "a b"]),
        (["--origin", "example.com"], ["option", "example.com"]),
        (["--congestion-control", "nosuch"], ["--congestion-control", "nosuch"]),
    ] {
        assert_refused(&serve(&flags), 1, &words);
    }
    for (flags, words) in [
        (["--max-head-bytes", "255"], ["--max-head-bytes", "255"]),
        (["--max-message-bytes", "2GiB"], ["--max-message-bytes", "2GiB"]),
        (["--max-headers", "7"], ["--max-headers", "7"]),
        (["--max-headers", "1001"], ["--max-headers", "1001"]),
        (["--max-output-bytes", "1023"], ["--max-output-bytes", "1023"]),
        (["--closing-timeout", "0s"], ["--closing-timeout", "0s"]),
        (["--idle-timeout", "0"], ["--idle-timeout", "0"]),
        (["--ping-interval", "5"], ["--ping-interval", "5"]),
        (["--busy-wait", "2ms"], ["--busy-wait", "2ms"]),
        (["--max-connections", "0"], ["--max-connections", "0"]),
        (["--compression", "maybe"], ["--compression", "maybe"]),
        (["--server-window-bits", "7"], ["--server-window-bits", "7"]),
        (["--listen", "nowhere"], ["--listen", "nowhere"]),
        (["--isolation", "none"], ["--isolation", "none"]),
    ] {
        assert_refused(&serve(&flags), 2, &words);
    }
}

#[test]
fn what_is_no_component_of_the_world_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let wat = |name: &str, text: &str| file(name, &wat::parse_str(text).unwrap());
    let needs_files = r#"(component
        (import "wasi:filesystem/types@0.2.0" (instance (export "open" (func)))))"#;
    let truncated = fs::read(component::path("echo.wasm")).unwrap();
    for (path, words) in [
        (file("text.wasm", b"not WebAssembly"), ["text.wasm", "not a WebAssembly component"]),
        (file("empty.wasm", b""), ["empty.wasm", "not a WebAssembly component"]),
        (wat("core.wasm", "(module)"), ["core.wasm", "core module"]),
        (wat("other.wasm", "(component)"), ["other.wasm", "sandsock:websocket/plugin"]),
        (wat("files.wasm", needs_files), ["files.wasm", "wasi:filesystem/types@0.2.0"]),
        (file("cut.wasm", &truncated[..truncated.len() / 2]), ["cut.wasm", "not a valid"]),
    ] {
        assert_refused(&serve(&["--app", &path]), 1, &words);
    }
    // A component of ours, of the other world.
    let protocol = component::path("protocol.wasm");
    let arguments = serve(&["--app", protocol.to_str().unwrap()]);
    assert_refused(&arguments, 1, &["protocol.wasm", "sandsock:websocket/plugin"]);
}

#[test]
fn help_and_version_are_printed() {
    let help = run(&["serve", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8(help.stdout).unwrap().contains("--isolation"));
    assert!(run(&["--version"]).stdout.starts_with(b"sandsock "));
}
