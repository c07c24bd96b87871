//! The cases of other systems, and the stories that broke earlier wordings of the rules, through what programs call: what
//! is shown at every step of each. (Those that take their time are
//! `stories`; those that concern the cache alone are in its own tests.)

use serde_json::json;

use super::scenario::{CALENDAR, Duel, Step, appointment};
use crate::model::input::AppointmentChanges;
use crate::model::refusal::Refusal;

/// A case, and what must be shown after each step.
const CASES: &[(&str, &[(Step, &str)])] = &[
    (
        "1 a refused change goes back to what came meanwhile",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.somebody("1", "new", 10), "mine@10"),
            (Duel::is_reset, "mine@10"),
            (|it| it.answers(1), "mine@10"),
            (|it| it.refuses(0), "new@10"),
        ],
    ),
    (
        "2 rolled back in the other order",
        &[
            (|it| it.create("a", 11), "one@10 a@11"),
            (|it| it.create("b", 12), "one@10 a@11 b@12"),
            (|it| it.refuses(1), "one@10 a@11"),
            (|it| it.refuses(0), "one@10"),
        ],
    ),
    (
        "4 created and deleted, and the deletion fails",
        &[
            (
                |it| {
                    it.create("a", 11);
                    let id = it.mine(0);
                    it.pending.push(it.calendar.delete(&id.as_str().into()).untyped());
                },
                "one@10",
            ),
            (|it| assert_eq!(it.there(|it| it.sent.len()), 0, "nothing was sent"), "one@10"),
            (|it| it.create("b", 12), "one@10 b@12"),
            (
                |it| {
                    let id = it.mine(2);
                    it.pending.push(it.calendar.delete(&id.as_str().into()).untyped());
                },
                "one@10",
            ),
            (|it| it.answers(0), "one@10"),
            (|it| it.refuses(0), "one@10 b@12"),
        ],
    ),
    (
        "5 called off before it was sent, and after",
        &[
            (|it| it.rename("M1"), "M1@10"),
            (|it| it.rename("M2"), "M2@10"),
            (|it| assert!(it.pending[1].abort()), "M1@10"),
            (|it| assert!(!it.pending[0].abort(), "it is on its way"), "M1@10"),
            (|it| assert_eq!(it.came(1), Some(Err(Refusal::Aborted))), "M1@10"),
            (|it| it.answers(0), "M1@10"),
            (|it| assert_eq!(it.there(|it| it.sent.len()), 0, "the second was not sent"), "M1@10"),
        ],
    ),
    (
        "6 the answer is another than was expected",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (
                |it| {
                    it.watch.delta();
                    let mut made = appointment("1", "Mine", 10);
                    made["revision"] = json!(2);
                    let payload = json!({"__typename": "UpdateAppointmentPayload", "appointment": made, "error": null});
                    it.there(|it| {
                        it.says(0, &json!({"data": {"updateAppointment": payload}}));
                        it.arrives(0);
                    });
                },
                "Mine@10",
            ),
            (|it| assert_eq!(it.watch.delta().changed.len(), 1), "Mine@10"),
        ],
    ),
    (
        "12 the same event twice",
        &[
            (
                |it| {
                    it.somebody("2", "two", 11);
                    it.hears();
                },
                "one@10 two@11",
            ),
            (
                |it| {
                    it.watch.delta();
                    let event = it.there(|it| it.server.event(CALENDAR, 2));
                    it.there(|it| it.tells_this(&event));
                },
                "one@10 two@11",
            ),
            (|it| assert!(it.watch.delta().is_empty(), "nobody is told"), "one@10 two@11"),
        ],
    ),
    (
        "21 a change of what was deleted",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.somebody_deletes("1"), "mine@10"),
            (|it| it.answers(0), ""),
            (|it| assert!(matches!(it.came(0), Some(Err(Refusal::NotFound { .. })))), ""),
            (Duel::hears, ""),
        ],
    ),
    (
        "21 and the server does not say since when",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.somebody_deletes("1"), "mine@10"),
            (|it| it.refuses(0), "one@10"),
            (Duel::hears, ""),
        ],
    ),
    (
        "Story 2 a deletion, and behind it the event of what was before",
        &[
            (|it| it.somebody("1", "theirs", 10), "one@10"),
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.answers(0), "mine@10"),
            (|it| it.somebody_deletes("1"), "mine@10"),
            (|it| it.rename("again"), "again@10"),
            (|it| it.answers(0), ""),
            (Duel::hears, ""),
            (Duel::hears, ""),
            (Duel::hears, ""),
        ],
    ),
    (
        "Story 3 not found, and created again",
        &[
            (|it| it.somebody_deletes("1"), "one@10"),
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.there(|it| it.reads(0)), "mine@10"),
            (|it| it.somebody("1", "new", 12), "mine@10"),
            (Duel::hears, ""),
            (Duel::hears, "mine@12"),
            (|it| it.there(|it| it.arrives(0)), "new@12"),
        ],
    ),
    (
        "Story 4 a second reset while the first is answered",
        &[
            (Duel::is_reset, "one@10"),
            (|it| it.there(|it| it.reads(0)), "one@10"),
            (|it| it.somebody("2", "two", 11), "one@10"),
            (Duel::is_reset, "one@10"),
            (|it| it.there(|it| it.arrives(0)), "one@10"),
        ],
    ),
    (
        "Story 5 a refusal tells of what was moved away meanwhile",
        &[
            (
                |it| {
                    it.is_strict();
                    it.somebody("2", "two", 11);
                    it.hears();
                },
                "one@10 two@11",
            ),
            (|it| it.create("mine", 11), "one@10 mine@11 two@11"),
            (|it| it.there(|it| it.reads(0)), "one@10 mine@11 two@11"),
            (
                |it| {
                    it.somebody("2", "two", 48);
                    it.hears();
                },
                "one@10 mine@11",
            ),
            (|it| it.there(|it| it.arrives(0)), "one@10"),
        ],
    ),
    (
        "Story 11 a creation is refused, with a change behind it",
        &[
            (|it| it.create("a", 11), "one@10 a@11"),
            (
                |it| {
                    let id = it.mine(0);
                    it.update(&id, AppointmentChanges::new().title("b"));
                },
                "one@10 b@11",
            ),
            (|it| it.refuses(0), "one@10"),
            (|it| assert_eq!(it.came(1), Some(Err(Refusal::DependsOnRejected))), "one@10"),
            (|it| assert_eq!(it.there(|it| it.sent.len()), 0), "one@10"),
        ],
    ),
    (
        "Story 12 somebody's comes between two of mine",
        &[
            (|it| it.rename("M1"), "M1@10"),
            (|it| it.update("1", AppointmentChanges::new().title("M2").if_unchanged()), "M2@10"),
            (|it| it.there(|it| it.reads(0)), "M2@10"),
            (|it| it.somebody("1", "theirs", 10), "M2@10"),
            (|it| it.there(|it| it.arrives(0)), "M2@10"),
            (|it| it.answers(0), "theirs@10"),
            (|it| assert!(matches!(it.came(1), Some(Err(Refusal::Conflict { .. })))), "theirs@10"),
        ],
    ),
    (
        "undo is refused where somebody else has come in between",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.answers(0), "mine@10"),
            (|it| it.hears(), "mine@10"),
            (|it| it.somebody("1", "theirs", 10), "mine@10"),
            (|it| it.hears(), "theirs@10"),
            (
                |it| {
                    let left = it.left(0);
                    it.update("1", AppointmentChanges::new().title("one").if_revision(left));
                },
                "one@10",
            ),
            (|it| it.answers(0), "theirs@10"),
            (|it| assert!(matches!(it.came(1), Some(Err(Refusal::Conflict { .. })))), "theirs@10"),
        ],
    ),
    (
        "Story 16 an answer ahead of the log, then its event",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.answers(0), "mine@10"),
            (
                |it| {
                    it.watch.delta();
                    it.hears();
                },
                "mine@10",
            ),
            (|it| assert!(it.watch.delta().is_empty(), "nobody is told twice"), "mine@10"),
            (|it| assert_eq!(it.there(|it| it.ranges), 1, "nothing is asked for"), "mine@10"),
        ],
    ),
];

#[tokio::test(start_paused = true)]
async fn every_case_is_shown_right() {
    for (name, steps) in CASES {
        Duel::new().await.play(name, steps).await;
    }
}
