//! Cases 25 to 30: conflicts in a calendar with REJECT.

use serde_json::{Value, json};

use crate::world::{World, appointment_input, merge, slot_times, text};

fn conflicting_titles(error: &Value) -> Vec<String> {
    assert_eq!(error["__typename"], "TimeSlotTaken", "{error}");
    let conflicts = error["conflicts"].as_array().unwrap();
    conflicts.iter().map(|it| text(&it["appointment"]["title"])).collect()
}

#[tokio::test]
async fn case_25_one_second_of_overlap_is_refused() {
    let world = World::strict().await;
    world.book("a", "10:00-11:00").await;
    world.book("b", "11:00-12:00").await;
    let input =
        merge(appointment_input("c", "12:00-13:00"), json!({ "startsAt": "2026-11-23T11:59:59Z" }));
    let error = world.expect_refusal("createAppointment", input).await;
    assert_eq!(conflicting_titles(&error), ["b"]);
    assert_eq!(error["conflicts"][0]["startsAt"], "2026-11-23T11:00:00Z");
    assert_eq!(
        text(&error["message"]),
        "The time is taken by “b” (2026-11-23 11:00 to 12:00, UTC)."
    );
}

#[tokio::test]
async fn case_25_at_most_ten_conflicts_are_listed() {
    let world = World::strict().await;
    for hour in (8..20).rev() {
        world.book(&format!("{hour}"), &format!("{hour:02}:00-{hour:02}:30")).await;
    }
    let error =
        world.expect_refusal("createAppointment", appointment_input("all", "00:00-23:00")).await;
    let expected: Vec<_> = (8..18).map(|it| it.to_string()).collect();
    assert_eq!(conflicting_titles(&error), expected);
    assert_eq!(error["conflictCount"], 12);
}

#[tokio::test]
async fn case_26_one_of_fifty_concurrent_requests_gets_the_slot() {
    let world = World::strict().await;
    let fifty = (0..50)
        .map(|_| world.send_mutation("createAppointment", appointment_input("it", "10:00-11:00")));
    let responses = futures_util::future::join_all(fifty).await;
    let kinds: Vec<_> = responses.iter().map(|it| it["error"]["__typename"].as_str()).collect();
    assert_eq!(kinds.iter().filter(|it| it.is_none()).count(), 1);
    assert_eq!(kinds.iter().filter(|it| **it == Some("TimeSlotTaken")).count(), 49);
}

#[tokio::test]
async fn case_26_concurrent_requests_create_no_overlap() {
    let world = World::strict().await;
    let fifty = (0..50).map(|n| {
        let (hour, minute) = (8 + n / 10, n % 10 * 6);
        let slot = format!("{hour:02}:{minute:02}-{:02}:{minute:02}", hour + 1);
        world.send_mutation("createAppointment", appointment_input("it", &slot))
    });
    futures_util::future::join_all(fifty).await;
    let found = world.range("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z").await;
    let found = found["appointments"].as_array().unwrap().clone();
    assert!(found.len() > 1);
    for pair in found.windows(2) {
        assert!(text(&pair[0]["endsAt"]) <= text(&pair[1]["startsAt"]), "{pair:?}");
    }
}

#[tokio::test]
async fn case_27_cancelling_frees_the_slot_and_confirming_checks_it() {
    let world = World::strict().await;
    let first = world.book("first", "10:00-11:00").await;
    let status = |status| json!({ "id": first["id"], "status": status });
    world.mutate("updateAppointment", status("CANCELLED")).await;
    let second = world.book("second", "10:30-11:30").await;
    let error = world.expect_refusal("updateAppointment", status("CONFIRMED")).await;
    assert_eq!(conflicting_titles(&error), ["second"]);
    world.mutate("deleteAppointment", json!({ "id": second["id"] })).await;
    world.mutate("updateAppointment", status("CONFIRMED")).await;
    // A cancelled appointment can be created in a taken slot.
    world.book("third", "12:00-13:00").await;
    let off = json!({ "status": "CANCELLED" });
    world.mutate("createAppointment", merge(appointment_input("off", "12:00-13:00"), off)).await;
}

#[tokio::test]
async fn case_28_an_appointment_does_not_conflict_with_itself() {
    let world = World::strict().await;
    let made = world.book("it", "10:00-11:00").await;
    world.book("next", "11:00-12:00").await;
    let to = |slot| {
        let (start, end) = slot_times(slot);
        json!({ "id": made["id"], "startsAt": start, "endsAt": end })
    };
    world.mutate("updateAppointment", to("10:15-10:45")).await;
    world.mutate("updateAppointment", to("10:30-11:00")).await;
    let error = world.expect_refusal("updateAppointment", to("10:30-11:15")).await;
    assert_eq!(conflicting_titles(&error), ["next"]);
}

#[tokio::test]
async fn case_30_a_calendar_with_overlaps_cannot_become_strict() {
    let world = World::new().await;
    world.book("a", "10:00-12:00").await;
    world.book("alone", "13:00-14:00").await;
    let b = world.book("b", "11:00-11:30").await;
    world.book("c", "11:45-13:00").await;
    let strict = json!({ "id": world.calendar, "overlaps": "REJECT" });
    let error = world.expect_refusal("updateCalendar", strict.clone()).await;
    assert_eq!(conflicting_titles(&error), ["a", "b", "c"]);
    assert_eq!(error["conflictCount"], 3);
    let message = "3 appointments overlap; move or cancel some of them first.";
    assert_eq!(error["message"], message);
    world.mutate("deleteAppointment", json!({ "id": b["id"] })).await;
    let off = json!({ "id": world.range("2026-11-23T10:00:00Z", "2026-11-23T10:01:00Z").await
        ["appointments"][0]["id"], "status": "CANCELLED" });
    world.mutate("updateAppointment", off).await;
    assert_eq!(world.mutate("updateCalendar", strict).await["overlaps"], "REJECT");
}
