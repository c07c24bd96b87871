//! The races R1–R8, in which other caches show wrong data. A table has the view after each step.

#![allow(clippy::print_stdout, reason = "the table is the output")]

use crate::world::World;

/// A race: its steps, each with the loans that must be shown after it.
struct Race {
    name: &'static str,
    description: &'static str,
    initial: &'static str,
    steps: &'static [(Step, &'static str)],
}

type Step = fn(&mut World);

const RACES: &[Race] = &[
    Race {
        name: "R1",
        description: "an event adds a loan while my creation is pending",
        initial: "1:one@10",
        steps: &[
            (|it| it.create("m", "mine:mine@12"), "1:one@10 mine:mine@12"),
            (|it| it.deliver_event(2, "2:two@11"), "1:one@10 2:two@11 mine:mine@12"),
        ],
    },
    Race {
        name: "R2",
        description: "an event changes the start while my new title is pending",
        initial: "1:one@10",
        steps: &[
            (|it| it.rename("m", "1", "mine"), "1:mine@10"),
            (|it| it.deliver_event(2, "1:one@14"), "1:mine@14"),
        ],
    },
    Race {
        name: "R3",
        description: "two creations are pending, and the first is refused",
        initial: "1:one@10",
        steps: &[
            (|it| it.create("a", "a:a@11"), "1:one@10 a:a@11"),
            (|it| it.create("b", "b:b@12"), "1:one@10 a:a@11 b:b@12"),
            (|it| it.refuse("a"), "1:one@10 b:b@12"),
        ],
    },
    Race {
        name: "R3b",
        description: "M1 sets the title and M2 the start of one loan, and M1 is refused",
        initial: "1:one@10",
        steps: &[
            (|it| it.rename("m1", "1", "mine"), "1:mine@10"),
            (|it| it.shift("m2", "1", 15), "1:mine@15"),
            (|it| it.refuse("m1"), "1:one@15"),
        ],
    },
    Race {
        name: "R3c",
        description: "an event arrives while my creation is pending, which is then refused",
        initial: "1:one@10",
        steps: &[
            (|it| it.create("m", "mine:mine@12"), "1:one@10 mine:mine@12"),
            (|it| it.deliver_event(2, "2:two@11"), "1:one@10 2:two@11 mine:mine@12"),
            (|it| it.refuse("m"), "1:one@10 2:two@11"),
            (|it| it.deliver_event(3, "1:uno@10"), "1:uno@10 2:two@11"),
        ],
    },
    Race {
        name: "R4",
        description: "the server commits M1, then M2; the responses arrive as M2, M1",
        initial: "1:one@10",
        steps: &[
            (|it| it.rename("m1", "1", "M1"), "1:M1@10"),
            (|it| it.rename("m2", "1", "M2"), "1:M2@10"),
            (|it| it.confirm("m2", "1:M2@10#3"), "1:M2@10"),
            (|it| it.confirm("m1", "1:M1@10#2"), "1:M2@10"),
            (|it| it.deliver_event(2, "1:M1@10"), "1:M2@10"),
            (|it| it.deliver_event(3, "1:M2@10"), "1:M2@10"),
        ],
    },
    Race {
        name: "R5",
        description: "the event of my creation arrives before its response",
        initial: "1:one@10",
        steps: &[
            (|it| it.create("m", "mine:mine@12"), "1:one@10 mine:mine@12"),
            (|it| it.deliver_own_event("m", 2, "mine:mine@12"), "1:one@10 mine:mine@12"),
            (|it| it.confirm("m", "mine:mine@12#2"), "1:one@10 mine:mine@12"),
        ],
    },
    Race {
        name: "R6",
        description: "an older response arrives after an event",
        initial: "1:one@10",
        steps: &[(
            |it| {
                let request = it.begin_request();
                it.deliver_event(2, "1:new@10");
                it.respond(&request, 1, "1:one@10");
            },
            "1:new@10",
        )],
    },
    Race {
        name: "R7",
        description: "an older response with a loan arrives after its deletion",
        initial: "1:one@10 2:two@11",
        steps: &[(
            |it| {
                let request = it.begin_request();
                it.deliver_deletion(2, "2");
                it.respond(&request, 1, "1:one@10 2:two@11");
            },
            "1:one@10",
        )],
    },
    Race {
        name: "R8",
        description: "the server confirms exactly the predicted values",
        initial: "1:one@10",
        steps: &[
            (|it| it.create("m", "mine:mine@12"), "1:one@10 mine:mine@12"),
            (
                |it| {
                    it.watch.drain();
                    it.confirm("m", "mine:mine@12#2");
                    assert_eq!(it.watch.take_wake_count(), 0, "no watch is woken again");
                },
                "1:one@10 mine:mine@12",
            ),
        ],
    },
];

#[test]
fn the_view_is_right_at_each_step_of_each_race() {
    let mut failed = Vec::new();
    for race in RACES {
        let mut world = World::with(race.initial);
        println!("{:4} {}", race.name, race.description);
        for (step, expected) in race.steps {
            step(&mut world);
            let seen = world.watch.shown_loans();
            let verdict = if seen == *expected { "right" } else { "WRONG" };
            println!("     {verdict}: {seen:40} expected: {expected}");
            if seen != *expected {
                failed.push(race.name);
            }
        }
    }
    assert!(failed.is_empty(), "wrong views in {failed:?}");
}
