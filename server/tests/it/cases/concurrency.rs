//! Cases 31 to 34, and further guarantees of the ledger (S10).

use serde_json::{Value, json};

use crate::world::{World, appointment_input, invalid_fields, merge, new_id, slot_times};

#[tokio::test]
async fn case_31_a_stale_revision_is_a_conflict() {
    let world = World::new().await;
    let seen = world.book("it", "10:00-11:00").await;
    let current =
        world.mutate("updateAppointment", json!({ "id": seen["id"], "title": "theirs" })).await;
    let stale = json!({ "id": seen["id"], "expectedRevision": seen["revision"] });
    for (field, more) in
        [("updateAppointment", json!({ "title": "mine" })), ("deleteAppointment", json!({}))]
    {
        let error = world.expect_refusal(field, merge(stale.clone(), more)).await;
        assert_eq!(error["__typename"], "RevisionConflict");
        assert_eq!(error["current"], current);
    }
    assert_eq!(world.revision().await, 2);
    let fresh = json!({ "id": seen["id"], "expectedRevision": 2, "title": "mine" });
    assert_eq!(world.mutate("updateAppointment", fresh).await["revision"], 3);
}

#[tokio::test]
async fn case_31_a_stale_revision_of_a_calendar_is_a_conflict() {
    let world = World::new().await;
    let name = |name: &str, revision: u64| {
        let id = &world.calendar;
        json!({ "id": id, "name": name, "expectedRevision": revision })
    };
    assert_eq!(world.mutate("updateCalendar", name("Theirs", 0)).await["revision"], 1);
    let error = world.expect_refusal("updateCalendar", name("Mine", 0)).await;
    assert_eq!(error["__typename"], "CalendarRevisionConflict");
    assert_eq!(error["currentCalendar"]["name"], "Theirs");
}

#[tokio::test]
async fn case_32_a_repeated_creation_changes_nothing() {
    let world = World::new().await;
    let input = merge(appointment_input("it", "10:00-11:00"), json!({ "id": new_id() }));
    let made = world.mutate("createAppointment", input.clone()).await;
    let again = merge(input.clone(), json!({ "mutationId": new_id() }));
    assert_eq!(world.mutate("createAppointment", again).await, made);
    assert_eq!(world.revision().await, 1);
    let other = merge(input.clone(), json!({ "title": "other" }));
    let error = world.expect_refusal("createAppointment", other).await;
    assert_eq!(error["__typename"], "IdAlreadyUsed");
    world.mutate("deleteAppointment", json!({ "id": made["id"] })).await;
    let error = world.expect_refusal("createAppointment", input).await;
    assert_eq!(error["__typename"], "IdAlreadyUsed");
    assert_eq!(error["existing"], Value::Null);
}

#[tokio::test]
async fn case_32_a_repeated_creation_of_a_calendar_changes_nothing() {
    let world = World::new().await;
    let input = json!({ "id": new_id(), "name": "Choir", "color": "#AABBCC" });
    let made = world.mutate("createCalendar", input.clone()).await;
    assert_eq!(made["color"], "#aabbcc");
    assert_eq!(world.mutate("createCalendar", input.clone()).await, made);
    let other = merge(input.clone(), json!({ "name": "Other" }));
    let error = world.expect_refusal("createCalendar", other).await;
    assert_eq!(error["__typename"], "IdAlreadyUsed");
    world.mutate("deleteCalendar", json!({ "id": made["id"] })).await;
    assert_eq!(world.expect_refusal("createCalendar", input).await["existing"], Value::Null);
}

