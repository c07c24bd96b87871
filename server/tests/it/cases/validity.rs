//! Cases 9 to 20: what is refused, and what is stored as it is.

use serde_json::{Value, json};

use crate::world::{World, and, booking, new_id, wrong_fields};

/// Checks that a creation with `fields` is refused for `expected`.
async fn refused(fields: Value, expected: &[&str]) {
    let world = World::new().await;
    let error =
        world.refused("createAppointment", and(booking("it", "10:00-11:00"), fields.clone())).await;
    assert_eq!(wrong_fields(&error), expected, "{fields}");
    assert_eq!(world.revision().await, 0, "nothing has changed");
}

/// Checks that a creation with `fields` shows them as `expected`.
async fn stored(fields: Value, expected: Value) {
    let world = World::new().await;
    let made = world.done("createAppointment", and(booking("it", "10:00-11:00"), fields)).await;
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    let found = world.range("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z").await;
    assert_eq!(found["appointments"][0], made, "it stands as it was answered");
}

#[tokio::test]
async fn case_9_it_ends_after_it_starts() {
    refused(json!({ "endsAt": "2026-11-23T09:59:59Z" }), &["endsAt"]).await;
    refused(json!({ "endsAt": "2026-11-23T10:00:00Z" }), &["endsAt"]).await;
    refused(json!({ "endsAt": "2027-11-24T10:00:01Z" }), &["endsAt"]).await;
    stored(json!({ "endsAt": "2027-11-24T10:00:00Z" }), json!({})).await;
}

#[tokio::test]
async fn case_10_years_end_somewhere() {
    for wrong in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z"] {
        refused(json!({ "startsAt": wrong }), &["startsAt"]).await;
        refused(json!({ "endsAt": wrong }), &["endsAt"]).await;
    }
}

#[tokio::test]
async fn cases_11_to_13_instants_are_read_to_the_letter() {
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
        let input = and(booking("it", "10:00-11:00"), json!({ "startsAt": wrong }));
        assert_eq!(wrong_fields(&world.refused("createAppointment", input).await), ["startsAt"]);
        let range = json!({ "range": { "start": wrong, "end": "2026-12-01T00:00:00Z" } });
        assert_eq!(world.code(query, range).await, "BAD_INPUT", "{wrong}");
    }
    let same = json!({ "startsAt": "2026-11-23T10:00:00Z" });
    stored(json!({ "startsAt": "2026-11-23T10:00:00.000-00:00" }), same.clone()).await;
    stored(json!({ "startsAt": "2026-11-24T09:59:00+23:59" }), same).await;
}

#[tokio::test]
async fn case_14_titles_are_stored_byte_for_byte_or_refused() {
    for title in ["a".repeat(255), "👨‍👩‍👧‍👦".repeat(255), "שלום\u{200f}".into(), "e\u{301}x".into()]
    {
        stored(json!({ "title": title }), json!({ "title": title })).await;
    }
    for wrong in ["a".repeat(256), " ".into(), String::new(), "a\0b".into()] {
        refused(json!({ "title": wrong }), &["title"]).await;
    }
    // A lone surrogate is no JSON text, and no GraphQL one.
    let world = World::new().await;
    for body in [
        r#"{"query":"query($a: String!) { calendars(after: $a) { nodes { id } } }","variables":{"a":"\ud800"}}"#,
        r#"{"query":"{ calendars(after: \"\\ud800\") { nodes { id } } }"}"#,
    ] {
        let client = reqwest::Client::new();
        let answer = client.post(world.url("/graphql")).body(body).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "PARSE_FAILED", "{answer}");
    }
}

#[tokio::test]
async fn case_15_markup_is_text_like_any_other() {
    let markup = "<script>alert(1)</script>";
    let fields = json!({ "title": markup, "description": markup, "location": markup });
    stored(fields.clone(), fields).await;
}

#[tokio::test]
async fn case_16_attendees_are_few_well_formed_and_different() {
    let people = |n: usize| -> Vec<Value> {
        (0..n).map(|it| json!({ "email": format!("p{it}@example.org") })).collect()
    };
    refused(json!({ "attendees": people(201) }), &["attendees"]).await;
    let twice = json!([{ "email": "ada@example.org" }, { "email": "Ada@Example.org" }]);
    refused(json!({ "attendees": twice }), &["attendees.1.email"]).await;
    refused(json!({ "attendees": [{ "email": "ada" }] }), &["attendees.0.email"]).await;
    let world = World::new().await;
    let input = and(booking("it", "10:00-11:00"), json!({ "attendees": people(200) }));
    let made = world.done("createAppointment", input).await;
    assert_eq!(made["attendees"].as_array().unwrap().len(), 200);
    let one = json!({ "email": "p0@example.org", "name": null, "response": "NEEDS_ACTION" });
    assert_eq!(made["attendees"][0], one);
}

