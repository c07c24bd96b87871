//! Measures the cache. Each case runs in turns with a baseline, such as plain serde_json, so that
//! a busy machine slows down both.
//!
//! Entities have the shape of an appointment: 12 fields, two attendees, about 540 bytes of JSON.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]
#![allow(clippy::disallowed_methods, reason = "real time is measured")]

mod bulk;
mod changes;
mod data;
mod fragments;
mod memory;
mod results;
mod timing;
mod world;

use appointments_bench::{Options, Result};
use clap::Parser;

use results::Results;

/// Measures the cache.
#[derive(Debug, Parser)]
#[command(name = "bench-cache")]
struct Cli {
    #[command(flatten)]
    options: Options,
    /// Measure only the cases whose name begins with this text.
    #[arg(long, value_name = "CASE", default_value = "")]
    only: String,
}

fn main() -> Result<()> {
    let Cli { options, only } = Cli::parse();
    let mut results = Results::new(options.smoke, only);
    let sizes: &[usize] = if options.smoke { &[100, 1_000] } else { &[1_000, 10_000, 100_000] };
    for size in sizes {
        bulk::measure(&mut results, *size)?;
    }
    let (list, all) = if options.smoke { (500, 2_000) } else { (10_000, 100_000) };
    changes::optimistic(&mut results, list)?;
    changes::under_layers(&mut results, list)?;
    changes::events(&mut results, all)?;
    memory::measure(&mut results, all)?;
    results.print();
    results.report().write(&options)
}
