//! Cases 9 to 20: which input is rejected, and which is stored unchanged.

use serde_json::{Value, json};

use crate::world::{World, appointment_input, invalid_fields, merge, new_id};

/// Checks that a creation with `fields` is rejected because of the fields `expected`.
async fn expect_invalid(fields: Value, expected: &[&str]) {
    let world = World::new().await;
    let error = world
        .expect_refusal(
            "createAppointment",
            merge(appointment_input("it", "10:00-11:00"), fields.clone()),
        )
        .await;
    assert_eq!(invalid_fields(&error), expected, "{fields}");
    assert_eq!(world.revision().await, 0, "nothing has changed");
}

/// Checks that a creation with `fields` stores the values `expected`.
async fn expect_stored(fields: Value, expected: Value) {
    let world = World::new().await;
    let made = world
        .mutate("createAppointment", merge(appointment_input("it", "10:00-11:00"), fields))
        .await;
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    let found = world.range("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z").await;
    assert_eq!(found["appointments"][0], made, "the stored appointment equals the response");
}

#[tokio::test]
async fn case_9_the_end_must_be_after_the_start() {
    expect_invalid(json!({ "endsAt": "2026-11-23T09:59:59Z" }), &["endsAt"]).await;
    expect_invalid(json!({ "endsAt": "2026-11-23T10:00:00Z" }), &["endsAt"]).await;
    expect_invalid(json!({ "endsAt": "2027-11-24T10:00:01Z" }), &["endsAt"]).await;
    expect_stored(json!({ "endsAt": "2027-11-24T10:00:00Z" }), json!({})).await;
}

#[tokio::test]
async fn case_10_years_are_limited() {
    for wrong in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z"] {
        expect_invalid(json!({ "startsAt": wrong }), &["startsAt"]).await;
        expect_invalid(json!({ "endsAt": wrong }), &["endsAt"]).await;
    }
}

#[tokio::test]
async fn cases_11_to_13_timestamps_are_parsed_strictly() {
    let world = World::new().await;
    let query = "query($range: TimeRange!) { appointmentsInRange(range: $range) { revision } }";
    for wrong in [
        "2016-12-31T23:59:60Z",
        "2026-11-23T24:00:00Z",
        "2026-02-29T10:00:00Z",
        "2026-11-23T10:00:00+24:00",
        "2026-11-23T10:00Z",
        "2026-11-23 10:00:00Z",
        " 2026-11-23T10:00:00Z",
        "2026-11-23T10:00:00.5Z",
    ] {
        let input = merge(appointment_input("it", "10:00-11:00"), json!({ "startsAt": wrong }));
        assert_eq!(
            invalid_fields(&world.expect_refusal("createAppointment", input).await),
            ["startsAt"]
        );
        let range = json!({ "range": { "start": wrong, "end": "2026-12-01T00:00:00Z" } });
        assert_eq!(world.expect_error(query, range).await, "BAD_INPUT", "{wrong}");
    }
    let same = json!({ "startsAt": "2026-11-23T10:00:00Z" });
    expect_stored(json!({ "startsAt": "2026-11-23T10:00:00.000-00:00" }), same.clone()).await;
    expect_stored(json!({ "startsAt": "2026-11-24T09:59:00+23:59" }), same).await;
}

#[tokio::test]
async fn case_14_titles_are_stored_unchanged_or_rejected() {
    for title in ["a".repeat(255), "👨‍👩‍👧‍👦".repeat(255), "שלום\u{200f}".into(), "e\u{301}x".into()]
    {
        expect_stored(json!({ "title": title }), json!({ "title": title })).await;
    }
    for wrong in ["a".repeat(256), " ".into(), String::new(), "a\0b".into()] {
        expect_invalid(json!({ "title": wrong }), &["title"]).await;
    }
    // A lone surrogate is invalid in JSON and in GraphQL.
    let world = World::new().await;
    for body in [
        r#"{"query":"query($a: String!) { calendars(after: $a) { nodes { id } } }",
            "variables":{"a":"\ud800"}}"#,
        r#"{"query":"{ calendars(after: \"\\ud800\") { nodes { id } } }"}"#,
    ] {
        let client = appointments_testing::http_client();
        let response = client.post(world.url("/graphql")).body(body).send().await.unwrap();
        let response: Value = response.json().await.unwrap();
        assert_eq!(response["errors"][0]["extensions"]["code"], "PARSE_FAILED", "{response}");
    }
}

