//! The races that other clients lose (R1–R8), through what programs call: what is shown at every step of each.

use super::scenario::{Duel, Step};

/// A race, and what must be shown after each step.
const RACES: &[(&str, &[(Step, &str)])] = &[
    (
        "R1 somebody's enters while my creation pends",
        &[
            (|it| it.create("mine", 12), "one@10 mine@12"),
            (
                |it| {
                    it.somebody("2", "two", 11);
                    it.hears();
                },
                "one@10 two@11 mine@12",
            ),
        ],
    ),
    (
        "R2 the base changes the start while my title pends",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (
                |it| {
                    it.somebody("1", "one", 14);
                    it.hears();
                },
                "mine@14",
            ),
        ],
    ),
    (
        "R3 two creations pend, the first fails",
        &[
            (|it| it.create("a", 11), "one@10 a@11"),
            (|it| it.create("b", 12), "one@10 a@11 b@12"),
            (|it| it.refuses(0), "one@10 b@12"),
        ],
    ),
    (
        "R3b two changes of one, the first fails",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.shift(12), "mine@12"),
            (|it| it.refuses(0), "one@12"),
            (|it| it.answers(0), "one@12"),
            (Duel::hears, "one@12"),
        ],
    ),
    (
        "R3c somebody's lands while mine pends, then mine fails",
        &[
            (|it| it.create("mine", 12), "one@10 mine@12"),
            (
                |it| {
                    it.somebody("2", "two", 11);
                    it.hears();
                },
                "one@10 two@11 mine@12",
            ),
            (|it| it.refuses(0), "one@10 two@11"),
            (
                |it| {
                    it.somebody("1", "uno", 10);
                    it.hears();
                },
                "uno@10 two@11",
            ),
        ],
    ),
    (
        "R4 two of mine on one, and the events behind their answers",
        &[
            (|it| it.rename("M1"), "M1@10"),
            (|it| it.rename("M2"), "M2@10"),
            (|it| it.answers(0), "M2@10"),
            (|it| it.there(|it| it.reads(0)), "M2@10"),
            (|it| it.hears(), "M2@10"),
            (|it| it.there(|it| it.arrives(0)), "M2@10"),
            (|it| it.hears(), "M2@10"),
        ],
    ),
    (
        "R5 the echo of my creation comes before its answer",
        &[
            (|it| it.create("mine", 12), "one@10 mine@12"),
            (
                |it| {
                    it.there(|it| it.reads(0));
                    it.hears();
                },
                "one@10 mine@12",
            ),
            (|it| it.there(|it| it.arrives(0)), "one@10 mine@12"),
        ],
    ),
    (
        "R6 a stale answer after an event",
        &[
            (Duel::is_reset, "one@10"),
            (|it| it.there(|it| it.reads(0)), "one@10"),
            (
                |it| {
                    it.somebody("1", "new", 10);
                    it.hears();
                },
                "new@10",
            ),
            (|it| it.there(|it| it.arrives(0)), "new@10"),
        ],
    ),
    (
        "R7 a deletion, then a stale answer with it",
        &[
            (Duel::is_reset, "one@10"),
            (|it| it.there(|it| it.reads(0)), "one@10"),
            (
                |it| {
                    it.somebody_deletes("1");
                    it.hears();
                },
                "",
            ),
            (|it| it.there(|it| it.arrives(0)), ""),
        ],
    ),
    (
        "R8 the server confirms exactly what was predicted",
        &[
            (|it| it.shift(12), "one@12"),
            (
                |it| {
                    it.watch.delta();
                    it.answers(0);
                },
                "one@12",
            ),
            (Duel::hears, "one@12"),
            (|it| assert!(it.watch.delta().is_empty(), "nobody is told again"), "one@12"),
        ],
    ),
];

#[tokio::test(start_paused = true)]
async fn no_race_fools_the_client() {
    for (name, steps) in RACES {
        Duel::new().await.play(name, steps).await;
    }
}
