//! More cases, through what programs call: lines that are lost, time that goes by, more than one watch.

use futures_util::{FutureExt, StreamExt};
use serde_json::json;

use super::fake_transport::{Place, Request};
use super::scenario::{CALENDAR, Duel, at};
use crate::model::connection::ConnectionStatus;
use crate::model::input::AppointmentChanges;
use crate::model::refusal::Refusal;
use crate::tests::model_server::server::change;

#[tokio::test(start_paused = true)]
async fn case_7_only_who_is_concerned_is_woken() {
    let mut it = Duel::new().await;
    let mut days: Vec<_> =
        (1..100).map(|it_is| it.calendar.watch(at(it_is * 24), at(it_is * 24 + 24))).collect();
    it.settle().await;
    it.there(|it| it.answers_all());
    it.settle().await;
    for day in &mut days {
        while day.next().now_or_never().is_some() {}
    }
    it.somebody("2", "two", 5 * 24 + 9);
    it.hears();
    it.settle().await;
    let woken = days.iter_mut().filter_map(|day| day.next().now_or_never()).count();
    assert_eq!(woken, 1);
}

#[tokio::test(start_paused = true)]
async fn case_15_what_is_forgotten_is_not_covered() {
    let mut it = Duel::new().await;
    let other = it.calendar.watch(at(240), at(241));
    drop(std::mem::replace(&mut it.watch, other));
    it.client.cache().evict_to(0);
    let mut again = it.calendar.watch(at(0), at(24));
    assert!(!again.view().is_complete);
    it.settle().await;
    it.there(|it| it.answers_all());
    it.settle().await;
    assert!(again.view().is_complete);
}

#[tokio::test(start_paused = true)]
async fn case_20_what_is_only_expected_is_not_forgotten() {
    let mut it = Duel::new().await;
    it.create("mine", 12);
    it.client.cache().evict_to(0);
    it.play("20", &[(|_| {}, "one@10 mine@12"), (|it| it.answers(0), "one@10 mine@12")]).await;
}

#[tokio::test(start_paused = true)]
async fn story_1_what_leaves_one_stretch_is_never_missing_in_the_other() {
    let mut it = Duel::new().await;
    it.somebody("2", "late", 23);
    it.hears();
    it.settle().await;
    let mut wide = it.calendar.watch(at(0), at(48));
    it.settle().await;
    // It is moved, and the answer of the rest knows that before the log has told.
    it.somebody("2", "late", 20);
    it.play("Story 1", &[(|it| it.answers(0), "one@10 late@23")]).await;
    assert!(!wide.view().is_complete, "it waits for what the log has to tell");
    it.play("Story 1", &[(Duel::hears, "one@10 late@20")]).await;
    assert!(wide.view().is_complete);
}

#[tokio::test(start_paused = true)]
async fn story_6_what_was_moved_out_is_not_brought_back_by_an_older_answer() {
    let mut it = Duel::new().await;
    let mut next = it.calendar.watch(at(24), at(48));
    it.settle().await;
    it.somebody("2", "two", 30);
    it.there(|it| it.reads(0));
    it.somebody("2", "two", 60);
    it.hears();
    it.settle().await;
    it.hears();
    it.settle().await;
    it.there(|it| it.arrives(0));
    it.settle().await;
    let view = next.view();
    assert!(view.is_complete && view.appointments.is_empty(), "{view:?}");
}

#[tokio::test(start_paused = true)]
async fn case_13_a_server_that_knows_less_is_asked_again() {
    let mut it = Duel::new().await;
    it.somebody("2", "two", 11);
    it.hears();
    it.play("13", &[(|_| {}, "one@10 two@11")]).await;
    it.is_forgotten();
    it.somebody("1", "old", 10);
    it.there(Place::cut);
    it.later().await;
    it.play("13", &[(Duel::hears, "one@10 two@11"), (|it| it.answers(0), "old@10")]).await;
}

#[tokio::test(start_paused = true)]
async fn case_14_a_stretch_that_cannot_be_had() {
    let mut it = Duel::new().await;
    let mut week = it.calendar.watch(at(0), at(7 * 24));
    it.settle().await;
    assert_eq!(it.there(|it| it.sent.len()), 1, "only what is missing");
    it.there(|it| it.loses(0));
    it.settle().await;
    let view = week.view();
    assert!(!view.is_complete);
    assert_eq!(view.problem.as_deref(), Some("lost"));
    it.later().await;
    it.answers(0);
    it.settle().await;
    let view = week.view();
    assert_eq!((view.is_complete, view.problem), (true, None));
}

