//! The races that other caches lose (R1–R8), as one table: what is shown at every step of each.

#![allow(clippy::print_stdout, reason = "the table is its output")]

use crate::world::World;

/// A race: its name, what happens, and what must be shown after each step.
struct Race {
    name: &'static str,
    what: &'static str,
    begins: &'static str,
    steps: &'static [(Step, &'static str)],
}

type Step = fn(&mut World);

const RACES: &[Race] = &[
    Race {
        name: "R1",
        what: "somebody's row enters while my create pends",
        begins: "1:one@10",
        steps: &[
            (|it| it.create("m", "mine:mine@12"), "1:one@10 mine:mine@12"),
            (|it| it.event(2, "2:two@11"), "1:one@10 2:two@11 mine:mine@12"),
        ],
    },
    Race {
        name: "R2",
        what: "the base changes the start while my title pends",
        begins: "1:one@10",
        steps: &[
            (|it| it.rename("m", "1", "mine"), "1:mine@10"),
            (|it| it.event(2, "1:one@14"), "1:mine@14"),
        ],
    },
    Race {
        name: "R3",
        what: "two creates pend, the first fails",
        begins: "1:one@10",
        steps: &[
            (|it| it.create("a", "a:a@11"), "1:one@10 a:a@11"),
            (|it| it.create("b", "b:b@12"), "1:one@10 a:a@11 b:b@12"),
            (|it| it.refused("a"), "1:one@10 b:b@12"),
        ],
    },
    Race {
        name: "R3b",
        what: "one entity, M1 sets title, M2 sets start, M1 fails",
        begins: "1:one@10",
        steps: &[
            (|it| it.rename("m1", "1", "mine"), "1:mine@10"),
            (|it| it.shift("m2", "1", 15), "1:mine@15"),
            (|it| it.refused("m1"), "1:one@15"),
        ],
    },
    Race {
        name: "R3c",
        what: "somebody's event lands while mine pends, then mine fails",
        begins: "1:one@10",
        steps: &[
            (|it| it.create("m", "mine:mine@12"), "1:one@10 mine:mine@12"),
            (|it| it.event(2, "2:two@11"), "1:one@10 2:two@11 mine:mine@12"),
            (|it| it.refused("m"), "1:one@10 2:two@11"),
            (|it| it.event(3, "1:uno@10"), "1:uno@10 2:two@11"),
        ],
    },
    Race {
        name: "R4",
        what: "server order M1, M2; the answers arrive M2, M1",
        begins: "1:one@10",
        steps: &[
            (|it| it.rename("m1", "1", "M1"), "1:M1@10"),
            (|it| it.rename("m2", "1", "M2"), "1:M2@10"),
            (|it| it.accepted("m2", "1:M2@10#3"), "1:M2@10"),
            (|it| it.accepted("m1", "1:M1@10#2"), "1:M2@10"),
            (|it| it.event(2, "1:M1@10"), "1:M2@10"),
            (|it| it.event(3, "1:M2@10"), "1:M2@10"),
        ],
    },
    Race {
        name: "R5",
        what: "the echo of my create arrives before its answer",
        begins: "1:one@10",
        steps: &[
            (|it| it.create("m", "mine:mine@12"), "1:one@10 mine:mine@12"),
            (|it| it.echo("m", 2, "mine:mine@12"), "1:one@10 mine:mine@12"),
            (|it| it.accepted("m", "mine:mine@12#2"), "1:one@10 mine:mine@12"),
        ],
    },
    Race {
        name: "R6",
        what: "a stale answer after an event",
        begins: "1:one@10",
        steps: &[(
            |it| {
                let request = it.ask();
                it.event(2, "1:new@10");
                it.answer(&request, 1, "1:one@10");
            },
            "1:new@10",
        )],
    },
    Race {
        name: "R7",
        what: "a deletion, then a stale answer with the entity",
        begins: "1:one@10 2:two@11",
        steps: &[(
            |it| {
                let request = it.ask();
                it.deleted(2, "2");
                it.answer(&request, 1, "1:one@10 2:two@11");
            },
            "1:one@10",
        )],
    },
    Race {
        name: "R8",
        what: "the server confirms exactly what was predicted",
        begins: "1:one@10",
        steps: &[
            (|it| it.create("m", "mine:mine@12"), "1:one@10 mine:mine@12"),
            (
                |it| {
                    it.watch.rest();
                    it.accepted("m", "mine:mine@12#2");
                    assert_eq!(it.watch.woken(), 0, "nobody is told again");
                },
                "1:one@10 mine:mine@12",
            ),
        ],
    },
];

#[test]
fn no_race_fools_it() {
    let mut lost = Vec::new();
    for race in RACES {
        let mut world = World::with(race.begins);
        println!("{:4} {}", race.name, race.what);
        for (step, expected) in race.steps {
            step(&mut world);
            let seen = world.watch.seen();
            let verdict = if seen == *expected { "right" } else { "WRONG" };
            println!("     {verdict}: {seen:40} must be {expected}");
            if seen != *expected {
                lost.push(race.name);
            }
        }
    }
    assert!(lost.is_empty(), "lost: {lost:?}");
}
