//! The figures of all cases, as a table and as JSON.

use std::time::Duration;

use appointments_bench::{Report, nanos, round};
use serde_json::json;

use crate::timing::Pair;

/// The figures of a run. They are printed as soon as they are added.
pub(crate) struct Results {
    smoke: bool,
    /// A prefix of the names of the cases to measure.
    only: String,
    figures: Vec<Figure>,
    notes: Vec<String>,
}

/// The figure of one case.
struct Figure {
    name: &'static str,
    /// The number of appointments.
    n: usize,
    /// The cost of the cache, in `unit`.
    cost: f64,
    /// The cost of the same without the cache, in `unit`.
    baseline: Option<f64>,
    limit: Limit,
    unit: &'static str,
}

/// The greatest cost that a case should have.
enum Limit {
    /// A multiple of the baseline.
    Ratio(f64),
    /// An absolute cost, in the figure's unit.
    Cost(f64),
    None,
}

impl Results {
    pub(crate) fn new(smoke: bool, only: String) -> Self {
        Self { smoke, only, figures: Vec::new(), notes: Vec::new() }
    }

    /// Whether a case is to be measured.
    pub(crate) fn is_selected(&self, name: &str) -> bool {
        name.starts_with(&self.only)
    }

    /// Returns the number of repetitions, which is small in a smoke run.
    pub(crate) fn repeats(&self, repeats: usize) -> usize {
        if self.smoke { repeats.min(3) } else { repeats }
    }

    /// Adds a time with a baseline. The limit is a multiple of the baseline.
    pub(crate) fn add_ratio(&mut self, name: &'static str, n: usize, pair: &Pair, limit: f64) {
        self.add(Figure {
            name,
            n,
            cost: nanos(pair.cache),
            baseline: Some(nanos(pair.baseline)),
            limit: Limit::Ratio(limit),
            unit: "ns",
        });
    }

    /// Adds a time without a baseline.
    pub(crate) fn add_time(&mut self, name: &'static str, n: usize, time: Duration, limit_ns: u32) {
        self.add(Figure {
            name,
            n,
            cost: nanos(time),
            baseline: None,
            limit: Limit::Cost(limit_ns.into()),
            unit: "ns",
        });
    }

    /// Adds an amount of memory. The baseline is the length of the JSON.
    pub(crate) fn add_memory(
        &mut self,
        name: &'static str,
        n: usize,
        bytes: usize,
        json_bytes: usize,
        limit: Option<f64>,
    ) {
        self.add(Figure {
            name,
            n,
            cost: bytes as f64,
            baseline: Some(json_bytes as f64),
            limit: limit.map_or(Limit::None, Limit::Ratio),
            unit: "bytes",
        });
    }

    /// Adds a line that is printed below the table.
    pub(crate) fn add_note(&mut self, note: String) {
        self.notes.push(note);
    }

    fn add(&mut self, figure: Figure) {
        eprintln!("{}", figure.row());
        self.figures.push(figure);
    }

    pub(crate) fn print(&self) {
        println!(
            "\n{:<24} {:>7} {:>14} {:>14} {:>6} {:>10}",
            "case", "n", "p50", "baseline", "ratio", "limit"
        );
        for figure in &self.figures {
            println!("{}", figure.row());
        }
        for note in &self.notes {
            println!("{note}");
        }
    }

    pub(crate) fn report(&self) -> Report {
        let mut report = Report::default();
        for Figure { name, n, cost, baseline, limit, unit } in &self.figures {
            let mut figures = json!({ "n": n, format!("p50_{unit}"): cost.round() });
            if let Some(baseline) = baseline {
                figures[format!("floor_{unit}")] = json!(baseline.round());
                figures["ratio"] = json!(round(cost / baseline));
            }
            match limit {
                Limit::Ratio(limit) => figures["bar_ratio"] = json!(limit),
                Limit::Cost(limit) => figures["bar_ns"] = json!(limit),
                Limit::None => {}
            }
            report.insert(format!("{name}, {n}"), figures);
        }
        report
    }
}

impl Figure {
    /// Formats a row of the table.
    fn row(&self) -> String {
        let Self { name, n, cost, baseline, limit, unit } = self;
        let format_cost = |it: f64| match *unit {
            "ns" if it < 10_000.0 => format!("{it:.0} ns"),
            "ns" if it < 10_000_000.0 => format!("{:.1} µs", it / 1e3),
            "ns" => format!("{:.1} ms", it / 1e6),
            _ => format!("{:.1} MB", it / 1e6),
        };
        let ratio = baseline.map(|it| cost / it);
        let (limit, is_met) = match limit {
            Limit::Ratio(limit) => (format!("{limit:.1}"), ratio.is_none_or(|it| it <= *limit)),
            Limit::Cost(limit) => (format_cost(*limit), cost <= limit),
            Limit::None => (String::new(), true),
        };
        format!(
            "{name:<24} {n:>7} {:>14} {:>14} {:>6} {limit:>10}{}",
            format_cost(*cost),
            baseline.map(format_cost).unwrap_or_default(),
            ratio.map(|it| format!("{it:.2}")).unwrap_or_default(),
            if is_met { "" } else { "  missed" },
        )
    }
}