#[tokio::test(start_paused = true)]
async fn case_16_what_was_missed_arrives_once_and_nothing_is_asked() {
    let mut it = Duel::new().await;
    it.there(Place::cut);
    it.settle().await;
    assert!(matches!(it.client.connection_status(), ConnectionStatus::Offline { .. }));
    for number in 2..6 {
        it.somebody(&number.to_string(), &format!("t{number}"), 10 + number);
    }
    it.later().await;
    let expected = "one@10 t2@12 t3@13 t4@14 t5@15";
    it.play("16", &[(|it| it.there(Place::tells), expected)]).await;
    assert_eq!(it.there(|it| it.ranges), 1);
    assert_eq!(it.client.connection_status(), ConnectionStatus::Live);
}

#[tokio::test(start_paused = true)]
async fn case_18_a_bookmark_moves_it_forward() {
    let it = Duel::new().await;
    it.there(|it| it.tells_this(&change("BOOKMARK", 9, 1, json!({}))));
    it.settle().await;
    let scope = cynic_cache::Scope::new("Appointment", CALENDAR);
    assert_eq!(it.client.cache().position(&scope), Some(9), "it goes on from there");
    assert_eq!(it.there(|it| it.ranges), 1);
}

#[tokio::test(start_paused = true)]
async fn case_19_what_is_kept_while_something_pends() {
    let mut it = Duel::new().await;
    it.create("mine", 12);
    it.settle().await;
    let id = it.there(|it| it.sent[0].body["variables"]["input"]["mutationId"].clone());
    let kept = it.client.snapshot();
    it.there(Place::cut);
    let Duel { memory, .. } = it;
    let again = Duel::of(memory.clone());
    assert_eq!(again.client.restore(&kept), Ok(Vec::new()));
    let mut again = Duel { watch: again.calendar.watch(at(0), at(24)), ..again };
    assert_eq!(again.shown(), "one@10 mine@12");
    assert_eq!(again.client.pending().len(), 1);
    again.settle().await;
    let sent = again.there(|it| {
        let of = |it: &Request| it.body["variables"]["input"]["mutationId"].clone();
        it.sent.iter().map(of).find(|it| !it.is_null())
    });
    assert_eq!(sent, Some(id), "the same is sent again");
}

#[tokio::test(start_paused = true)]
async fn story_8_a_creation_that_nobody_heard_of_is_not_done_twice() {
    let mut it = Duel::new().await;
    it.create("mine", 12);
    it.settle().await;
    it.there(|it| it.reads_and_loses(0));
    let id = it.mine(0);
    it.somebody_deletes(&id);
    it.there(|it| {
        let log = it.server.calendars.get_mut(CALENDAR).expect("it is there");
        log.pruned = log.head();
        it.cut();
        it.is_fluent = true;
    });
    it.later().await;
    assert_eq!(it.shown(), "one@10");
    assert_eq!(it.head(), 3, "nothing was done again");
    assert!(matches!(it.came(0), Some(Ok(Some(_)))), "it was done, as its caller is told");
}

#[tokio::test(start_paused = true)]
async fn story_9_a_refusal_stands_though_the_slot_is_free_again() {
    let mut it = Duel::new().await;
    it.is_strict();
    it.create("mine", 10);
    it.settle().await;
    // Two attempts of one mutation, the first of which is late.
    let body = it.there(|it| it.sent[0].body.clone());
    it.answers(0);
    it.settle().await;
    assert!(matches!(it.came(0), Some(Err(Refusal::SlotTaken { .. }))));
    it.somebody_deletes("1");
    it.there(|it| it.server.answer(&body));
    assert_eq!(it.head(), 2, "what was refused is not done");
    it.play("Story 9", &[(Duel::hears, "")]).await;
}

