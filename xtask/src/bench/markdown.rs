//! `RESULTS.md`.

use std::fmt::Write as _;

use super::machine::Machine;
use super::measurement::{Occupancy, Rate};
use super::results::{Better, Comparison, Results, Row, Table};
use super::statistic::Statistic;
use super::workload::Kind;

/// Cores busy with something else from which on figures are not to be trusted.
const DISTURBANCE: f64 = 0.1;

/// The whole page.
pub(super) fn page(machine: &Machine, results: &Results) -> String {
    let mut page = head(machine, results);
    page.push_str("\n## Sandsock against the best of the others\n\n");
    page.push_str(&summary(results));
    for table in &results.rates {
        page.push_str(&rates(table));
    }
    if let Some(table) = &results.idle {
        page.push_str(&idle(table));
    }
    if let Some(table) = &results.workers {
        page.push_str(&rates(table));
    }
    page
}

/// A warning, where the machine was busy with something else.
pub(super) fn disturbance(others: Option<Statistic>) -> Option<String> {
    let median = others?.median;
    let warns = median > DISTURBANCE;
    warns.then(|| format!("{median:.2} cores were busy with something else: not to be quoted."))
}

/// How many cores were busy with something else.
fn busy(others: Option<Statistic>) -> String {
    others.map_or_else(missing, |Statistic { median, upper, .. }| {
        format!("{median:.2} cores (median); {upper:.2} or more in a quarter of the measurements")
    })
}

fn head(machine: &Machine, results: &Results) -> String {
    let Machine { date, command, processor, memory, kernel, congestion_control, versions } =
        machine;
    let Results { rounds, seconds, .. } = results;
    let warning = disturbance(results.other_cores())
        .map_or_else(String::new, |warning| format!("**{warning}**\n\n"));
    let others = busy(results.other_cores());
    format!(
        "# Results\n\n\
         [README.md](README.md) says what is measured and what the figures mean. They are\n\
         medians over the rounds. Brackets hold the middle half of the rounds: for a ratio its\n\
         lower and upper end, for anything else its width in % of the median.\n\n\
         {warning}\
         ![Throughput of Sandsock relative to the fastest peer](RESULTS.svg)\n\n\
         | | |\n|---|---|\n\
         | command | `{command}` |\n\
         | date | {date} |\n\
         | rounds | {rounds}, of {seconds} s for each server |\n\
         | processor | {processor}; one core is the server's, one the load's |\n\
         | memory | {memory} |\n\
         | busy with something else | {others} |\n\
         | kernel | {kernel} |\n\
         | congestion control | {congestion_control}; reno for raw and for Sandsock, except in \
         rows that say system |\n\
         | versions | {} |\n",
        versions.join(", ")
    )
}

/// Ratios; what a reader in a hurry looks at.
pub(super) fn summary(results: &Results) -> String {
    let mut text = String::from(
        "| workload | fastest peer | throughput ÷ its | ÷ raw TCP's | p99 latency ÷ best peer's \
         | CPU ÷ best peer's |\n|---|---|---|---|---|---|\n",
    );
    for table in &results.rates {
        for row in table.own() {
            text.push_str(&summary_line(table, row));
        }
    }
    if let Some(table) = &results.idle {
        text.push_str(
            "\n| idle connections | KiB each | best peer | KiB ÷ its |\n|---|---|---|---|\n",
        );
        for row in table.own() {
            let against = table.against_rivals(row, Occupancy::pss, Better::Less);
            text.push_str(&line(
                row,
                &[
                    cell(row.statistic(Occupancy::pss)),
                    rival(against.as_ref()),
                    ratio(against.map(|against| against.ratio)),
                ],
            ));
        }
    }
    if let Some(table) = &results.workers {
        text.push_str("\n| worker threads | CPU per message ÷ one worker's |\n|---|---|\n");
        for pair in table.rows.chunks_exact(2) {
            text.push_str(&line(&pair[1], &[ratio(pair[1].ratio(&pair[0], cpu))]));
        }
    }
    text
}

fn summary_line(table: &Table<Rate>, row: &Row<Rate>) -> String {
    let mut title = table.workload.title.to_owned();
    if table.own().count() > 1 {
        let _ = write!(title, ": {}", row.server.title());
    }
    if let Some(failure) = row.failure() {
        return format!("| {title} | failed: {failure} | | | | |\n");
    }
    let throughput = table.against_rivals(row, rate, Better::Greater);
    let only_ratio = |against: Option<Comparison>| ratio(against.map(|against| against.ratio));
    format!(
        "| {title} | {} | {} | {} | {} | {} |\n",
        rival(throughput.as_ref()),
        ratio(throughput.as_ref().map(|against| against.ratio)),
        ratio(table.against_raw(row, rate)),
        only_ratio(table.against_rivals(row, p99, Better::Less)),
        only_ratio(table.against_rivals(row, cpu, Better::Less)),
    )
}

