//! The oracle: any story of queries, events, mutations, refusals, lost answers, reconnects and restarts, and
//! after every step the view is what a tiny reference says.
//!
//! `ORACLE_RUNS` says how many stories are played, `ORACLE_SEED` plays one of them and prints it.

#![allow(clippy::print_stdout, reason = "the story of a failure is its output")]

mod fragments;
mod reference;
mod scenario;
mod server;
mod watcher;

use scenario::Story;

/// Steps of a story.
const STEPS: usize = 60;

/// Small numbers that follow from a seed (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((it ^ (it >> 31)) % bound as u64) as usize
    }

    /// True once in `times`.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        if choices.is_empty() { None } else { choices.get(self.below(choices.len())) }
    }
}

/// Plays one story. What went wrong comes with the steps that led there.
fn play(seed: u64, is_blind: bool) -> Result<(), String> {
    let mut story = Story::new(seed, is_blind);
    let done = (0..STEPS).try_for_each(|_| story.step()).and_then(|()| story.end());
    done.map_err(|error| format!("{}\n{error}\nseed {seed}", story.told.join("\n")))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn every_view_is_what_the_reference_says() {
    if let Some(seed) = number("ORACLE_SEED") {
        return play(seed, false).unwrap_or_else(|error| panic!("{error}"));
    }
    for seed in 0..number("ORACLE_RUNS").unwrap_or(10_000) {
        play(seed, false).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn the_oracle_sees_what_is_wrong() {
    // A reference that does not know of refusals is found out soon.
    assert!((0..100).any(|seed| play(seed, true).is_err()));
}
