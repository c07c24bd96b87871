//! Short scenarios: the cases of other systems, and the stories that broke earlier versions of the
//! rules. Each step checks what is shown.
//!
//! Scenarios with lost connections or waits are in `offline`. Those of the cache alone are in its
//! own tests.

use serde_json::json;

use super::scenario::{CALENDAR, Scenario, Step, appointment};
use crate::model::input::AppointmentChanges;
use crate::model::refusal::Refusal;

/// Each case: its name, its steps, and what must be shown after each step.
const CASES: &[(&str, &[(Step, &str)])] = &[
    (
        "1 a refused update uncovers what was received meanwhile",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.other_client_writes("1", "new", 10), "mine@10"),
            (Scenario::send_reset, "mine@10"),
            (|it| it.respond(1), "mine@10"),
            (|it| it.refuse(0), "new@10"),
        ],
    ),
    (
        "2 two creations are rolled back, the later one first",
        &[
            (|it| it.create("a", 11), "one@10 a@11"),
            (|it| it.create("b", 12), "one@10 a@11 b@12"),
            (|it| it.refuse(1), "one@10 a@11"),
            (|it| it.refuse(0), "one@10"),
        ],
    ),
    (
        "4 a creation and its deletion, first unsent, then refused",
        &[
            (
                |it| {
                    it.create("a", 11);
                    let id = it.created_id(0);
                    it.delete(&id);
                },
                "one@10",
            ),
            (|it| assert_eq!(it.request_count(), 0, "nothing was sent"), "one@10"),
            (|it| it.create("b", 12), "one@10 b@12"),
            (
                |it| {
                    let id = it.created_id(2);
                    it.delete(&id);
                },
                "one@10",
            ),
            (|it| it.respond(0), "one@10"),
            (|it| it.refuse(0), "one@10 b@12"),
        ],
    ),
    (
        "5 an abort of an unsent and of a sent mutation",
        &[
            (|it| it.rename("M1"), "M1@10"),
            (|it| it.rename("M2"), "M2@10"),
            (|it| assert!(it.pending[1].abort()), "M1@10"),
            (|it| assert!(!it.pending[0].abort(), "the mutation was sent"), "M1@10"),
            (|it| assert_eq!(it.outcome(1), Some(Err(Refusal::Aborted))), "M1@10"),
            (|it| it.respond(0), "M1@10"),
            (|it| assert_eq!(it.request_count(), 0, "the second was not sent"), "M1@10"),
        ],
    ),
    (
        "6 the response differs from the prediction",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (
                |it| {
                    it.watch.delta();
                    let mut updated = appointment("1", "Mine", 10);
                    updated["revision"] = json!(2);
                    let payload = json!({
                        "__typename": "UpdateAppointmentPayload", "appointment": updated,
                        "error": null,
                    });
                    let response = json!({"data": {"updateAppointment": payload}});
                    it.network(|network| network.respond_with(0, &response));
                    it.deliver(0);
                },
                "Mine@10",
            ),
            (|it| assert_eq!(it.watch.delta().changed.len(), 1), "Mine@10"),
        ],
    ),
    (
        "12 a duplicate event",
        &[
            (
                |it| {
                    it.other_client_writes("2", "two", 11);
                    it.deliver_next_event();
                },
                "one@10 two@11",
            ),
            (
                |it| {
                    it.watch.delta();
                    let event = it.network(|network| network.server.event(CALENDAR, 2));
                    it.network(|network| network.send_event(&event));
                },
                "one@10 two@11",
            ),
            (
                |it| assert!(it.watch.delta().is_empty(), "the watch is not notified"),
                "one@10 two@11",
            ),
        ],
    ),
    (
        "21 an update of a deleted appointment",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.other_client_deletes("1"), "mine@10"),
            (|it| it.respond(0), ""),
            (|it| assert!(matches!(it.outcome(0), Some(Err(Refusal::NotFound { .. })))), ""),
            (Scenario::deliver_next_event, ""),
        ],
    ),
    (
        "21 the same, but the response has no revision of the deletion",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.other_client_deletes("1"), "mine@10"),
            (|it| it.refuse(0), "one@10"),
            (Scenario::deliver_next_event, ""),
        ],
    ),
    (
        "Story 2 a refusal reports a deletion before earlier events arrive",
        &[
            (|it| it.other_client_writes("1", "theirs", 10), "one@10"),
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.respond(0), "mine@10"),
            (|it| it.other_client_deletes("1"), "mine@10"),
            (|it| it.rename("again"), "again@10"),
            (|it| it.respond(0), ""),
            (Scenario::deliver_next_event, ""),
            (Scenario::deliver_next_event, ""),
            (Scenario::deliver_next_event, ""),
        ],
    ),
    (
        "Story 3 an appointment is created again after a refusal was sent",
        &[
            (|it| it.other_client_deletes("1"), "one@10"),
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.process(0), "mine@10"),
            (|it| it.other_client_writes("1", "new", 12), "mine@10"),
            (Scenario::deliver_next_event, ""),
            (Scenario::deliver_next_event, "mine@12"),
            (|it| it.deliver(0), "new@12"),
        ],
    ),
    (
        "Story 4 a second reset while the request of the first is in transit",
        &[
            (Scenario::send_reset, "one@10"),
            (|it| it.process(0), "one@10"),
            (|it| it.other_client_writes("2", "two", 11), "one@10"),
            (Scenario::send_reset, "one@10"),
            (|it| it.deliver(0), "one@10"),
        ],
    ),
    (
        "Story 5 a refusal shows an appointment that was moved meanwhile",
        &[
            (
                |it| {
                    it.make_strict();
                    it.other_client_writes("2", "two", 11);
                    it.deliver_next_event();
                },
                "one@10 two@11",
            ),
            (|it| it.create("mine", 11), "one@10 mine@11 two@11"),
            (|it| it.process(0), "one@10 mine@11 two@11"),
            (
                |it| {
                    it.other_client_writes("2", "two", 48);
                    it.deliver_next_event();
                },
                "one@10 mine@11",
            ),
            (|it| it.deliver(0), "one@10"),
        ],
    ),
    (
        "Story 11 a refused creation, with an update behind it",
        &[
            (|it| it.create("a", 11), "one@10 a@11"),
            (
                |it| {
                    let id = it.created_id(0);
                    it.update(&id, AppointmentChanges::new().title("b"));
                },
                "one@10 b@11",
            ),
            (|it| it.refuse(0), "one@10"),
            (|it| assert_eq!(it.outcome(1), Some(Err(Refusal::DependsOnRejected))), "one@10"),
            (|it| assert_eq!(it.request_count(), 0), "one@10"),
        ],
    ),
    (
        "Story 12 another client writes between two own updates",
        &[
            (|it| it.rename("M1"), "M1@10"),
            (|it| it.update("1", AppointmentChanges::new().title("M2").if_unchanged()), "M2@10"),
            (|it| it.process(0), "M2@10"),
            (|it| it.other_client_writes("1", "theirs", 10), "M2@10"),
            (|it| it.deliver(0), "M2@10"),
            (|it| it.respond(0), "theirs@10"),
            (
                |it| assert!(matches!(it.outcome(1), Some(Err(Refusal::Conflict { .. })))),
                "theirs@10",
            ),
        ],
    ),
    (
        "an undo is refused if another client has written in between",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.respond(0), "mine@10"),
            (|it| it.deliver_next_event(), "mine@10"),
            (|it| it.other_client_writes("1", "theirs", 10), "mine@10"),
            (|it| it.deliver_next_event(), "theirs@10"),
            (
                |it| {
                    let revision = it.revision_after(0);
                    it.update("1", AppointmentChanges::new().title("one").if_revision(revision));
                },
                "one@10",
            ),
            (|it| it.respond(0), "theirs@10"),
            (
                |it| assert!(matches!(it.outcome(1), Some(Err(Refusal::Conflict { .. })))),
                "theirs@10",
            ),
        ],
    ),
    (
        "Story 16 a response ahead of the log, then its event",
        &[
            (|it| it.rename("mine"), "mine@10"),
            (|it| it.respond(0), "mine@10"),
            (
                |it| {
                    it.watch.delta();
                    it.deliver_next_event();
                },
                "mine@10",
            ),
            (
                |it| assert!(it.watch.delta().is_empty(), "the watch is not notified twice"),
                "mine@10",
            ),
            (|it| assert_eq!(it.range_request_count(), 1, "nothing is requested"), "mine@10"),
        ],
    ),
];

#[tokio::test(start_paused = true)]
async fn every_step_of_every_case_shows_what_it_must() {
    for (name, steps) in CASES {
        Scenario::new().await.play(name, steps).await;
    }
}
