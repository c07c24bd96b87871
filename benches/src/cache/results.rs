//! The figures, for people and for programs.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::Result;
use crate::timing::Paired;

/// Everything that was measured.
pub(crate) struct Report {
    smoke: bool,
    only: String,
    lines: Vec<Line>,
    notes: Vec<String>,
}

/// One case.
struct Line {
    name: &'static str,
    n: usize,
    /// What it took, and what that is a multiple of; nanoseconds or bytes.
    ours: f64,
    floor: Option<f64>,
    bar: Bar,
    unit: &'static str,
}

/// What was promised.
enum Bar {
    Ratio(f64),
    Below(f64),
    None,
}

impl Report {
    pub(crate) fn new(smoke: bool, only: &str) -> Self {
        Self { smoke, only: only.to_owned(), lines: Vec::new(), notes: Vec::new() }
    }

    /// Whether a case is asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        name.starts_with(&self.only)
    }

    /// How often something is done.
    pub(crate) fn times(&self, times: usize) -> usize {
        if self.smoke { times.min(3) } else { times }
    }

    pub(crate) fn ratio(&mut self, name: &'static str, n: usize, paired: &Paired, bar: f64) {
        let (ours, floor) = (nanos(paired.ours), nanos(paired.floor));
        self.add(Line { name, n, ours, floor: Some(floor), bar: Bar::Ratio(bar), unit: "ns" });
    }

    pub(crate) fn time(&mut self, name: &'static str, n: usize, took: Duration, bar_ns: u32) {
        let (ours, bar) = (nanos(took), Bar::Below(bar_ns.into()));
        self.add(Line { name, n, ours, floor: None, bar, unit: "ns" });
    }

    pub(crate) fn memory(
        &mut self,
        name: &'static str,
        n: usize,
        bytes: usize,
        text: usize,
        bar: Option<f64>,
    ) {
        let bar = bar.map_or(Bar::None, Bar::Ratio);
        let (ours, floor) = (bytes as f64, Some(text as f64));
        self.add(Line { name, n, ours, floor, bar, unit: "bytes" });
    }

    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    fn add(&mut self, line: Line) {
        eprintln!("{}", line.text());
        self.lines.push(line);
    }

    pub(crate) fn print(&self) {
        println!(
            "\n{:<24} {:>7} {:>14} {:>14} {:>6} {:>10}",
            "case", "n", "p50", "floor", "ratio", "bar"
        );
        for line in &self.lines {
            println!("{}", line.text());
        }
        for note in &self.notes {
            println!("{note}");
        }
        if self.smoke {
            println!("\nThis was a smoke run: the figures mean nothing.");
        }
    }

    /// Writes JSON to a file, whose folder is made.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let mut all = Map::new();
        for Line { name, n, ours, floor, bar, unit } in &self.lines {
            let mut figures = json!({ "n": n, format!("p50_{unit}"): ours.round() });
            if let Some(floor) = floor {
                figures[format!("floor_{unit}")] = json!(floor.round());
                figures["ratio"] = json!((ours / floor * 100.0).round() / 100.0);
            }
            match bar {
                Bar::Ratio(bar) => figures["bar_ratio"] = json!(bar),
                Bar::Below(bar) => figures["bar_ns"] = json!(bar),
                Bar::None => {}
            }
            all.insert(format!("{name}, {n}"), figures);
        }
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string_pretty(&Value::Object(all))? + "\n";
        Ok(std::fs::write(file, text)?)
    }
}

impl Line {
    fn text(&self) -> String {
        let Self { name, n, ours, floor, bar, unit } = self;
        let show = |it: f64| match *unit {
            "ns" if it < 10_000.0 => format!("{it:.0} ns"),
            "ns" if it < 10_000_000.0 => format!("{:.1} µs", it / 1e3),
            "ns" => format!("{:.1} ms", it / 1e6),
            _ => format!("{:.1} MB", it / 1e6),
        };
        let ratio = floor.map(|it| ours / it);
        let (bar, is_met) = match bar {
            Bar::Ratio(bar) => (format!("{bar:.1}"), ratio.is_none_or(|it| it <= *bar)),
            Bar::Below(bar) => (show(*bar), ours <= bar),
            Bar::None => (String::new(), true),
        };
        format!(
            "{name:<24} {n:>7} {:>14} {:>14} {:>6} {bar:>10}{}",
            show(*ours),
            floor.map(show).unwrap_or_default(),
            ratio.map(|it| format!("{it:.2}")).unwrap_or_default(),
            if is_met { "" } else { "  missed" },
        )
    }
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}
