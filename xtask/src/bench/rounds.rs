//! `rounds.json`: what every single measurement said, for those who want to judge for
//! themselves.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::results::{Results, Row, Table};

/// Workloads by name; in each, servers by title; of each, one entry for a round: the
/// load generator's answer, or why there is none.
pub(super) fn json(results: &Results) -> Value {
    let mut workloads = Map::new();
    for table in results.rates.iter().chain(&results.workers) {
        workloads.insert(table.workload.name.to_owned(), servers(table));
    }
    if let Some(table) = &results.idle {
        workloads.insert(table.workload.name.to_owned(), servers(table));
    }
    workloads.into()
}

fn servers<T: Serialize>(table: &Table<T>) -> Value {
    table.rows.iter().map(|row| (row.server.title(), rounds(row))).collect()
}

fn rounds<T: Serialize>(row: &Row<T>) -> Value {
    row.rounds.iter().map(round).collect()
}

fn round<T: Serialize>(round: &Result<T, String>) -> Value {
    match round {
        Ok(measured) => json!(measured),
        Err(failure) => json!({ "failed": failure }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::server::{PEERS, Server};
    use crate::bench::workload::WORKLOADS;

    #[test]
    fn each_round_of_each_server_is_there_and_why_one_failed() {
        let rounds = vec![Ok(1.5), Err("no echo".to_owned())];
        let rows = vec![Row { server: Server::Peer(&PEERS[0]), rounds }];
        let servers = servers(&Table { workload: &WORKLOADS[0], rows });
        assert_eq!(servers, json!({ PEERS[0].name: [1.5, { "failed": "no echo" }] }));
    }
}
