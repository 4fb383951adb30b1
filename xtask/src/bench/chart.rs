//! `RESULTS.svg`: a bar for each workload, and a line where the fastest peer is.

use std::fmt::Write as _;

use super::measurement::Rate;
use super::results::{Better, Comparison, Results, Row, Table};

const WIDTH: f64 = 800.0;
/// Where bars start.
const LEFT: f64 = 236.0;
/// Width of a ratio of one.
const UNIT: f64 = 230.0;
/// A bar is cut at this ratio; its figure is not.
const LONGEST: f64 = 1.5;
/// From one bar to the next.
const STEP: f64 = 30.0;
const BAR: f64 = 18.0;
/// Where the first bar is.
const TOP: f64 = 56.0;

/// Readable on light and on dark ground, which shows through.
const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px }
.note { fill: #57606a }
.ahead { fill: #2da44e }
.behind { fill: #bf8700 }
.peer { stroke: #57606a; stroke-width: 1.5; stroke-dasharray: 4 3 }
.spread { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note { fill: #9198a1 }
  .ahead { fill: #3fb950 }
  .behind { fill: #d29922 }
  .peer { stroke: #9198a1 }
  .spread { stroke: #e6edf3 }
}
";

pub(super) fn draw(results: &Results) -> String {
    let mut bottom = TOP;
    let mut body = String::new();
    for bar in results.rates.iter().filter_map(bar) {
        draw_bar(&mut body, bottom, &bar);
        bottom += STEP;
    }
    let note = bottom + 20.0;
    let line = LEFT + UNIT;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\" aria-label=\"Throughput relative to the fastest peer\">\n\
         <style>\n{STYLE}</style>\n\
         <text class=\"title\" x=\"12\" y=\"22\">Throughput of Sandsock, relative to the fastest \
         peer of each workload</text>\n\
         <text class=\"note\" x=\"12\" y=\"44\">thin line: the middle half of the \
         rounds</text>\n\
         <text class=\"note\" x=\"{line}\" y=\"44\" text-anchor=\"middle\">fastest peer</text>\n\
         {body}\
         <line class=\"peer\" x1=\"{line}\" y1=\"50\" x2=\"{line}\" y2=\"{bottom}\"/>\n\
         <text class=\"note\" x=\"12\" y=\"{note}\">Sandsock as it comes: it busy-waits for few \
         connections and has Reno on loopback. The tables have it without, too.</text>\n\
         </svg>\n",
        height = note + 12.0,
    )
}

struct Bar {
    title: &'static str,
    /// Unless Sandsock failed.
    comparison: Option<Comparison>,
}

/// Of the first configuration of Sandsock: an instance for each connection. None
/// without a rival.
fn bar(table: &Table<Rate>) -> Option<Bar> {
    let own: &Row<Rate> = table.own().next()?;
    let comparison = table.against_rivals(own, |rate| rate.per_second, Better::Greater);
    let is_shown = comparison.is_some() || own.failure().is_some();
    is_shown.then_some(Bar { title: table.workload.title, comparison })
}

fn draw_bar(body: &mut String, top: f64, bar: &Bar) {
    let middle = top + BAR / 2.0;
    let baseline = middle + 4.5;
    let _ = writeln!(
        body,
        "<text x=\"{}\" y=\"{baseline}\" text-anchor=\"end\">{}</text>",
        LEFT - 10.0,
        bar.title
    );
    let Some(Comparison { ratio, with }) = &bar.comparison else {
        let _ = writeln!(body, "<text x=\"{LEFT}\" y=\"{baseline}\">failed</text>");
        return;
    };
    let x = |ratio: f64| LEFT + UNIT * ratio.min(LONGEST);
    let class = if ratio.median >= 1.0 { "ahead" } else { "behind" };
    let _ = writeln!(
        body,
        "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{top}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"2\"/>\n\
         <line class=\"spread\" x1=\"{:.1}\" y1=\"{middle}\" x2=\"{:.1}\" y2=\"{middle}\"/>\n\
         <text x=\"{:.1}\" y=\"{baseline}\">{:.2} <tspan class=\"note\">× {}</tspan></text>",
        x(ratio.median) - LEFT,
        x(ratio.lower),
        x(ratio.upper),
        x(ratio.upper.max(1.0)) + 10.0,
        ratio.median,
        with.title(),
    );
}
