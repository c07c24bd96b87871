//! Longer scenarios: lost connections, time that passes, and more than one watch. The numbers are
//! those of the cases in other systems, and of the stories that broke earlier versions of the
//! rules.

use futures_util::{FutureExt, StreamExt};
use serde_json::json;

use super::fake_transport::Request;
use super::scenario::{CALENDAR, Scenario, at};
use crate::model::connection::ConnectionStatus;
use crate::model::input::AppointmentChanges;
use crate::model::refusal::Refusal;
use crate::tests::model_server::server::change;

#[tokio::test(start_paused = true)]
async fn case_7_only_affected_watches_are_notified() {
    let mut scenario = Scenario::new().await;
    let watch_day = |day: i64| scenario.calendar.watch(at(day * 24), at(day * 24 + 24));
    let mut days: Vec<_> = (1..100).map(watch_day).collect();
    scenario.run().await;
    scenario.respond_to_all();
    scenario.run().await;
    for day in &mut days {
        while day.next().now_or_never().is_some() {}
    }
    scenario.other_client_writes("2", "two", 5 * 24 + 9);
    scenario.deliver_next_event();
    scenario.run().await;
    let notified = days.iter_mut().filter_map(|day| day.next().now_or_never()).count();
    assert_eq!(notified, 1);
}

#[tokio::test(start_paused = true)]
async fn case_15_an_evicted_range_is_not_covered() {
    let mut scenario = Scenario::new().await;
    let other = scenario.calendar.watch(at(240), at(241));
    drop(std::mem::replace(&mut scenario.watch, other));
    scenario.client.cache().evict_to(0);
    let mut day = scenario.calendar.watch(at(0), at(24));
    assert!(!day.view().is_complete);
    scenario.run().await;
    scenario.respond_to_all();
    scenario.run().await;
    assert!(day.view().is_complete);
}

#[tokio::test(start_paused = true)]
async fn case_20_a_predicted_appointment_is_not_evicted() {
    let mut scenario = Scenario::new().await;
    scenario.create("mine", 12);
    scenario.client.cache().evict_to(0);
    let expected = "one@10 mine@12";
    scenario.play("20", &[(|_| {}, expected), (|it| it.respond(0), expected)]).await;
}

#[tokio::test(start_paused = true)]
async fn story_1_an_appointment_that_moves_between_ranges_never_disappears() {
    let mut scenario = Scenario::new().await;
    scenario.other_client_writes("2", "late", 23);
    scenario.deliver_next_event();
    scenario.run().await;
    let mut wide = scenario.calendar.watch(at(0), at(48));
    scenario.run().await;
    // The response to the second range knows the move before its event arrives.
    scenario.other_client_writes("2", "late", 20);
    scenario.play("Story 1", &[(|it| it.respond(0), "one@10 late@23")]).await;
    assert!(!wide.view().is_complete, "the range waits for the event");
    scenario.play("Story 1", &[(Scenario::deliver_next_event, "one@10 late@20")]).await;
    assert!(wide.view().is_complete);
}

#[tokio::test(start_paused = true)]
async fn story_6_an_older_response_does_not_bring_back_a_moved_appointment() {
    let mut scenario = Scenario::new().await;
    let mut next_day = scenario.calendar.watch(at(24), at(48));
    scenario.run().await;
    scenario.other_client_writes("2", "two", 30);
    scenario.process(0);
    scenario.other_client_writes("2", "two", 60);
    scenario.deliver_next_event();
    scenario.run().await;
    scenario.deliver_next_event();
    scenario.run().await;
    scenario.deliver(0);
    scenario.run().await;
    let view = next_day.view();
    assert!(view.is_complete && view.appointments.is_empty(), "{view:?}");
}

#[tokio::test(start_paused = true)]
async fn case_13_after_the_restore_of_a_backup_everything_is_fetched_again() {
    let mut scenario = Scenario::new().await;
    scenario.other_client_writes("2", "two", 11);
    scenario.deliver_next_event();
    scenario.play("13", &[(|_| {}, "one@10 two@11")]).await;
    scenario.restore_backup();
    scenario.other_client_writes("1", "old", 10);
    scenario.disconnect();
    scenario.wait_a_minute().await;
    scenario.play("13: a reset", &[(Scenario::deliver_next_event, "one@10 two@11")]).await;
    scenario.play("13: the response", &[(|it| it.respond(0), "old@10")]).await;
}

#[tokio::test(start_paused = true)]
async fn case_14_a_range_that_cannot_be_loaded_shows_the_problem_and_is_retried() {
    let mut scenario = Scenario::new().await;
    let mut week = scenario.calendar.watch(at(0), at(7 * 24));
    scenario.run().await;
    assert_eq!(scenario.request_count(), 1, "only the missing range is requested");
    scenario.network(|network| network.lose_request(0));
    scenario.run().await;
    let view = week.view();
    assert!(!view.is_complete);
    assert_eq!(view.problem.as_deref(), Some("lost"));
    scenario.wait_a_minute().await;
    scenario.respond(0);
    scenario.run().await;
    let view = week.view();
    assert_eq!((view.is_complete, view.problem), (true, None));
}

