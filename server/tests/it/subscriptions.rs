//! Subscriptions over a real socket: from any position of the log, without gaps.

use appointments_server::clock::Clock;
use appointments_server::server::Server;
use serde_json::{Value, json};

use crate::world::{World, new_id, settings, text};

#[tokio::test]
async fn without_a_backlog_the_first_event_is_a_bookmark() {
    let world = World::new().await;
    world.book("a", "10:00-11:00").await;
    let mut subscription = world.subscribe(json!({})).await;
    let first = subscription.next_event().await.unwrap();
    assert_eq!((&first["kind"], &first["revision"]), (&json!("BOOKMARK"), &json!(1)));
    assert_eq!(first["previousRevision"], 1);
    let mut subscription = world.subscribe(json!({ "after": 1 })).await;
    assert_eq!(subscription.next_summary().await, "BOOKMARK 1");
}

#[tokio::test]
async fn changes_arrive_in_order_with_their_mutation_ids() {
    let world = World::new().await;
    let mut subscription = world.subscribe(json!({})).await;
    assert_eq!(subscription.next_summary().await, "BOOKMARK 0");
    let mutation = new_id();
    let input = json!({ "title": "a", "startsAt": "2026-11-23T10:00:00Z",
        "endsAt": "2026-11-23T11:00:00Z", "mutationId": mutation });
    let made = world.mutate("createAppointment", input).await;
    let event = subscription.next_event().await.unwrap();
    assert_eq!((&event["kind"], &event["mutationId"]), (&json!("CREATED"), &json!(mutation)));
    assert_eq!((&event["appointmentId"], &event["calendar"]), (&made["id"], &Value::Null));
    world.mutate("updateAppointment", json!({ "id": made["id"], "title": "b" })).await;
    assert_eq!(subscription.next_summary().await, "UPDATED 2 b");
    world.mutate("updateCalendar", json!({ "id": world.calendar, "name": "Choir" })).await;
    assert_eq!(subscription.next_summary().await, "CALENDAR_UPDATED 3 Choir");
    world.mutate("deleteAppointment", json!({ "id": made["id"] })).await;
    let event = subscription.next_event().await.unwrap();
    assert_eq!((&event["kind"], &event["deletedAppointmentId"]), (&json!("DELETED"), &made["id"]));
    world.mutate("deleteCalendar", json!({ "id": world.calendar })).await;
    assert_eq!(subscription.next_summary().await, "CALENDAR_GONE 5");
    assert_eq!(subscription.next_event().await, None, "the last event");
}

#[tokio::test]
async fn a_backlog_ends_with_a_bookmark() {
    let world = World::new().await;
    for title in ["a", "b", "c"] {
        world.book(title, "10:00-11:00").await;
    }
    let mut subscription = world.subscribe(json!({ "after": 1 })).await;
    assert_eq!(subscription.next_summary().await, "CREATED 2 b");
    assert_eq!(subscription.next_summary().await, "CREATED 3 c");
    assert_eq!(subscription.next_summary().await, "BOOKMARK 3");
    world.book("d", "10:00-11:00").await;
    assert_eq!(subscription.next_summary().await, "CREATED 4 d");
}

#[tokio::test]
async fn a_position_ahead_of_the_log_is_reset() {
    let world = World::new().await;
    world.book("a", "10:00-11:00").await;
    let mut ahead = world.subscribe(json!({ "after": 7 })).await;
    assert_eq!(ahead.next_summary().await, "RESET 1");
    world.book("b", "10:00-11:00").await;
    assert_eq!(ahead.next_summary().await, "CREATED 2 b", "events continue after the RESET");
}