#[tokio::test(start_paused = true)]
async fn story_10_offline_a_creation_and_a_move_into_a_taken_slot() {
    let mut it = Duel::new().await;
    it.is_strict();
    it.there(|it| {
        it.cut();
        it.is_cut = true;
    });
    it.settle().await;
    it.create("mine", 12);
    let id = it.mine(0);
    it.update(&id, AppointmentChanges::new().time(at(10), at(11)));
    assert_eq!(it.shown(), "mine@10 one@10");
    it.later().await;
    it.there(|it| (it.is_cut, it.is_fluent) = (false, true));
    it.later().await;
    assert_eq!(it.shown(), "one@10 mine@12", "it is not lost");
    assert!(matches!(it.came(0), Some(Ok(Some(_)))));
    assert!(matches!(it.came(1), Some(Err(Refusal::SlotTaken { .. }))));
}

#[tokio::test(start_paused = true)]
async fn story_17_what_is_stale_ends_with_the_last_watch() {
    let mut it = Duel::new().await;
    let watch = it.calendar.watch(at(0), at(24));
    drop(std::mem::replace(&mut it.watch, it.calendar.watch(at(24), at(48))));
    it.settle().await;
    it.answers(0);
    it.settle().await;
    it.is_reset();
    it.settle().await;
    assert!(it.watch.view().is_stale);
    drop(watch);
    it.answers(1);
    it.settle().await;
    let view = it.watch.view();
    assert!(view.is_complete && !view.is_stale);
    it.later().await;
    assert!(!it.calendar.watch(at(0), at(24)).view().is_complete, "it was forgotten");
}

#[tokio::test(start_paused = true)]
async fn where_no_line_gets_through_it_polls() {
    let mut it = Duel::new().await;
    it.there(|it| {
        (it.is_walled, it.is_fluent) = (true, true);
        it.cut();
    });
    it.later().await;
    assert_eq!(it.client.connection_status(), ConnectionStatus::Polling);
    assert_eq!(it.there(|it| it.ranges), 1, "nothing has changed, so nothing is asked for");
    it.somebody("2", "two", 11);
    it.later().await;
    assert_eq!(it.shown(), "one@10 two@11");
    assert_eq!(it.there(|it| it.ranges), 2);
    it.there(|it| it.is_walled = false);
    it.later().await;
    assert_eq!(it.client.connection_status(), ConnectionStatus::Live);
    it.play(
        "live again",
        &[(|it| it.somebody("1", "uno", 10), "one@10 two@11"), (Duel::hears, "uno@10 two@11")],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_appointment_that_is_not_there_is_said_to_be_none() {
    let it = Duel::new().await;
    let mut watch = it.client.appointment("nobody").watch();
    assert!(!watch.next().await.expect("the present").is_complete);
    it.settle().await;
    it.there(Place::answers_all);
    let view = watch.next().await.expect("it is told");
    assert!(view.is_complete && view.appointment.is_none());
}

#[tokio::test(start_paused = true)]
async fn one_appointment_that_could_not_be_asked_for_is_still_there() {
    let mut it = Duel::new().await;
    let mut watch = it.client.appointment("1").watch();
    it.settle().await;
    it.is_reset();
    it.settle().await;
    let asks =
        |it: &Request| it.body["query"].as_str().unwrap_or_default().contains("appointment(id");
    let at = it.there(|there| there.sent.iter().position(asks)).expect("it is asked for again");
    let error =
        json!({"message": "later", "path": ["appointment"], "extensions": {"code": "UNAVAILABLE"}});
    it.there(|it| {
        it.says(at, &json!({"data": {"appointment": null}, "errors": [error]}));
        it.arrives(0);
    });
    it.settle().await;
    assert_eq!(watch.view().appointment.map(|it| it.title.clone()).as_deref(), Some("one"));
    assert_eq!(it.shown(), "one@10");
    it.later().await;
    assert!(it.there(|there| there.sent.iter().any(asks)), "and it is asked for once more");
}

#[tokio::test(start_paused = true)]
async fn one_appointment_that_is_still_to_be_created_stays_through_a_reset() {
    let mut it = Duel::new().await;
    it.create("mine", 12);
    let id = it.mine(0);
    let mut watch = it.client.appointment(id).watch();
    it.settle().await;
    it.is_reset();
    it.settle().await;
    // Everything but the creation is answered.
    it.there(|it| {
        it.reads(1);
        it.reads(1);
        it.arrives(0);
        it.arrives(0);
    });
    it.settle().await;
    assert_eq!(it.shown(), "one@10 mine@12");
    assert_eq!(watch.view().appointment.map(|it| it.title.clone()).as_deref(), Some("mine"));
    it.answers(0);
    it.settle().await;
    assert_eq!(it.shown(), "one@10 mine@12");
}
