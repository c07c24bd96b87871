//! Cases 1 to 8: which appointments a range contains.

use serde_json::json;

use crate::world::{World, appointment_input, merge, new_id, text};

/// Checks whether an appointment in `slot` is in `range`.
async fn check(slot: &str, range: &str, present: bool) {
    let world = World::new().await;
    world.book("it", slot).await;
    let found = world.titles(range).await;
    assert_eq!(found, if present { vec!["it"] } else { vec![] }, "{slot} in {range}");
}

#[tokio::test]
async fn case_1_ranges_are_half_open() {
    check("10:00-11:00", "11:00-12:00", false).await;
    check("11:00-12:00", "10:00-11:00", false).await;
}

#[tokio::test]
async fn case_2_a_partial_overlap_is_in_the_range() {
    check("09:00-12:00", "10:00-11:00", true).await;
    let world = World::new().await;
    let input =
        merge(appointment_input("it", "09:00-10:00"), json!({ "endsAt": "2026-11-23T10:00:01Z" }));
    world.mutate("createAppointment", input).await;
    assert_eq!(world.titles("10:00-11:00").await, ["it"]);
}

#[tokio::test]
async fn case_3_an_appointment_longer_than_the_range_is_listed_once() {
    let world = World::new().await;
    let times = json!({ "startsAt": "2026-11-22T22:00:00Z", "endsAt": "2026-11-24T03:00:00Z" });
    world.mutate("createAppointment", merge(appointment_input("it", "00:00-00:01"), times)).await;
    let found = world.range("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z").await;
    assert_eq!(found["appointments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn case_5_invalid_and_long_ranges_are_errors() {
    let world = World::new().await;
    let query = "query($range: TimeRange!) { appointmentsInRange(range: $range) { revision } }";
    let code = async |start: &str, end: &str| {
        world.expect_error(query, json!({ "range": { "start": start, "end": end } })).await
    };
    let (jan, feb) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    assert_eq!(code(feb, jan).await, "INVALID_RANGE");
    assert_eq!(code(jan, jan).await, "INVALID_RANGE");
    assert_eq!(code(jan, "2027-02-05T00:00:01Z").await, "RANGE_TOO_LARGE");
}

#[tokio::test]
async fn case_6_order_is_start_then_longer_first_then_id() {
    let world = World::new().await;
    let ids: Vec<_> = (0..4).map(|_| new_id()).collect();
    for (title, slot, id) in [
        ("d", "10:00-11:00", &ids[3]),
        ("c", "10:00-11:00", &ids[2]),
        ("b", "10:00-12:00", &ids[1]),
        ("a", "09:59-10:30", &ids[0]),
    ] {
        world
            .mutate("createAppointment", merge(appointment_input(title, slot), json!({ "id": id })))
            .await;
    }
    assert_eq!(world.titles("00:00-23:00").await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn case_7_the_offset_of_a_bound_does_not_matter() {
    let world = World::new().await;
    world.book("it", "10:00-11:00").await;
    let utc = world.range("2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z").await;
    let berlin = world.range("2026-11-23T12:00:00+02:00", "2026-11-23T13:00:00+02:00").await;
    assert_eq!(utc, berlin);
    let query = "{ appointmentsInRange(range: { start: \"2026-11-23T10:00:00\",
        end: \"2026-11-23T11:00:00Z\" }) { revision } }";
    assert_eq!(world.expect_error(query, json!({})).await, "BAD_INPUT");
}

#[tokio::test]
async fn case_8_a_subscription_to_a_range_reports_what_enters_and_leaves_it() {
    let world = World::new().await;
    let made = world.book("it", "08:00-09:00").await;
    let range = json!({ "start": "2026-11-23T10:00:00Z", "end": "2026-11-23T12:00:00Z" });
    let mut subscription = world.subscribe(json!({ "range": range })).await;
    assert_eq!(subscription.next_summary().await, "BOOKMARK 1");
    for slot in ["11:00-11:30", "13:00-14:00", "15:00-16:00", "09:30-10:01"] {
        let (start, end) = crate::world::slot_times(slot);
        let input = json!({ "id": made["id"], "startsAt": start, "endsAt": end });
        world.mutate("updateAppointment", input).await;
    }
    assert_eq!(subscription.next_summary().await, "UPDATED 2 it", "moved in");
    assert_eq!(subscription.next_summary().await, "UPDATED 3 it", "moved out");
    assert_eq!(
        subscription.next_summary().await,
        "UPDATED 5 it",
        "moves outside the range are skipped"
    );
    world.mutate("deleteAppointment", json!({ "id": made["id"] })).await;
    let last = subscription.next_event().await.unwrap();
    assert_eq!(text(&last["kind"]), "DELETED");
    assert_eq!(last["deletedAppointmentId"], made["id"]);
}