#[tokio::test]
async fn case_33_a_retry_returns_the_first_result() {
    let world = World::new().await;
    let create = merge(appointment_input("it", "10:00-11:00"), json!({ "mutationId": new_id() }));
    let made = world.mutate("createAppointment", create.clone()).await;
    let update = json!({ "id": made["id"], "title": "mine", "mutationId": new_id(),
        "expectedRevision": 1 });
    let changed = world.mutate("updateAppointment", update.clone()).await;
    world.mutate("updateAppointment", json!({ "id": made["id"], "title": "theirs" })).await;
    let delete = json!({ "id": made["id"], "mutationId": new_id() });
    let gone = world.mutate("deleteAppointment", delete.clone()).await;
    // After a restart, weeks later and in any order, each retry returns the first result.
    let world = world.restart().await;
    world.advance_days(60);
    assert_eq!(world.mutate("deleteAppointment", delete).await, gone);
    assert_eq!(world.mutate("updateAppointment", update).await, changed);
    assert_eq!(world.mutate("createAppointment", create).await, made);
    assert_eq!(world.revision().await, 4);
}

#[tokio::test]
async fn a_retry_returns_the_first_refusal() {
    let world = World::strict().await;
    let there = world.book("there", "10:00-11:00").await;
    let late = merge(appointment_input("late", "10:30-11:30"), json!({ "mutationId": new_id() }));
    let refusal = world.expect_refusal("createAppointment", late.clone()).await;
    let moved = json!({ "id": new_id(), "title": "x", "mutationId": new_id() });
    let unknown = world.expect_refusal("updateAppointment", moved.clone()).await;
    assert_eq!(unknown["__typename"], "NotFound");
    world.mutate("deleteAppointment", json!({ "id": there["id"] })).await;
    let now_it_exists = merge(appointment_input("x", "20:00-21:00"), json!({ "id": moved["id"] }));
    world.mutate("createAppointment", now_it_exists).await;
    // The slot is free now, but a retry still gets the first result.
    assert_eq!(world.expect_refusal("createAppointment", late).await, refusal);
    assert_eq!(world.expect_refusal("updateAppointment", moved).await, unknown);
}

#[tokio::test]
async fn a_mutation_id_cannot_be_reused_for_another_mutation() {
    let world = World::new().await;
    let id = json!({ "mutationId": new_id() });
    let made = world
        .mutate("createAppointment", merge(appointment_input("it", "10:00-11:00"), id.clone()))
        .await;
    let other = world.mutate("createCalendar", json!({ "name": "Other" })).await;
    for (field, input) in [
        ("createAppointment", appointment_input("other", "10:00-11:00")),
        (
            "createAppointment",
            merge(appointment_input("it", "10:00-11:00"), json!({ "calendarId": other["id"] })),
        ),
        ("updateAppointment", json!({ "id": made["id"], "title": "x" })),
        ("deleteAppointment", json!({ "id": made["id"] })),
        ("updateCalendar", json!({ "id": world.calendar, "name": "x" })),
    ] {
        let error = world.expect_refusal(field, merge(input, id.clone())).await;
        assert_eq!(invalid_fields(&error), ["mutationId"], "{field}");
    }
    assert_eq!(world.revision().await, 1);
}

#[tokio::test]
async fn invalid_input_does_not_use_up_its_mutation_id() {
    let world = World::new().await;
    let id = json!({ "mutationId": new_id() });
    world
        .expect_refusal(
            "createAppointment",
            merge(appointment_input("", "10:00-11:00"), id.clone()),
        )
        .await;
    world.mutate("createAppointment", merge(appointment_input("it", "10:00-11:00"), id)).await;
}

#[tokio::test]
async fn a_mutation_id_older_than_the_ledger_is_rejected() {
    let world = World::new().await;
    let old = json!({ "mutationId": "019a0000-0000-7000-8000-000000000001" }); // October 2025
    let error = world
        .expect_refusal("createAppointment", merge(appointment_input("it", "10:00-11:00"), old))
        .await;
    assert_eq!(invalid_fields(&error), ["mutationId"]);
    // A UUID of version 4 has no time.
    let random = json!({ "mutationId": "3b241101-e2bb-4255-8caf-4136c566a962" });
    world.mutate("createAppointment", merge(appointment_input("it", "10:00-11:00"), random)).await;
}