#[tokio::test]
async fn case_15_markup_is_stored_as_text() {
    let markup = "<script>alert(1)</script>";
    let fields = json!({ "title": markup, "description": markup, "location": markup });
    expect_stored(fields.clone(), fields).await;
}

#[tokio::test]
async fn case_16_attendees_are_limited_valid_and_distinct() {
    let people = |n: usize| -> Vec<Value> {
        (0..n).map(|it| json!({ "email": format!("p{it}@example.org") })).collect()
    };
    expect_invalid(json!({ "attendees": people(201) }), &["attendees"]).await;
    let twice = json!([{ "email": "ada@example.org" }, { "email": "Ada@Example.org" }]);
    expect_invalid(json!({ "attendees": twice }), &["attendees.1.email"]).await;
    expect_invalid(json!({ "attendees": [{ "email": "ada" }] }), &["attendees.0.email"]).await;
    let world = World::new().await;
    let input = merge(appointment_input("it", "10:00-11:00"), json!({ "attendees": people(200) }));
    let made = world.mutate("createAppointment", input).await;
    assert_eq!(made["attendees"].as_array().unwrap().len(), 200);
    let one = json!({ "email": "p0@example.org", "name": null, "response": "NEEDS_ACTION" });
    assert_eq!(made["attendees"][0], one);
}

#[tokio::test]
async fn case_17_ids_are_uuids_and_unique() {
    expect_invalid(
        json!({ "id": "7", "calendarId": "x", "mutationId": "y" }),
        &["id", "calendarId", "mutationId"],
    )
    .await;
    let world = World::new().await;
    let other = world.mutate("createCalendar", json!({ "name": "Other" })).await;
    let mine = world.book("it", "10:00-11:00").await;
    let elsewhere = json!({ "id": mine["id"], "calendarId": other["id"] });
    let error = world
        .expect_refusal(
            "createAppointment",
            merge(appointment_input("it", "10:00-11:00"), elsewhere),
        )
        .await;
    assert_eq!(error["__typename"], "IdAlreadyUsed");
    assert_eq!(error["existing"]["id"], mine["id"]);
    for taken in [&mine["id"], &world.calendar.clone().into()] {
        let error =
            world.expect_refusal("createCalendar", json!({ "id": taken, "name": "It" })).await;
        assert_eq!(error["__typename"], "IdAlreadyUsed", "{taken}");
    }
    let input = merge(appointment_input("it", "10:00-11:00"), json!({ "id": other["id"] }));
    let error = world.expect_refusal("createAppointment", input).await;
    assert_eq!(error["existing"]["__typename"], "Calendar", "calendars and appointments share ids");
}

#[tokio::test]
async fn case_18_a_mutation_that_changes_nothing_writes_nothing() {
    let world = World::new().await;
    let made = world.book("it", "10:00-11:00").await;
    world.advance_days(1);
    for same in [
        json!({}),
        json!({ "title": "it", "description": null, "attendees": [], "status": "CONFIRMED" }),
        json!({ "startsAt": "2026-11-23T11:00:00+01:00", "mutationId": new_id() }),
    ] {
        let input = merge(json!({ "id": made["id"] }), same);
        assert_eq!(world.mutate("updateAppointment", input).await, made);
    }
    let same = json!({ "id": world.calendar, "name": "Calendar" });
    assert_eq!(world.mutate("updateCalendar", same).await["revision"], 0);
    assert_eq!(world.revision().await, 1);
}