#[tokio::test(start_paused = true)]
async fn case_16_missed_events_arrive_after_a_reconnect_without_a_request() {
    let mut scenario = Scenario::new().await;
    scenario.disconnect();
    scenario.run().await;
    let status = scenario.client.connection_status();
    assert!(matches!(status, ConnectionStatus::Offline { .. }));
    for number in 2..6 {
        let title = format!("t{number}");
        scenario.other_client_writes(&number.to_string(), &title, 10 + number);
    }
    scenario.wait_a_minute().await;
    let expected = "one@10 t2@12 t3@13 t4@14 t5@15";
    scenario.play("16", &[(Scenario::deliver_events, expected)]).await;
    assert_eq!(scenario.range_request_count(), 1);
    assert_eq!(scenario.client.connection_status(), ConnectionStatus::Live);
}

#[tokio::test(start_paused = true)]
async fn case_18_a_bookmark_advances_the_position() {
    let scenario = Scenario::new().await;
    let bookmark = change("BOOKMARK", 9, 1, json!({}));
    scenario.network(|network| network.send_event(&bookmark));
    scenario.run().await;
    let scope = cynic_cache::Scope::new("Appointment", CALENDAR);
    assert_eq!(scenario.client.cache().position(&scope), Some(9));
    assert_eq!(scenario.range_request_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_19_a_snapshot_contains_pending_mutations() {
    let mut scenario = Scenario::new().await;
    scenario.create("mine", 12);
    scenario.run().await;
    let mutation_id = |it: &Request| it.body["variables"]["input"]["mutationId"].clone();
    let id = scenario.network(|network| mutation_id(&network.requests[0]));
    let snapshot = scenario.client.snapshot();
    scenario.disconnect();
    let mut restored = Scenario::with_transport(scenario.transport.clone());
    drop(scenario);
    assert_eq!(restored.client.restore(&snapshot), Ok(Vec::new()));
    restored.watch = restored.calendar.watch(at(0), at(24));
    assert_eq!(restored.visible(), "one@10 mine@12");
    assert_eq!(restored.client.pending().len(), 1);
    restored.run().await;
    let sent = restored.network(|network| {
        let mut ids = network.requests.iter().map(mutation_id);
        ids.find(|id| !id.is_null())
    });
    assert_eq!(sent, Some(id), "the same mutation is sent again");
}

#[tokio::test(start_paused = true)]
async fn story_8_a_creation_without_a_response_is_not_done_twice() {
    let mut scenario = Scenario::new().await;
    scenario.create("mine", 12);
    scenario.run().await;
    scenario.network(|network| network.process_and_lose_response(0));
    let id = scenario.created_id(0);
    scenario.other_client_deletes(&id);
    scenario.network(|network| {
        let log = network.server.calendars.get_mut(CALENDAR).expect("the calendar exists");
        log.pruned = log.head();
        network.disconnect();
        network.is_automatic = true;
    });
    scenario.wait_a_minute().await;
    assert_eq!(scenario.visible(), "one@10");
    assert_eq!(scenario.head(), 3, "nothing was done twice");
    assert!(matches!(scenario.outcome(0), Some(Ok(Some(_)))), "the creation has succeeded");
}

#[tokio::test(start_paused = true)]
async fn story_9_a_refused_mutation_stays_refused_when_the_slot_is_free_again() {
    let mut scenario = Scenario::new().await;
    scenario.make_strict();
    scenario.create("mine", 10);
    scenario.run().await;
    // The same mutation arrives twice.
    let body = scenario.network(|network| network.requests[0].body.clone());
    scenario.respond(0);
    scenario.run().await;
    assert!(matches!(scenario.outcome(0), Some(Err(Refusal::SlotTaken { .. }))));
    scenario.other_client_deletes("1");
    scenario.network(|network| network.server.respond(&body));
    assert_eq!(scenario.head(), 2, "the server refuses it again");
    scenario.play("Story 9", &[(Scenario::deliver_next_event, "")]).await;
}

#[tokio::test(start_paused = true)]
async fn story_10_an_offline_creation_survives_a_refused_move() {
    let mut scenario = Scenario::new().await;
    scenario.make_strict();
    scenario.disconnect();
    scenario.network(|network| network.is_offline = true);
    scenario.run().await;
    scenario.create("mine", 12);
    let id = scenario.created_id(0);
    scenario.update(&id, AppointmentChanges::new().time(at(10), at(11)));
    assert_eq!(scenario.visible(), "mine@10 one@10");
    scenario.wait_a_minute().await;
    scenario.network(|network| {
        network.is_offline = false;
        network.is_automatic = true;
    });
    scenario.wait_a_minute().await;
    assert_eq!(scenario.visible(), "one@10 mine@12", "the creation is not lost");
    assert!(matches!(scenario.outcome(0), Some(Ok(Some(_)))));
    assert!(matches!(scenario.outcome(1), Some(Err(Refusal::SlotTaken { .. }))));
}

#[tokio::test(start_paused = true)]
async fn story_17_a_stale_range_is_forgotten_with_its_last_watch() {
    let mut scenario = Scenario::new().await;
    let first_day = scenario.calendar.watch(at(0), at(24));
    let second_day = scenario.calendar.watch(at(24), at(48));
    drop(std::mem::replace(&mut scenario.watch, second_day));
    scenario.run().await;
    scenario.respond(0);
    scenario.run().await;
    scenario.send_reset();
    scenario.run().await;
    assert!(scenario.watch.view().is_stale);
    drop(first_day);
    scenario.respond(1);
    scenario.run().await;
    let view = scenario.watch.view();
    assert!(view.is_complete && !view.is_stale);
    scenario.wait_a_minute().await;
    assert!(!scenario.calendar.watch(at(0), at(24)).view().is_complete, "the range was forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_connections_are_blocked_polls() {
    let mut scenario = Scenario::new().await;
    scenario.network(|network| {
        network.blocks_connections = true;
        network.is_automatic = true;
        network.disconnect();
    });
    scenario.wait_a_minute().await;
    assert_eq!(scenario.client.connection_status(), ConnectionStatus::Polling);
    assert_eq!(scenario.range_request_count(), 1, "without a change nothing is fetched");
    scenario.other_client_writes("2", "two", 11);
    scenario.wait_a_minute().await;
    assert_eq!(scenario.visible(), "one@10 two@11");
    assert_eq!(scenario.range_request_count(), 2);
    scenario.network(|network| network.blocks_connections = false);
    scenario.wait_a_minute().await;
    assert_eq!(scenario.client.connection_status(), ConnectionStatus::Live);
    scenario.other_client_writes("1", "uno", 10);
    scenario.play("live again", &[(Scenario::deliver_next_event, "uno@10 two@11")]).await;
}

#[tokio::test(start_paused = true)]
async fn a_watched_appointment_that_does_not_exist_is_complete_and_empty() {
    let scenario = Scenario::new().await;
    let mut watch = scenario.client.appointment("unknown").watch();
    assert!(!watch.next().await.expect("the first view").is_complete);
    scenario.run().await;
    scenario.network(|network| network.respond_to_all());
    let view = watch.next().await.expect("the view after the response");
    assert!(view.is_complete && view.appointment.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_failed_request_does_not_remove_a_watched_appointment() {
    let mut scenario = Scenario::new().await;
    let mut watch = scenario.client.appointment("1").watch();
    scenario.run().await;
    scenario.send_reset();
    scenario.run().await;
    let is_for_appointment = |request: &Request| {
        request.body["query"].as_str().unwrap_or_default().contains("appointment(id")
    };
    let index = scenario.network(|network| network.requests.iter().position(is_for_appointment));
    let index = index.expect("the appointment is fetched again");
    let error =
        json!({"message": "later", "path": ["appointment"], "extensions": {"code": "UNAVAILABLE"}});
    let response = json!({"data": {"appointment": null}, "errors": [error]});
    scenario.network(|network| network.respond_with(index, &response));
    scenario.deliver(0);
    scenario.run().await;
    assert_eq!(watch.view().appointment.map(|it| it.title.clone()).as_deref(), Some("one"));
    assert_eq!(scenario.visible(), "one@10");
    scenario.wait_a_minute().await;
    let is_retried = scenario.network(|network| network.requests.iter().any(is_for_appointment));
    assert!(is_retried);
}

#[tokio::test(start_paused = true)]
async fn a_pending_creation_survives_a_reset() {
    let mut scenario = Scenario::new().await;
    scenario.create("mine", 12);
    let id = scenario.created_id(0);
    let mut watch = scenario.client.appointment(id).watch();
    scenario.run().await;
    scenario.send_reset();
    scenario.run().await;
    // The server responds to everything but the creation.
    scenario.process(1);
    scenario.process(1);
    scenario.deliver(0);
    scenario.deliver(0);
    scenario.run().await;
    assert_eq!(scenario.visible(), "one@10 mine@12");
    assert_eq!(watch.view().appointment.map(|it| it.title.clone()).as_deref(), Some("mine"));
    scenario.respond(0);
    scenario.run().await;
    assert_eq!(scenario.visible(), "one@10 mine@12");
}
