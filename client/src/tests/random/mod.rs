//! The simulation: one model server and some clients in one thread, in virtual time, everything drawn from a
//! seed: latencies, lines that are cut or never get through, answers that are lost or come twice, refusals, a pruned log, a
//! server that is restarted or restored from a backup, programs that end and run again, ranges that are watched and
//! not any more.
//!
//! `SIM_SEEDS` says how many worlds are played (from `SIM_FROM` on), `SIM_SEED` plays one and prints its story. Of a story that goes wrong
//! only the steps are printed that it takes.

#![allow(clippy::print_stdout, reason = "the story of a failure is its output")]

mod actions;
mod invariants;
mod reference;
mod shrink;
mod world;

use shrink::shrink;
use world::World;

/// What is done in a world before it is left to come to rest.
const STEPS: u64 = 120;

/// Plays some steps of a world; its story, or what went wrong and how it came to that.
fn play(seed: u64, steps: &[u64]) -> Result<Vec<String>, String> {
    let mut world = World::new(seed);
    let done = steps.iter().try_for_each(|it| world.step(*it)).and_then(|()| world.come_to_rest());
    match done {
        Ok(()) => Ok(world.story),
        Err(error) => Err(format!("{}\n{error}\nseed {seed}", world.story.join("\n"))),
    }
}

/// Plays a world whole; what went wrong is told with as few steps as it takes.
fn play_whole(seed: u64) -> Result<Vec<String>, String> {
    let all: Vec<u64> = (0..STEPS).collect();
    play(seed, &all).map_err(|whole| {
        let few = shrink(&all, |steps| play(seed, steps).is_err());
        let story = play(seed, &few).err().unwrap_or(whole);
        format!("{story}, by {} of its {STEPS} steps", few.len())
    })
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What must come up in so many worlds, for them to mean something.
const HAPPENS: [&str; 14] = [
    "\"RESET\"",
    "TimeSlotTaken",
    "RevisionConflict",
    "NotFound",
    "is lost",
    "is cut",
    "is swallowed",
    "server is started again",
    "runs again",
    "looks away",
    "off: true",
    "backup is taken",
    "backup is restored",
    "no line gets through",
];

#[test]
fn clients_agree() {
    if let Some(seed) = number("SIM_SEED") {
        let story = play_whole(seed).unwrap_or_else(|error| panic!("{error}"));
        return println!("{}", story.join("\n"));
    }
    let seeds = number("SIM_SEEDS").unwrap_or(2_000);
    let mut happened = HAPPENS.map(|it| (it, 0));
    for seed in number("SIM_FROM").unwrap_or(0)..seeds {
        let story = play_whole(seed).unwrap_or_else(|error| panic!("{error}"));
        for (what, times) in &mut happened {
            *times += story.iter().filter(|it| it.contains(*what)).count();
        }
    }
    println!("{seeds} worlds: {happened:?}");
    assert!(seeds < 100 || happened.iter().all(|(_, times)| *times > 0), "{happened:?}");
}