#[tokio::test]
async fn case_17_an_id_is_a_uuid_and_names_one_thing() {
    refused(
        json!({ "id": "7", "calendarId": "x", "mutationId": "y" }),
        &["id", "calendarId", "mutationId"],
    )
    .await;
    let world = World::new().await;
    let other = world.done("createCalendar", json!({ "name": "Other" })).await;
    let mine = world.book("it", "10:00-11:00").await;
    let elsewhere = json!({ "id": mine["id"], "calendarId": other["id"] });
    let error =
        world.refused("createAppointment", and(booking("it", "10:00-11:00"), elsewhere)).await;
    assert_eq!(error["__typename"], "IdAlreadyUsed");
    assert_eq!(error["existing"]["id"], mine["id"]);
    for taken in [&mine["id"], &world.calendar.clone().into()] {
        let error = world.refused("createCalendar", json!({ "id": taken, "name": "It" })).await;
        assert_eq!(error["__typename"], "IdAlreadyUsed", "{taken}");
    }
    let input = and(booking("it", "10:00-11:00"), json!({ "id": other["id"] }));
    let error = world.refused("createAppointment", input).await;
    assert_eq!(error["existing"]["__typename"], "Calendar", "one space of ids");
}

#[tokio::test]
async fn case_18_a_mutation_that_changes_nothing_writes_nothing() {
    let world = World::new().await;
    let made = world.book("it", "10:00-11:00").await;
    world.pass(1);
    for same in [
        json!({}),
        json!({ "title": "it", "description": null, "attendees": [], "status": "CONFIRMED" }),
        json!({ "startsAt": "2026-11-23T11:00:00+01:00", "mutationId": new_id() }),
    ] {
        let input = and(json!({ "id": made["id"] }), same);
        assert_eq!(world.done("updateAppointment", input).await, made);
    }
    let same = json!({ "id": world.calendar, "name": "Calendar" });
    assert_eq!(world.done("updateCalendar", same).await["revision"], 0);
    assert_eq!(world.revision().await, 1);
}

#[tokio::test]
async fn case_18b_whole_days_begin_and_end_with_days() {
    let berlin = |start: &str, end: &str| json!({ "allDay": true, "timeZone": "Europe/Berlin", "startsAt": start, "endsAt": end });
    // Of 23 hours, and of 25.
    stored(berlin("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"), json!({})).await;
    stored(berlin("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"), json!({})).await;
    refused(berlin("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+01:00"), &["endsAt"]).await;
    let (start, end) = ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z");
    refused(berlin(start, end), &["startsAt", "endsAt"]).await;
    // The calendar's zone, when none is named, and the fields that stand, when some are changed.
    let world = World::new().await;
    let zone = json!({ "id": world.calendar, "timeZone": "Europe/Berlin" });
    world.done("updateCalendar", zone).await;
    let input = json!({ "title": "it", "allDay": true, "startsAt": start, "endsAt": end });
    let error = world.refused("createAppointment", input.clone()).await;
    assert_eq!(wrong_fields(&error), ["startsAt", "endsAt"]);
    let made = world.done("createAppointment", and(input, json!({ "timeZone": "UTC" }))).await;
    let error = world
        .refused("updateAppointment", json!({ "id": made["id"], "timeZone": "Asia/Tokyo" }))
        .await;
    assert_eq!(wrong_fields(&error), ["startsAt", "endsAt"]);
}

#[tokio::test]
async fn cases_19_and_20_zones_are_those_of_the_list() {
    for wrong in ["Mars/Phobos", "", "../etc/passwd", "GMT+2", "W. Europe Standard Time"] {
        refused(json!({ "timeZone": wrong }), &["timeZone"]).await;
    }
    stored(json!({ "timeZone": "europe/berlin" }), json!({ "timeZone": "Europe/Berlin" })).await;
    stored(json!({ "timeZone": "Etc/GMT+2" }), json!({ "timeZone": "Etc/GMT+2" })).await;
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let wrong = json!({ "id": "x", "title": "", "description": "\u{1}", "location": "x".repeat(1025),
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
    refused(wrong.clone(), &all).await;
    let world = World::new().await;
    let error = world.refused("updateAppointment", wrong).await;
    assert_eq!(wrong_fields(&error), all);
    let wrong = json!({ "id": "x", "name": " ", "color": "red", "timeZone": "here" });
    for field in ["createCalendar", "updateCalendar"] {
        let error = world.refused(field, wrong.clone()).await;
        assert_eq!(wrong_fields(&error), ["id", "name", "color", "timeZone"], "{field}");
    }
}

#[tokio::test]
async fn a_field_that_always_has_a_value_cannot_be_cleared() {
    let world = World::new().await;
    let made = world.book("it", "10:00-11:00").await;
    let fields = ["title", "startsAt", "endsAt", "allDay", "timeZone", "status", "attendees"];
    let mut input = json!({ "id": made["id"], "description": null, "location": null });
    for field in fields {
        input[field] = Value::Null;
    }
    assert_eq!(wrong_fields(&world.refused("updateAppointment", input).await), fields);
}
