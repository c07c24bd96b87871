//! The oracle: random scenarios of queries, events, mutations, refusals, lost responses, reconnects
//! and restarts. After each step the views must equal those of a simple reference.
//!
//! `ORACLE_RUNS` sets the number of scenarios (10,000). `ORACLE_SEED` runs a single one.

#![allow(clippy::print_stdout, reason = "the steps of a failed scenario are the output")]

mod fragments;
mod reference;
mod scenario;
mod server;
mod watcher;

use scenario::Scenario;

/// The number of steps in a scenario.
const STEPS: usize = 60;

/// Whether the reference records refused mutations.
#[derive(Clone, Copy, PartialEq)]
enum Refusals {
    Recorded,
    /// A wrong reference, to check that the oracle finds errors.
    Ignored,
}

/// Runs one scenario. An error contains the steps that led to it.
fn run(seed: u64, refusals: Refusals) -> Result<(), String> {
    let mut scenario = Scenario::new(seed, refusals);
    let result = (0..STEPS).try_for_each(|_| scenario.step()).and_then(|()| scenario.finish());
    result.map_err(|error| format!("{}\n{error}\nseed {seed}", scenario.log.join("\n")))
}

/// Returns the number in an environment variable; `None` if it is not set.
pub(crate) fn number_from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn every_view_equals_that_of_the_reference() {
    if let Some(seed) = number_from_env("ORACLE_SEED") {
        return run(seed, Refusals::Recorded).unwrap_or_else(|error| panic!("{error}"));
    }
    for seed in 0..number_from_env("ORACLE_RUNS").unwrap_or(10_000) {
        run(seed, Refusals::Recorded).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn the_oracle_finds_errors() {
    assert!((0..100).any(|seed| run(seed, Refusals::Ignored).is_err()));
}
