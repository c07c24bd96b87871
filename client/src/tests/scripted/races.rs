//! The races that many clients get wrong (R1–R8). Each step checks what is shown.

use super::scenario::{Scenario, Step};

/// Each race: its name, its steps, and what must be shown after each step.
const RACES: &[(&str, &[(Step, &str)])] = &[
    (
        "R1 another client creates while an own creation is pending",
        &[
            (|it| it.create("mine", 12), "one@10 mine@12"),
            (
                |it| {
                    it.other_client_writes("2", "two", 11);
                    it.deliver_next_event();
                },
                "one@10 two@11 mine@12",
            ),
        ],
    ),
    (
        "R2 another client changes the time while an own change of the title is pending",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (
                |it| {
                    it.other_client_writes("1", "one", 14);
                    it.deliver_next_event();
                },
                "mine@14",
            ),
        ],
    ),
    (
        "R3 two creations are pending, the first fails",
        &[
            (|it| it.create("a", 11), "one@10 a@11"),
            (|it| it.create("b", 12), "one@10 a@11 b@12"),
            (|it| it.refuse(0), "one@10 b@12"),
        ],
    ),
    (
        "R3b two changes of one, the first fails",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.move_to(12), "mine@12"),
            (|it| it.refuse(0), "one@12"),
            (|it| it.respond(0), "one@12"),
            (Scenario::deliver_next_event, "one@12"),
        ],
    ),
    (
        "R3c another client creates while an own creation is pending, which then fails",
        &[
            (|it| it.create("mine", 12), "one@10 mine@12"),
            (
                |it| {
                    it.other_client_writes("2", "two", 11);
                    it.deliver_next_event();
                },
                "one@10 two@11 mine@12",
            ),
            (|it| it.refuse(0), "one@10 two@11"),
            (
                |it| {
                    it.other_client_writes("1", "uno", 10);
                    it.deliver_next_event();
                },
                "uno@10 two@11",
            ),
        ],
    ),
    (
        "R4 two own updates of one appointment, with events after their responses",
        &[
            (|it| it.rename("M1"), "M1@10"),
            (|it| it.rename("M2"), "M2@10"),
            (|it| it.respond(0), "M2@10"),
            (|it| it.process(0), "M2@10"),
            (|it| it.deliver_next_event(), "M2@10"),
            (|it| it.deliver(0), "M2@10"),
            (|it| it.deliver_next_event(), "M2@10"),
        ],
    ),
    (
        "R5 the event of an own creation arrives before its response",
        &[
            (|it| it.create("mine", 12), "one@10 mine@12"),
            (
                |it| {
                    it.process(0);
                    it.deliver_next_event();
                },
                "one@10 mine@12",
            ),
            (|it| it.deliver(0), "one@10 mine@12"),
        ],
    ),
    (
        "R6 an outdated response after an event",
        &[
            (Scenario::send_reset, "one@10"),
            (|it| it.process(0), "one@10"),
            (
                |it| {
                    it.other_client_writes("1", "new", 10);
                    it.deliver_next_event();
                },
                "new@10",
            ),
            (|it| it.deliver(0), "new@10"),
        ],
    ),
    (
        "R7 an outdated response with a deleted appointment",
        &[
            (Scenario::send_reset, "one@10"),
            (|it| it.process(0), "one@10"),
            (
                |it| {
                    it.other_client_deletes("1");
                    it.deliver_next_event();
                },
                "",
            ),
            (|it| it.deliver(0), ""),
        ],
    ),
    (
        "R8 the server confirms exactly what was predicted",
        &[
            (|it| it.move_to(12), "one@12"),
            (
                |it| {
                    it.watch.delta();
                    it.respond(0);
                },
                "one@12",
            ),
            (Scenario::deliver_next_event, "one@12"),
            (
                |it| assert!(it.watch.delta().is_empty(), "the watch is not notified again"),
                "one@12",
            ),
        ],
    ),
];

#[tokio::test(start_paused = true)]
async fn every_step_of_every_race_shows_what_it_must() {
    for (name, steps) in RACES {
        Scenario::new().await.play(name, steps).await;
    }
}
