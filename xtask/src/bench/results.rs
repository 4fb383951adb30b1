//! What was measured, and what it says about Sandsock.

use super::measurement::{Memory, Occupancy, Rate};
use super::server::Server;
use super::statistic::Statistic;
use super::workload::Workload;

/// All of a run.
#[derive(Default)]
pub(super) struct Results {
    /// Echo of all kinds, and lives of connections.
    pub(super) rates: Vec<Table<Rate>>,
    pub(super) idle: Option<Table<Occupancy>>,
    pub(super) workers: Option<Table<Rate>>,
    pub(super) rounds: u32,
    pub(super) seconds: f64,
}

/// A workload's measurements.
pub(super) struct Table<T> {
    pub(super) workload: &'static Workload,
    /// Sandsock first.
    pub(super) rows: Vec<Row<T>>,
}

/// A server's measurements, one for each round; or why there are none.
pub(super) struct Row<T> {
    pub(super) server: Server,
    pub(super) rounds: Vec<Result<T, String>>,
}

/// A figure of one measurement.
pub(super) type Metric<T> = fn(&T) -> f64;

/// Which of two figures is better.
#[derive(Clone, Copy)]
pub(super) enum Better {
    Greater,
    Less,
}

/// Sandsock compared with another server, round by round.
pub(super) struct Comparison {
    /// Sandsock's figure divided by the other's.
    pub(super) ratio: Statistic,
    pub(super) with: Server,
}

impl Results {
    /// Cores that were busy with something else than the servers and the load.
    pub(super) fn other_cores(&self) -> Option<Statistic> {
        Statistic::of(self.rates.iter().flat_map(Table::other_cores))
    }

    /// Whether a server failed in any round.
    pub(super) fn has_failure(&self) -> bool {
        self.rates.iter().chain(&self.workers).any(Table::has_failure)
            || self.idle.as_ref().is_some_and(Table::has_failure)
    }
}

impl<T> Row<T> {
    /// Why a round failed, if one did.
    pub(super) fn failure(&self) -> Option<&str> {
        self.rounds.iter().find_map(|round| round.as_ref().err()).map(String::as_str)
    }

    /// Unless a round failed.
    pub(super) fn statistic(&self, metric: Metric<T>) -> Option<Statistic> {
        Statistic::of(self.values(metric)?)
    }

    fn values(&self, metric: Metric<T>) -> Option<Vec<f64>> {
        self.rounds.iter().map(|round| round.as_ref().ok().map(metric)).collect()
    }

    /// This row's figures divided by the other's of the same round.
    pub(super) fn ratio(&self, other: &Self, metric: Metric<T>) -> Option<Statistic> {
        let pairs = self.values(metric)?.into_iter().zip(other.values(metric)?);
        Statistic::of(pairs.map(|(own, others)| own / others))
    }
}

impl<T> Table<T> {
    /// The best of the rivals, by its median.
    pub(super) fn best_rival(&self, metric: Metric<T>, better: Better) -> Option<&Row<T>> {
        let median = |row: &&Row<T>| row.statistic(metric).map(|figure| figure.median);
        let rivals = self.rows.iter().filter(|row| row.server.is_rival() && median(row).is_some());
        let order = |one: &&Row<T>, other: &&Row<T>| {
            let (one, other) = (median(one).unwrap_or(f64::NAN), median(other).unwrap_or(f64::NAN));
            match better {
                Better::Greater => one.total_cmp(&other),
                Better::Less => other.total_cmp(&one),
            }
        };
        rivals.max_by(order)
    }

    /// `row` against the best of the rivals.
    pub(super) fn against_rivals(
        &self,
        row: &Row<T>,
        metric: Metric<T>,
        better: Better,
    ) -> Option<Comparison> {
        let rival = self.best_rival(metric, better)?;
        Some(Comparison { ratio: row.ratio(rival, metric)?, with: rival.server })
    }

    /// `row` against raw TCP.
    pub(super) fn against_raw(&self, row: &Row<T>, metric: Metric<T>) -> Option<Statistic> {
        row.ratio(self.rows.iter().find(|row| row.server.is_raw())?, metric)
    }

    fn has_failure(&self) -> bool {
        self.rows.iter().any(|row| row.failure().is_some())
    }

    /// The rows of Sandsock.
    pub(super) fn own(&self) -> impl Iterator<Item = &Row<T>> {
        self.rows.iter().filter(|row| matches!(row.server, Server::Sandsock { .. }))
    }
}

impl Table<Rate> {
    /// Of each measurement, the cores that were busy with something else.
    pub(super) fn other_cores(&self) -> impl Iterator<Item = f64> {
        let rounds = self.rows.iter().flat_map(|row| &row.rounds);
        rounds.filter_map(|round| round.as_ref().ok()).map(|rate| rate.other_cores)
    }
}

/// KiB for each connection.
impl Occupancy {
    pub(super) fn pss(&self) -> f64 {
        self.each(|memory| memory.pss)
    }

    pub(super) fn rss(&self) -> f64 {
        self.each(|memory| memory.rss)
    }

    pub(super) fn page_tables(&self) -> f64 {
        self.each(|memory| memory.page_tables)
    }

    fn each(&self, part: impl Fn(&Memory) -> f64) -> f64 {
        (part(&self.open) - part(&self.before)) / f64::from(self.connections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::server::{Configuration, PEERS};
    use crate::bench::workload::WORKLOADS;

    fn row(server: Server, figures: &[f64]) -> Row<f64> {
        Row { server, rounds: figures.iter().copied().map(Ok).collect() }
    }

    fn table() -> Table<f64> {
        let own = Server::Sandsock(Configuration::Default);
        Table {
            workload: &WORKLOADS[0],
            rows: vec![
                row(own, &[10.0, 12.0, 30.0]),
                // Raw TCP, which is no rival.
                row(Server::Peer(&PEERS[0]), &[20.0, 20.0, 60.0]),
                row(Server::Peer(&PEERS[1]), &[5.0, 8.0, 10.0]),
                row(Server::Peer(&PEERS[2]), &[4.0, 7.0, 90.0]),
            ],
        }
    }

    #[test]
    fn rounds_are_compared_pair_by_pair_with_the_rival_of_the_best_median() {
        let table = table();
        let better = Better::Greater;
        let comparison = table.against_rivals(&table.rows[0], |figure| *figure, better).unwrap();
        assert_eq!(comparison.with.title(), PEERS[1].name);
        let expected = Statistic { median: 2.0, lower: 1.5, upper: 3.0 };
        assert_eq!(comparison.ratio, expected);
        let raw = table.against_raw(&table.rows[0], |figure| *figure).unwrap();
        assert_eq!(raw, Statistic { median: 0.5, lower: 0.5, upper: 0.6 });
    }

    #[test]
    fn a_failed_round_takes_a_rival_out_and_is_told() {
        let mut table = table();
        table.rows[2].rounds[1] = Err("no echo".to_owned());
        assert_eq!(table.rows[2].failure(), Some("no echo"));
        let best = table.best_rival(|figure| *figure, Better::Greater).unwrap();
        assert_eq!(best.server.title(), PEERS[2].name);
        table.rows[0].rounds[0] = Err("crashed".to_owned());
        let own = &table.rows[0];
        assert!(table.against_rivals(own, |figure| *figure, Better::Greater).is_none());
    }
}
