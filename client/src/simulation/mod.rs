//! The simulation: one model server and some clients in one thread, in virtual time, everything drawn from a
//! seed: latencies, lines that are cut, answers that are lost or come twice, refusals, a pruned log, ranges that are
//! watched and not any more.
//!
//! `SIM_SEEDS` says how many worlds are played, `SIM_SEED` plays one and prints its story.

#![allow(clippy::print_stdout, reason = "the story of a failure is its output")]

mod checks;
mod conformance;
mod people;
mod races;
mod reference;
mod server;
mod world;

use world::World;

/// What is done in a world before it is left to come to rest.
const STEPS: usize = 120;

/// Plays a world; its story, or what went wrong and how it came to that.
fn play(seed: u64) -> Result<Vec<String>, String> {
    let mut world = World::new(seed);
    let done = (0..STEPS).try_for_each(|_| world.step()).and_then(|()| world.come_to_rest());
    match done {
        Ok(()) => Ok(world.story),
        Err(error) => Err(format!("{}\n{error}\nseed {seed}", world.story.join("\n"))),
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What must come up in so many worlds, for them to mean something.
const HAPPENS: [&str; 11] = [
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
];

#[test]
fn clients_agree() {
    if let Some(seed) = number("SIM_SEED") {
        let story = play(seed).unwrap_or_else(|error| panic!("{error}"));
        return println!("{}", story.join("\n"));
    }
    let seeds = number("SIM_SEEDS").unwrap_or(2_000);
    let mut happened = HAPPENS.map(|it| (it, 0));
    for seed in 0..seeds {
        let story = play(seed).unwrap_or_else(|error| panic!("{error}"));
        for (what, times) in &mut happened {
            *times += story.iter().filter(|it| it.contains(*what)).count();
        }
    }
    println!("{seeds} worlds: {happened:?}");
    assert!(seeds < 100 || happened.iter().all(|(_, times)| *times > 0), "{happened:?}");
}
