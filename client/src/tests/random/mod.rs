//! The random tests, or simulation: one model server and a few clients in one thread, in virtual
//! time.
//!
//! A seed decides everything: latencies, connections that are lost or cannot be opened, responses
//! that are lost or duplicated, refusals, pruned logs, server restarts, restored backups, client
//! restarts, and which ranges are watched.
//!
//! `SIM_SEEDS` is the number of worlds to play, and `SIM_FROM` the first seed. `SIM_SEED` plays one
//! world and prints its story. A world that fails is shrunk to the steps that matter.

#![allow(clippy::print_stdout, reason = "the story of a world is the test's output")]

mod actions;
mod invariants;
mod network;
mod reference;
mod shrink;
mod world;

use shrink::shrink;
use world::World;

/// The number of steps in a world, before it comes to rest.
const STEPS: u64 = 120;

/// Plays some steps of a world. Returns its story, or the story and the failure.
fn play_steps(seed: u64, steps: &[u64]) -> Result<Vec<String>, String> {
    let mut world = World::new(seed);
    let steps = steps.iter().try_for_each(|it| world.step(*it));
    match steps.and_then(|()| world.come_to_rest()) {
        Ok(()) => Ok(world.story),
        Err(error) => Err(format!("{}\n{error}\nseed {seed}", world.story.join("\n"))),
    }
}

/// Plays a whole world. If it fails, returns the failure with the fewest steps that cause one.
fn play(seed: u64) -> Result<Vec<String>, String> {
    let all: Vec<u64> = (0..STEPS).collect();
    play_steps(seed, &all).map_err(|failure| {
        let few = shrink(&all, |steps| play_steps(seed, steps).is_err());
        let story = play_steps(seed, &few).err().unwrap_or(failure);
        format!("{story}, after {} of its {STEPS} steps", few.len())
    })
}

fn env_number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Texts that must occur in the stories of 100 worlds or more, or the test would mean little.
const MUST_OCCUR: [&str; 14] = [
    "\"RESET\"",
    "TimeSlotTaken",
    "RevisionConflict",
    "NotFound",
    "is lost",
    "is disconnected",
    "is dropped",
    "server restarts",
    "from its snapshot",
    "stops watching",
    "success: true",
    "a backup is taken",
    "the backup is restored",
    "can open no connection",
];

#[test]
fn clients_agree() {
    if let Some(seed) = env_number("SIM_SEED") {
        let story = play(seed).unwrap_or_else(|error| panic!("{error}"));
        return println!("{}", story.join("\n"));
    }
    let seeds = env_number("SIM_SEEDS").unwrap_or(2_000);
    let mut occurrences = MUST_OCCUR.map(|it| (it, 0));
    for seed in env_number("SIM_FROM").unwrap_or(0)..seeds {
        let story = play(seed).unwrap_or_else(|error| panic!("{error}"));
        for (text, count) in &mut occurrences {
            *count += story.iter().filter(|line| line.contains(*text)).count();
        }
    }
    println!("{seeds} worlds: {occurrences:?}");
    let is_representative = occurrences.iter().all(|(_, count)| *count > 0);
    assert!(seeds < 100 || is_representative, "{occurrences:?}");
}