fn rates(table: &Table<Rate>) -> String {
    let of = match table.workload.kind {
        Kind::Accept => "connection",
        _ => "message",
    };
    let others = busy(Statistic::of(table.other_cores()));
    let mut text = format!(
        "\n## {}\n\nBusy with something else: {others}.\n\n| server | {of}s/s | MB/s | p50 µs | p99 µs | CPU µs/{of} | bytes back | load busy |\n\
         |---|---|---|---|---|---|---|---|\n",
        table.workload.title
    );
    for row in &table.rows {
        let megabytes = |rate: &Rate| rate.mb_per_second.unwrap_or(f64::NAN);
        text.push_str(&line(
            row,
            &[
                cell(row.statistic(rate)),
                plain(row.statistic(megabytes)),
                plain(row.statistic(|rate| rate.p50_us)),
                cell(row.statistic(p99)),
                cell(row.statistic(cpu)),
                plain(row.statistic(|rate| rate.bytes_back)),
                plain(row.statistic(|rate| rate.load_cpu_share)),
            ],
        ));
    }
    text
}

fn idle(table: &Table<Occupancy>) -> String {
    let mut text = format!(
        "\n## {}\n\n| server | KiB each (PSS) | (RSS) | page tables, KiB each \
         | MiB before (RSS) | open | after |\n|---|---|---|---|---|---|---|\n",
        table.workload.title
    );
    for row in &table.rows {
        text.push_str(&line(
            row,
            &[
                cell(row.statistic(Occupancy::pss)),
                plain(row.statistic(Occupancy::rss)),
                plain(row.statistic(Occupancy::page_tables)),
                plain(row.statistic(|memory| memory.before.rss / 1024.0)),
                plain(row.statistic(|memory| memory.open.rss / 1024.0)),
                plain(row.statistic(|memory| memory.after.rss / 1024.0)),
            ],
        ));
    }
    text
}

/// A line of a table; a server that failed says why instead.
fn line<T>(row: &Row<T>, cells: &[String]) -> String {
    let cells = match row.failure() {
        None => cells.join(" | "),
        Some(failure) => format!("failed: {failure}{}", " |".repeat(cells.len() - 1)),
    };
    format!("| {} | {cells} |\n", row.server.title())
}

fn rival(against: Option<&Comparison>) -> String {
    against.map_or_else(missing, |against| against.with.title().to_owned())
}

fn rate(rate: &Rate) -> f64 {
    rate.per_second
}

fn p99(rate: &Rate) -> f64 {
    rate.p99_us
}

fn cpu(rate: &Rate) -> f64 {
    rate.server_cpu_us
}

/// The median, and the spread.
fn cell(statistic: Option<Statistic>) -> String {
    statistic.map_or_else(missing, |statistic| figure(statistic.median) + &spread(statistic))
}

/// A ratio, and where the middle half of the pairs lies.
fn ratio(statistic: Option<Statistic>) -> String {
    statistic.map_or_else(missing, |Statistic { median, lower, upper }| {
        if lower < upper {
            format!("{median:.2} ({lower:.2}-{upper:.2})")
        } else {
            format!("{median:.2}")
        }
    })
}

fn spread(statistic: Statistic) -> String {
    statistic.spread().map_or_else(String::new, |spread| format!(" ({spread:.0} %)"))
}

/// The median only.
fn plain(statistic: Option<Statistic>) -> String {
    statistic.map_or_else(missing, |statistic| figure(statistic.median))
}

fn missing() -> String {
    "-".to_owned()
}

/// Three digits or more, thousands apart.
fn figure(number: f64) -> String {
    let decimals = match number {
        _ if number.is_nan() => return missing(),
        _ if number >= 100.0 => 0,
        _ if number >= 10.0 => 1,
        _ => 2,
    };
    let digits = format!("{number:.decimals$}");
    if decimals > 0 {
        return digits;
    }
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_show_three_digits_and_thousands_apart() {
        let figures = [0.12345, 3.456, 34.56, 345.6, 3456.7, 1_234_567.0];
        let shown = figures.map(figure);
        assert_eq!(shown, ["0.12", "3.46", "34.6", "346", "3,457", "1,234,567"]);
        assert_eq!(figure(f64::NAN), "-");
    }
}
