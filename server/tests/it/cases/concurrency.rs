//! Cases 31 to 34, and what else the ledger promises (S10).

use serde_json::{Value, json};

use crate::world::{World, and, booking, new_id, times, wrong_fields};

#[tokio::test]
async fn case_31_what_the_caller_did_not_see_is_not_changed() {
    let world = World::new().await;
    let seen = world.book("it", "10:00-11:00").await;
    let stands =
        world.done("updateAppointment", json!({ "id": seen["id"], "title": "theirs" })).await;
    let stale = json!({ "id": seen["id"], "expectedRevision": seen["revision"] });
    for (field, more) in
        [("updateAppointment", json!({ "title": "mine" })), ("deleteAppointment", json!({}))]
    {
        let error = world.refused(field, and(stale.clone(), more)).await;
        assert_eq!(error["__typename"], "RevisionConflict");
        assert_eq!(error["current"], stands);
    }
    assert_eq!(world.revision().await, 2);
    let fresh = json!({ "id": seen["id"], "expectedRevision": 2, "title": "mine" });
    assert_eq!(world.done("updateAppointment", fresh).await["revision"], 3);
}

#[tokio::test]
async fn case_31_of_a_calendar_too() {
    let world = World::new().await;
    let name = |name: &str, seen: u64| json!({ "id": world.calendar, "name": name, "expectedRevision": seen });
    assert_eq!(world.done("updateCalendar", name("Theirs", 0)).await["revision"], 1);
    let error = world.refused("updateCalendar", name("Mine", 0)).await;
    assert_eq!(error["__typename"], "CalendarRevisionConflict");
    assert_eq!(error["currentCalendar"]["name"], "Theirs");
}

#[tokio::test]
async fn case_32_the_same_creation_again_is_harmless() {
    let world = World::new().await;
    let input = and(booking("it", "10:00-11:00"), json!({ "id": new_id() }));
    let made = world.done("createAppointment", input.clone()).await;
    let again = and(input.clone(), json!({ "mutationId": new_id() }));
    assert_eq!(world.done("createAppointment", again).await, made);
    assert_eq!(world.revision().await, 1);
    let other = and(input.clone(), json!({ "title": "other" }));
    let error = world.refused("createAppointment", other).await;
    assert_eq!(error["__typename"], "IdAlreadyUsed");
    world.done("deleteAppointment", json!({ "id": made["id"] })).await;
    let error = world.refused("createAppointment", input).await;
    assert_eq!(error["__typename"], "IdAlreadyUsed");
    assert_eq!(error["existing"], Value::Null);
}

#[tokio::test]
async fn case_32_the_same_calendar_again_is_harmless() {
    let world = World::new().await;
    let input = json!({ "id": new_id(), "name": "Choir", "color": "#AABBCC" });
    let made = world.done("createCalendar", input.clone()).await;
    assert_eq!(made["color"], "#aabbcc");
    assert_eq!(world.done("createCalendar", input.clone()).await, made);
    let other = and(input.clone(), json!({ "name": "Other" }));
    let error = world.refused("createCalendar", other).await;
    assert_eq!(error["__typename"], "IdAlreadyUsed");
    world.done("deleteCalendar", json!({ "id": made["id"] })).await;
    assert_eq!(world.refused("createCalendar", input).await["existing"], Value::Null);
}

#[tokio::test]
async fn case_33_an_answer_that_was_lost_is_answered_again() {
    let world = World::new().await;
    let create = and(booking("it", "10:00-11:00"), json!({ "mutationId": new_id() }));
    let made = world.done("createAppointment", create.clone()).await;
    let update = json!({ "id": made["id"], "title": "mine", "mutationId": new_id(),
        "expectedRevision": 1 });
    let changed = world.done("updateAppointment", update.clone()).await;
    world.done("updateAppointment", json!({ "id": made["id"], "title": "theirs" })).await;
    let delete = json!({ "id": made["id"], "mutationId": new_id() });
    let gone = world.done("deleteAppointment", delete.clone()).await;
    // In another process, long after, in any order: as that change left it, and no conflict.
    let world = world.restarted().await;
    world.pass(60);
    assert_eq!(world.done("deleteAppointment", delete).await, gone);
    assert_eq!(world.done("updateAppointment", update).await, changed);
    assert_eq!(world.done("createAppointment", create).await, made);
    assert_eq!(world.revision().await, 4);
}

#[tokio::test]
async fn a_refusal_is_a_decision_too() {
    let world = World::strict().await;
    let there = world.book("there", "10:00-11:00").await;
    let late = and(booking("late", "10:30-11:30"), json!({ "mutationId": new_id() }));
    let refusal = world.refused("createAppointment", late.clone()).await;
    let moved = json!({ "id": new_id(), "title": "x", "mutationId": new_id() });
    let unknown = world.refused("updateAppointment", moved.clone()).await;
    assert_eq!(unknown["__typename"], "NotFound");
    world.done("deleteAppointment", json!({ "id": there["id"] })).await;
    let now_it_exists = and(booking("x", "20:00-21:00"), json!({ "id": moved["id"] }));
    world.done("createAppointment", now_it_exists).await;
    // Attempt 2 was refused; attempt 1 arrives when the way is free.
    assert_eq!(world.refused("createAppointment", late).await, refusal);
    assert_eq!(world.refused("updateAppointment", moved).await, unknown);
}

