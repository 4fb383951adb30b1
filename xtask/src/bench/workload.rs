//! What the servers are asked to do.

/// A workload.
pub(super) struct Workload {
    /// As on the command line.
    pub(super) name: &'static str,
    /// As in the results; for echo: payload × connections.
    pub(super) title: &'static str,
    /// Arguments of the load generator.
    pub(super) load: &'static [&'static str],
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Messages there and back.
    Echo,
    /// The same on so few connections that Sandsock waits awake for them.
    EchoFew,
    /// The same over TLS.
    EchoTls,
    /// The same with permessage-deflate.
    EchoCompressed,
    /// Whole lives of connections.
    Accept,
    /// Open connections that do nothing.
    Idle,
    /// Messages there and back, with one worker thread of Sandsock and with two.
    Workers,
}

pub(super) static WORKLOADS: &[Workload] = &[
    Workload { name: "16b", title: "16 B × 1", load: &["echo", "--size=16"], kind: Kind::EchoFew },
    echo("125b", "125 B × 64", &["echo", "--size=125", "--connections=64"]),
    echo(
        "125b-in-flight",
        "125 B × 64, 16 in flight",
        &["echo", "--size=125", "--connections=64", "--in-flight=16"],
    ),
    echo("1k", "1 KiB × 64", &["echo", "--size=1024", "--connections=64"]),
    echo(
        "16k-in-flight",
        "16 KiB × 16, 4 in flight",
        &["echo", "--size=16384", "--connections=16", "--in-flight=4"],
    ),
    Workload {
        name: "1m",
        title: "1 MiB × 4",
        load: &["echo", "--size=1048576", "--connections=4"],
        kind: Kind::EchoFew,
    },
    Workload {
        name: "4m-fragments",
        title: "4 MiB in 1 KiB fragments × 1",
        load: &["echo", "--size=4194304", "--fragment-bytes=1024"],
        kind: Kind::EchoFew,
    },
    echo(
        "text",
        "1 KiB of mixed scripts × 64",
        &["echo", "--size=1024", "--connections=64", "--text"],
    ),
    Workload {
        name: "compressed",
        title: "1 KiB compressed × 64",
        load: &["echo", "--size=1024", "--connections=64", "--compressed"],
        kind: Kind::EchoCompressed,
    },
    Workload {
        name: "wss",
        title: "1 KiB over TLS × 64",
        load: &["echo", "--size=1024", "--connections=64", "--tls"],
        kind: Kind::EchoTls,
    },
    Workload {
        name: "accept",
        title: "Accept, 64 connections at once",
        load: &["accept"],
        kind: Kind::Accept,
    },
    Workload { name: "idle", title: "10,000 idle connections", load: &["idle"], kind: Kind::Idle },
    Workload {
        name: "workers",
        title: "Two worker threads, 1 KiB × 64",
        load: &["echo", "--size=1024", "--connections=64"],
        kind: Kind::Workers,
    },
];

const fn echo(name: &'static str, title: &'static str, load: &'static [&'static str]) -> Workload {
    Workload { name, title, load, kind: Kind::Echo }
}

/// The workload of that name.
pub(super) fn find(name: &str) -> Result<&'static Workload, String> {
    WORKLOADS.iter().find(|workload| workload.name == name).ok_or_else(|| {
        let names: Vec<_> = WORKLOADS.iter().map(|workload| workload.name).collect();
        format!("the workloads are {}", names.join(", "))
    })
}