/// A client's clock may be ahead, so an id can be younger than its entry in the ledger.
#[tokio::test]
async fn an_id_from_the_future_is_kept_until_it_is_old() {
    let world = World::new().await;
    // Version 7, created on 2026-12-23: a month ahead.
    let ahead = json!({ "mutationId": "01a2a032-9800-7000-8000-000000000001" });
    let input = merge(appointment_input("it", "10:00-11:00"), ahead);
    let made = world.mutate("createAppointment", input.clone()).await;
    world.advance_days(95);
    let world = world.restart().await;
    world.wait_until_pruned().await;
    assert_eq!(world.mutate("createAppointment", input).await, made, "not done again");
}

#[tokio::test]
async fn case_34_a_deleted_appointment_is_gone_for_good() {
    let world = World::new().await;
    let id = new_id();
    let (start, end) = slot_times("15:00-16:00");
    let create = merge(appointment_input("it", "10:00-11:00"), json!({ "id": id }));
    world.mutate("createAppointment", create.clone()).await;
    world.mutate("updateAppointment", json!({ "id": id, "startsAt": start, "endsAt": end })).await;
    world.mutate("deleteAppointment", json!({ "id": id })).await;
    let error = world.expect_refusal("updateAppointment", json!({ "id": id, "title": "x" })).await;
    assert_eq!(error["__typename"], "NotFound");
    assert_eq!((&error["calendarId"], &error["revision"]), (&json!(world.calendar), &json!(3)));
    assert_eq!(error["message"], "This appointment has been deleted.");
    assert_eq!(
        world.expect_refusal("createAppointment", create).await["__typename"],
        "IdAlreadyUsed"
    );
    assert_eq!(world.titles("00:00-23:00").await, Vec::<String>::new());
}

#[tokio::test]
async fn deleting_a_calendar_deletes_its_appointments() {
    let world = World::new().await;
    let made = world.book("it", "10:00-11:00").await;
    let update = json!({ "id": made["id"], "title": "x", "mutationId": new_id() });
    let changed = world.mutate("updateAppointment", update.clone()).await;
    let id = json!({ "id": world.calendar });
    let error = world.expect_refusal("deleteCalendar", id.clone()).await;
    assert_eq!(
        (&error["__typename"], &error["appointmentCount"]),
        (&json!("CalendarNotEmpty"), &json!(1))
    );
    let all = merge(id.clone(), json!({ "withAppointments": true }));
    assert_eq!(world.mutate("deleteCalendar", all).await["deletedCalendarId"], id["id"]);
    let error = world.expect_refusal("updateAppointment", json!({ "id": made["id"] })).await;
    assert_eq!((&error["calendarId"], &error["revision"]), (&id["id"], &json!(3)));
    let error = world.expect_refusal("updateCalendar", id).await;
    assert_eq!((&error["__typename"], &error["revision"]), (&json!("NotFound"), &json!(3)));
    // A retry still returns the recorded result, including the deleted calendar.
    assert_eq!(world.mutate("updateAppointment", update.clone()).await, changed);
    let query = "mutation($input: UpdateAppointmentInput!) {
        updateAppointment(input: $input) { appointment { calendar { name } } } }";
    let again = world.query(query, json!({ "input": update })).await;
    assert_eq!(again["updateAppointment"]["appointment"]["calendar"]["name"], "Calendar");
    // There is no default calendar now. The next calendar created becomes the default.
    let error =
        world.expect_refusal("createAppointment", appointment_input("it", "10:00-11:00")).await;
    assert_eq!(invalid_fields(&error), ["calendarId"]);
    assert_eq!(world.query("{ calendar { id } }", json!({})).await["calendar"], Value::Null);
    let next = world.mutate("createCalendar", json!({ "name": "Next" })).await;
    assert_eq!(next["isDefault"], true);
    world.book("it", "10:00-11:00").await;
}