#[tokio::test]
async fn case_18b_all_day_appointments_start_and_end_at_midnight() {
    let berlin = |start: &str, end: &str| {
        let zone = json!({ "allDay": true, "timeZone": "Europe/Berlin" });
        merge(zone, json!({ "startsAt": start, "endsAt": end }))
    };
    // Days of 23 and of 25 hours.
    expect_stored(berlin("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"), json!({}))
        .await;
    expect_stored(berlin("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"), json!({}))
        .await;
    expect_invalid(berlin("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+01:00"), &["endsAt"])
        .await;
    let (start, end) = ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z");
    expect_invalid(berlin(start, end), &["startsAt", "endsAt"]).await;
    // An omitted zone is the calendar's, and an update keeps the fields that it omits.
    let world = World::new().await;
    let zone = json!({ "id": world.calendar, "timeZone": "Europe/Berlin" });
    world.mutate("updateCalendar", zone).await;
    let input = json!({ "title": "it", "allDay": true, "startsAt": start, "endsAt": end });
    let error = world.expect_refusal("createAppointment", input.clone()).await;
    assert_eq!(invalid_fields(&error), ["startsAt", "endsAt"]);
    let made = world.mutate("createAppointment", merge(input, json!({ "timeZone": "UTC" }))).await;
    let error = world
        .expect_refusal("updateAppointment", json!({ "id": made["id"], "timeZone": "Asia/Tokyo" }))
        .await;
    assert_eq!(invalid_fields(&error), ["startsAt", "endsAt"]);
}

#[tokio::test]
async fn cases_19_and_20_time_zones_are_iana_names() {
    for wrong in ["Mars/Phobos", "", "../etc/passwd", "GMT+2", "W. Europe Standard Time"] {
        expect_invalid(json!({ "timeZone": wrong }), &["timeZone"]).await;
    }
    expect_stored(json!({ "timeZone": "europe/berlin" }), json!({ "timeZone": "Europe/Berlin" }))
        .await;
    expect_stored(json!({ "timeZone": "Etc/GMT+2" }), json!({ "timeZone": "Etc/GMT+2" })).await;
}

#[tokio::test]
async fn all_invalid_fields_are_reported_at_once() {
    let wrong = json!({ "id": "x", "title": "", "description": "\u{1}",
        "location": "x".repeat(1025),
        "startsAt": "now", "endsAt": "later", "timeZone": "here", "mutationId": "m",
        "attendees": [{ "email": "a@example.org" }, { "email": "b", "name": "\u{7}" }] });
    let all = [
        "id",
        "title",
        "description",
        "location",
        "startsAt",
        "endsAt",
        "timeZone",
        "attendees.1.email",
        "attendees.1.name",
        "mutationId",
    ];
    expect_invalid(wrong.clone(), &all).await;
    let world = World::new().await;
    let error = world.expect_refusal("updateAppointment", wrong).await;
    assert_eq!(invalid_fields(&error), all);
    let wrong = json!({ "id": "x", "name": " ", "color": "red", "timeZone": "here" });
    for field in ["createCalendar", "updateCalendar"] {
        let error = world.expect_refusal(field, wrong.clone()).await;
        assert_eq!(invalid_fields(&error), ["id", "name", "color", "timeZone"], "{field}");
    }
}

#[tokio::test]
async fn required_fields_cannot_be_cleared() {
    let world = World::new().await;
    let made = world.book("it", "10:00-11:00").await;
    let fields = ["title", "startsAt", "endsAt", "allDay", "timeZone", "status", "attendees"];
    let mut input = json!({ "id": made["id"], "description": null, "location": null });
    for field in fields {
        input[field] = Value::Null;
    }
    assert_eq!(invalid_fields(&world.expect_refusal("updateAppointment", input).await), fields);
}