#[tokio::test]
async fn a_mutation_id_names_one_mutation() {
    let world = World::new().await;
    let id = json!({ "mutationId": new_id() });
    let made = world.done("createAppointment", and(booking("it", "10:00-11:00"), id.clone())).await;
    let other = world.done("createCalendar", json!({ "name": "Other" })).await;
    for (field, input) in [
        ("createAppointment", booking("other", "10:00-11:00")),
        (
            "createAppointment",
            and(booking("it", "10:00-11:00"), json!({ "calendarId": other["id"] })),
        ),
        ("updateAppointment", json!({ "id": made["id"], "title": "x" })),
        ("deleteAppointment", json!({ "id": made["id"] })),
        ("updateCalendar", json!({ "id": world.calendar, "name": "x" })),
    ] {
        let error = world.refused(field, and(input, id.clone())).await;
        assert_eq!(wrong_fields(&error), ["mutationId"], "{field}");
    }
    assert_eq!(world.revision().await, 1);
}

#[tokio::test]
async fn input_that_is_invalid_by_itself_leaves_its_mutation_id_free() {
    let world = World::new().await;
    let id = json!({ "mutationId": new_id() });
    world.refused("createAppointment", and(booking("", "10:00-11:00"), id.clone())).await;
    world.done("createAppointment", and(booking("it", "10:00-11:00"), id)).await;
}

#[tokio::test]
async fn what_is_older_than_the_ledger_reaches_is_never_executed() {
    let world = World::new().await;
    let old = json!({ "mutationId": "019a0000-0000-7000-8000-000000000001" }); // October 2025
    let error = world.refused("createAppointment", and(booking("it", "10:00-11:00"), old)).await;
    assert_eq!(wrong_fields(&error), ["mutationId"]);
    // Version 4 does not tell its age.
    let random = json!({ "mutationId": "3b241101-e2bb-4255-8caf-4136c566a962" });
    world.done("createAppointment", and(booking("it", "10:00-11:00"), random)).await;
}

/// An id from a clock that is ahead is not younger than its entry in the ledger.
#[tokio::test]
async fn an_id_from_the_future_is_remembered_until_it_is_old() {
    let world = World::new().await;
    // Version 7, made on 2026-12-23: a month ahead.
    let ahead = json!({ "mutationId": "01a2a032-9800-7000-8000-000000000001" });
    let input = and(booking("it", "10:00-11:00"), ahead);
    let made = world.done("createAppointment", input.clone()).await;
    world.pass(95);
    let world = world.restarted().await;
    world.pruned().await;
    assert_eq!(world.done("createAppointment", input).await, made, "not done again");
}

#[tokio::test]
async fn case_34_create_move_delete_leaves_nothing() {
    let world = World::new().await;
    let id = new_id();
    let (start, end) = times("15:00-16:00");
    let create = and(booking("it", "10:00-11:00"), json!({ "id": id }));
    world.done("createAppointment", create.clone()).await;
    world.done("updateAppointment", json!({ "id": id, "startsAt": start, "endsAt": end })).await;
    world.done("deleteAppointment", json!({ "id": id })).await;
    let error = world.refused("updateAppointment", json!({ "id": id, "title": "x" })).await;
    assert_eq!(error["__typename"], "NotFound");
    assert_eq!((&error["calendarId"], &error["revision"]), (&json!(world.calendar), &json!(3)));
    assert_eq!(error["message"], "This appointment has been deleted.");
    assert_eq!(world.refused("createAppointment", create).await["__typename"], "IdAlreadyUsed");
    assert_eq!(world.titles("00:00-23:00").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_calendar_goes_with_everything_in_it() {
    let world = World::new().await;
    let made = world.book("it", "10:00-11:00").await;
    let update = json!({ "id": made["id"], "title": "x", "mutationId": new_id() });
    let changed = world.done("updateAppointment", update.clone()).await;
    let id = json!({ "id": world.calendar });
    let error = world.refused("deleteCalendar", id.clone()).await;
    assert_eq!(
        (&error["__typename"], &error["appointmentCount"]),
        (&json!("CalendarNotEmpty"), &json!(1))
    );
    let all = and(id.clone(), json!({ "withAppointments": true }));
    assert_eq!(world.done("deleteCalendar", all).await["deletedCalendarId"], id["id"]);
    let error = world.refused("updateAppointment", json!({ "id": made["id"] })).await;
    assert_eq!((&error["calendarId"], &error["revision"]), (&id["id"], &json!(3)));
    let error = world.refused("updateCalendar", id).await;
    assert_eq!((&error["__typename"], &error["revision"]), (&json!("NotFound"), &json!(3)));
    // The ledger still answers, and the answer still knows its calendar.
    assert_eq!(world.done("updateAppointment", update.clone()).await, changed);
    let query = "mutation($input: UpdateAppointmentInput!) {
        updateAppointment(input: $input) { appointment { calendar { name } } } }";
    let again = world.ask(query, json!({ "input": update })).await;
    assert_eq!(again["updateAppointment"]["appointment"]["calendar"]["name"], "Calendar");
    // There is no default calendar now; the next one that is made is it.
    let error = world.refused("createAppointment", booking("it", "10:00-11:00")).await;
    assert_eq!(wrong_fields(&error), ["calendarId"]);
    assert_eq!(world.ask("{ calendar { id } }", json!({})).await["calendar"], Value::Null);
    let next = world.done("createCalendar", json!({ "name": "Next" })).await;
    assert_eq!(next["isDefault"], true);
    world.book("it", "10:00-11:00").await;
}
