//! Options, figures and statistics that all benchmarks share.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, result};

use clap::Args;
use serde_json::{Map, Value};

/// Any error ends a benchmark.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The result of a benchmark or of one of its steps.
pub type Result<T, E = Failure> = result::Result<T, E>;

/// The options of every benchmark.
#[derive(Debug, Args)]
pub struct Options {
    /// Write the figures to this file as JSON. Databases are created next to it, so it should be
    /// on a real disk.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Run briefly to check that everything works; the figures mean nothing.
    #[arg(long)]
    pub smoke: bool,
}

impl Options {
    /// Creates the folder of the output file, and returns its path.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be created.
    pub fn create_folder(&self) -> Result<&Path> {
        let parent = self.out.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        Ok(folder)
    }
}

/// The figures of a run by case.
#[derive(Debug, Default)]
pub struct Report(Map<String, Value>);

impl Report {
    /// Adds the figures of a case.
    pub fn insert(&mut self, case: impl Into<String>, figures: Value) {
        self.0.insert(case.into(), figures);
    }

    /// Writes the figures to the output file.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub fn write(self, options: &Options) -> Result<()> {
        if options.smoke {
            println!("\nThis was a smoke run: the figures mean nothing.");
        }
        options.create_folder()?;
        let text = serde_json::to_string_pretty(&Value::Object(self.0))? + "\n";
        Ok(fs::write(&options.out, text)?)
    }
}

/// Returns the median, or zero for no times.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Returns the least time that `percent` of all times do not exceed, or zero for no times.
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Converts a time to milliseconds.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Converts a time to microseconds.
pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Converts a time to nanoseconds.
pub fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// Rounds a figure to two decimals. More of them would be noise.
pub fn round(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