#[tokio::test]
async fn a_subscription_resumes_after_a_restart() {
    let world = World::new().await;
    let mut subscription = world.subscribe(json!({})).await;
    assert_eq!(subscription.next_summary().await, "BOOKMARK 0");
    world.book("a", "10:00-11:00").await;
    assert_eq!(subscription.next_summary().await, "CREATED 1 a");
    let world = world.restart().await;
    world.book("b", "10:00-11:00").await;
    let mut subscription = world.subscribe(json!({ "after": 1 })).await;
    assert_eq!(subscription.next_summary().await, "CREATED 2 b");
    assert_eq!(subscription.next_summary().await, "BOOKMARK 2");
}

#[tokio::test]
async fn a_position_past_the_retention_is_reset() {
    let world = World::new().await;
    world.book("a", "10:00-11:00").await;
    world.advance_days(31);
    world.book("b", "10:00-11:00").await;
    let world = world.restart().await;
    world.wait_until_pruned().await;
    let mut subscription = world.subscribe(json!({ "after": 1 })).await;
    assert_eq!(subscription.next_summary().await, "CREATED 2 b");
}

#[tokio::test]
async fn a_missing_calendar_is_gone() {
    let world = World::new().await;
    let mut subscription = world.subscribe(json!({ "calendarId": new_id(), "after": 7 })).await;
    assert_eq!(subscription.next_summary().await, "CALENDAR_GONE 7");
    assert_eq!(subscription.next_event().await, None);
    world.book("a", "10:00-11:00").await;
    let all = json!({ "id": world.calendar, "withAppointments": true });
    world.mutate("deleteCalendar", all).await;
    let id = json!(world.calendar);
    let mut late = world.subscribe(json!({ "calendarId": id, "after": 0 })).await;
    assert_eq!(late.next_summary().await, "CREATED 1 a");
    assert_eq!(late.next_summary().await, "CALENDAR_GONE 2");
    assert_eq!(late.next_event().await, None);
    for after in [json!(2), Value::Null] {
        let mut late = world.subscribe(json!({ "calendarId": id, "after": after })).await;
        assert_eq!(late.next_summary().await, "CALENDAR_GONE 2");
        assert_eq!(late.next_event().await, None);
    }
}

#[tokio::test]
async fn each_calendar_has_its_own_log() {
    let world = World::new().await;
    let other = world.mutate("createCalendar", json!({ "name": "Other" })).await;
    let mut mine = world.subscribe(json!({})).await;
    let mut theirs = world.subscribe(json!({ "calendarId": other["id"] })).await;
    assert_eq!(mine.next_summary().await, "BOOKMARK 0");
    assert_eq!(theirs.next_summary().await, "BOOKMARK 0");
    world.book("mine", "10:00-11:00").await;
    let input = json!({ "calendarId": other["id"], "title": "theirs",
        "startsAt": "2026-11-23T10:00:00Z", "endsAt": "2026-11-23T11:00:00Z" });
    world.mutate("createAppointment", input).await;
    assert_eq!(theirs.next_summary().await, "CREATED 1 theirs", "each log has its own revisions");
    assert_eq!(mine.next_summary().await, "CREATED 1 mine");
}

/// Another process sends no hint here, but polling finds its changes.
#[tokio::test]
async fn changes_of_another_process_arrive() {
    let world = World::new().await;
    let mut subscription = world.subscribe(json!({})).await;
    assert_eq!(subscription.next_summary().await, "BOOKMARK 0");
    let second = Server::start(&settings(&world.database), Clock::system()).await.unwrap();
    let query = format!(
        "mutation {{ updateCalendar(input: {{ id: \"{}\", name: \"Elsewhere\" }}) {{
            calendar {{ name }} }} }}",
        world.calendar
    );
    let sent = appointments_testing::http_client()
        .post(format!("http://{}/graphql", second.address()))
        .json(&json!({ "query": query }));
    let response: Value = sent.send().await.unwrap().json().await.unwrap();
    let name = &response["data"]["updateCalendar"]["calendar"]["name"];
    assert_eq!(text(name), "Elsewhere", "{response}");
    assert_eq!(subscription.next_summary().await, "CALENDAR_UPDATED 1 Elsewhere");
}
