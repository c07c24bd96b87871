//! What the cache costs: each case beside its floor in the same run, in turns, so that a noisy machine is as
//! noisy for both.
//!
//! Entities have the shape of an appointment: 12 fields, two attendees inside, about 540 bytes of JSON.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where people are spoken to")]
#![allow(clippy::disallowed_methods, reason = "real time is measured")]

mod bulk;
mod changes;
mod data;
mod fragments;
mod memory;
mod results;
mod timing;
mod world;

use std::path::PathBuf;

use clap::Parser;

use results::Report;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Failure> = std::result::Result<T, E>;

/// Measures what the cache costs.
#[derive(Debug, Parser)]
#[command(name = "bench-cache")]
struct Cli {
    /// Where the figures go, as JSON.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A moment of each, to see that it runs; its figures mean nothing.
    #[arg(long)]
    smoke: bool,
    /// Only the cases whose name begins so.
    #[arg(long, value_name = "CASE", default_value = "")]
    only: String,
}

fn main() -> Result<()> {
    let Cli { out, smoke, only } = Cli::parse();
    let mut report = Report::new(smoke, &only);
    let sizes: &[usize] = if smoke { &[100, 1_000] } else { &[1_000, 10_000, 100_000] };
    for n in sizes {
        bulk::measure(&mut report, *n)?;
    }
    let (list, all) = if smoke { (500, 2_000) } else { (10_000, 100_000) };
    changes::optimistic(&mut report, list)?;
    changes::under_layers(&mut report, list)?;
    changes::events(&mut report, all)?;
    memory::measure(&mut report, all)?;
    report.print();
    report.write(&out)
}
