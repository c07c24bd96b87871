//! Subscriptions over a real socket: the log, from any position, without a gap.

use appointments_server::clock::Clock;
use appointments_server::server::Server;
use serde_json::{Value, json};

use crate::world::{World, new_id, settings, text};

#[tokio::test]
async fn without_a_backlog_the_first_event_is_a_bookmark() {
    let world = World::new().await;
    world.book("a", "10:00-11:00").await;
    let mut follower = world.follow(json!({})).await;
    let first = follower.event().await.unwrap();
    assert_eq!((&first["kind"], &first["revision"]), (&json!("BOOKMARK"), &json!(1)));
    assert_eq!(first["previousRevision"], 1);
    let mut follower = world.follow(json!({ "after": 1 })).await;
    assert_eq!(follower.told().await, "BOOKMARK 1");
}

#[tokio::test]
async fn every_change_is_told_in_order_and_who_made_it() {
    let world = World::new().await;
    let mut follower = world.follow(json!({})).await;
    assert_eq!(follower.told().await, "BOOKMARK 0");
    let mutation = new_id();
    let input = json!({ "title": "a", "startsAt": "2026-11-23T10:00:00Z",
        "endsAt": "2026-11-23T11:00:00Z", "mutationId": mutation });
    let made = world.done("createAppointment", input).await;
    let told = follower.event().await.unwrap();
    assert_eq!((&told["kind"], &told["mutationId"]), (&json!("CREATED"), &json!(mutation)));
    assert_eq!((&told["appointmentId"], &told["calendar"]), (&made["id"], &Value::Null));
    world.done("updateAppointment", json!({ "id": made["id"], "title": "b" })).await;
    assert_eq!(follower.told().await, "UPDATED 2 b");
    world.done("updateCalendar", json!({ "id": world.calendar, "name": "Choir" })).await;
    assert_eq!(follower.told().await, "CALENDAR_UPDATED 3 Choir");
    world.done("deleteAppointment", json!({ "id": made["id"] })).await;
    let told = follower.event().await.unwrap();
    assert_eq!((&told["kind"], &told["deletedAppointmentId"]), (&json!("DELETED"), &made["id"]));
    world.done("deleteCalendar", json!({ "id": world.calendar })).await;
    assert_eq!(follower.told().await, "CALENDAR_GONE 5");
    assert_eq!(follower.event().await, None, "it was the last");
}

#[tokio::test]
async fn a_backlog_is_told_and_ends_with_a_bookmark() {
    let world = World::new().await;
    for title in ["a", "b", "c"] {
        world.book(title, "10:00-11:00").await;
    }
    let mut follower = world.follow(json!({ "after": 1 })).await;
    assert_eq!(follower.told().await, "CREATED 2 b");
    assert_eq!(follower.told().await, "CREATED 3 c");
    assert_eq!(follower.told().await, "BOOKMARK 3");
    world.book("d", "10:00-11:00").await;
    assert_eq!(follower.told().await, "CREATED 4 d");
}

#[tokio::test]
async fn a_position_that_the_log_does_not_have_is_reset() {
    let world = World::new().await;
    world.book("a", "10:00-11:00").await;
    let mut ahead = world.follow(json!({ "after": 7 })).await;
    assert_eq!(ahead.told().await, "RESET 1");
    world.book("b", "10:00-11:00").await;
    assert_eq!(ahead.told().await, "CREATED 2 b", "events go on after it");
}

#[tokio::test]
async fn a_restart_is_bridged_without_a_gap() {
    let world = World::new().await;
    let mut follower = world.follow(json!({})).await;
    assert_eq!(follower.told().await, "BOOKMARK 0");
    world.book("a", "10:00-11:00").await;
    assert_eq!(follower.told().await, "CREATED 1 a");
    let world = world.restarted().await;
    world.book("b", "10:00-11:00").await;
    let mut follower = world.follow(json!({ "after": 1 })).await;
    assert_eq!(follower.told().await, "CREATED 2 b");
    assert_eq!(follower.told().await, "BOOKMARK 2");
}

#[tokio::test]
async fn what_is_past_its_retention_is_forgotten_and_says_so() {
    let world = World::new().await;
    world.book("a", "10:00-11:00").await;
    world.pass(31);
    world.book("b", "10:00-11:00").await;
    let world = world.restarted().await;
    world.pruned().await;
    let mut follower = world.follow(json!({ "after": 1 })).await;
    assert_eq!(follower.told().await, "CREATED 2 b");
}

#[tokio::test]
async fn a_calendar_that_is_not_there_is_gone() {
    let world = World::new().await;
    let mut follower = world.follow(json!({ "calendarId": new_id(), "after": 7 })).await;
    assert_eq!(follower.told().await, "CALENDAR_GONE 7");
    assert_eq!(follower.event().await, None);
    world.book("a", "10:00-11:00").await;
    let all = json!({ "id": world.calendar, "withAppointments": true });
    world.done("deleteCalendar", all).await;
    let id = json!(world.calendar);
    let mut late = world.follow(json!({ "calendarId": id, "after": 0 })).await;
    assert_eq!(late.told().await, "CREATED 1 a");
    assert_eq!(late.told().await, "CALENDAR_GONE 2");
    assert_eq!(late.event().await, None);
    for after in [json!(2), Value::Null] {
        let mut late = world.follow(json!({ "calendarId": id, "after": after })).await;
        assert_eq!(late.told().await, "CALENDAR_GONE 2");
        assert_eq!(late.event().await, None);
    }
}

#[tokio::test]
async fn calendars_are_followed_one_by_one() {
    let world = World::new().await;
    let other = world.done("createCalendar", json!({ "name": "Other" })).await;
    let mut mine = world.follow(json!({})).await;
    let mut theirs = world.follow(json!({ "calendarId": other["id"] })).await;
    assert_eq!(mine.told().await, "BOOKMARK 0");
    assert_eq!(theirs.told().await, "BOOKMARK 0");
    world.book("mine", "10:00-11:00").await;
    let input = json!({ "calendarId": other["id"], "title": "theirs",
        "startsAt": "2026-11-23T10:00:00Z", "endsAt": "2026-11-23T11:00:00Z" });
    world.done("createAppointment", input).await;
    assert_eq!(theirs.told().await, "CREATED 1 theirs", "each log counts for itself");
    assert_eq!(mine.told().await, "CREATED 1 mine");
}

/// A writer in another process leaves no hint in this one; the log is looked at all the same.
#[tokio::test]
async fn what_another_process_writes_is_told() {
    let world = World::new().await;
    let mut follower = world.follow(json!({})).await;
    assert_eq!(follower.told().await, "BOOKMARK 0");
    let second = Server::start(&settings(&world.home), Clock::system()).await.unwrap();
    let query = format!(
        "mutation {{ updateCalendar(input: {{ id: \"{}\", name: \"Elsewhere\" }}) {{
            calendar {{ name }} }} }}",
        world.calendar
    );
    let sent = reqwest::Client::new()
        .post(format!("http://{}/graphql", second.address()))
        .json(&json!({ "query": query }));
    let answer: Value = sent.send().await.unwrap().json().await.unwrap();
    let name = &answer["data"]["updateCalendar"]["calendar"]["name"];
    assert_eq!(text(name), "Elsewhere", "{answer}");
    assert_eq!(follower.told().await, "CALENDAR_UPDATED 1 Elsewhere");
}
