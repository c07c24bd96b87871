//! Cases of the list of known problems that concern a cache (by their numbers), and scenarios that
//! earlier versions of the rules got wrong.

use cynic_cache::{EntityKey, Patch, Prediction, Scope, WriteOutcome};

use crate::world::{Watcher, World};

#[test]
fn case_1_a_refused_mutation_shows_the_newer_base() {
    let mut it = World::unfollowed("1:one@10");
    it.rename("m", "1", "mine");
    let request = it.begin_request();
    it.respond(&request, 2, "1:theirs@10#2");
    it.expect_view("1:mine@10");
    it.refuse("m");
    it.expect_view("1:theirs@10");
}

#[test]
fn case_2_layers_can_be_removed_in_any_order() {
    for (first, then, left) in [("m2", "m1", "1:mine@10"), ("m1", "m2", "1:one@15")] {
        let mut it = World::with("1:one@10");
        it.rename("m1", "1", "mine");
        it.shift("m2", "1", 15);
        it.expect_view("1:mine@15");
        it.refuse(first);
        it.expect_view(left);
        it.refuse(then);
        it.expect_view("1:one@10");
    }
}

#[test]
fn case_3_removing_a_middle_layer_removes_only_its_own_fields() {
    let mut it = World::with("1:one@10");
    it.rename("m1", "1", "a");
    it.cache
        .predict("m2", Patch::of("Loan", "1").set("title", "b").set("note", "n"))
        .expect("it fits");
    it.shift("m3", "1", 12);
    it.rename("m3b", "1", "c");
    it.expect_view("1:c@12");
    it.refuse("m2");
    it.expect_view("1:c@12");
    it.refuse("m3b");
    it.expect_view("1:a@12");
}

#[test]
fn case_4_create_and_delete_in_one_batch_show_nothing() {
    let mut it = World::with("1:one@10");
    it.cache.update(|batch| {
        let create = |draft: &mut cynic_cache::Draft<'_>| {
            draft
                .create("Loan", "2")
                .set("Loan", "2", "shelfId", "s1")
                .set("Loan", "2", "title", "two");
            draft.set("Loan", "2", "from", "2026-11-23T11:00:00Z");
            draft.set("Loan", "2", "until", "2026-11-23T12:00:00Z");
        };
        batch.predict("create", Prediction::draft(create)).expect("it fits");
        batch.predict("delete", Patch::of("Loan", "2").delete()).expect("it fits");
    });
    assert_eq!(it.watch.take_wake_count(), 0);
    it.expect_view("1:one@10");
    it.refuse("delete");
    it.expect_view("1:one@10 2:two@11");
}

#[test]
fn case_6_the_view_changes_from_predicted_to_confirmed_in_one_step() {
    let mut it = World::with("1:one@10");
    it.rename("m", "1", "predicted");
    it.watch.drain();
    it.confirm("m", "1:real@10#2");
    assert_eq!(it.watch.take_wake_count(), 1);
    it.expect_view("1:real@10");
}

#[test]
fn case_7_only_watches_that_show_the_entity_are_woken() {
    let it = World::with("");
    let week = Watcher::over(&it.cache, 0, 100);
    let request = it.cache.begin(&week.query);
    it.respond_to(&request, &week.query, 1, "1:one@42");
    let mut hours: Vec<_> = (0..100).map(|hour| Watcher::over(&it.cache, hour, hour + 1)).collect();
    it.deliver_event(2, "1:uno@42");
    let woken: Vec<usize> = hours.iter_mut().map(Watcher::take_wake_count).collect();
    assert_eq!(woken.iter().position(|it| *it == 1), Some(42));
    assert_eq!(woken.iter().sum::<usize>(), 1);
}

#[test]
fn case_8_two_watches_never_show_two_versions_of_one_entity() {
    let mut it = World::with("1:one@10");
    let mut other = Watcher::over(&it.cache, 8, 11);
    let request = it.begin_request();
    // The response is ahead of the log, so it waits: both watches change at the same time.
    assert_eq!(it.respond(&request, 2, "1:new@10#2"), WriteOutcome::Deferred);
    assert_eq!(
        (it.watch.shown_loans(), other.shown_loans()),
        ("1:one@10".to_owned(), "1:one@10".to_owned())
    );
    it.deliver_event(2, "1:new@10");
    assert_eq!(
        (it.watch.shown_loans(), other.shown_loans()),
        ("1:new@10".to_owned(), "1:new@10".to_owned())
    );
}

#[test]
fn case_9_a_batch_wakes_a_watch_once() {
    let mut it = World::with("1:one@10");
    it.cache.update(|batch| {
        for revision in 2..=100 {
            it.deliver_event_in(batch, revision, &format!("1:v{revision}@10"));
        }
    });
    assert_eq!(it.watch.take_wake_count(), 1);
    it.expect_view("1:v100@10");
}

#[test]
fn case_10_an_older_response_does_not_replace_a_newer_one() {
    let mut it = World::unfollowed("1:one@10");
    let (first, second) = (it.begin_request(), it.begin_request());
    it.respond(&second, 3, "1:newer@10#3");
    it.respond(&first, 2, "1:older@10#2");
    it.expect_view("1:newer@10");
}

#[test]
fn case_11_a_late_snapshot_does_not_replace_newer_data() {
    let old = World::with("1:five@10#5 2:two@11");
    let snapshot = old.cache.snapshot();
    let mut it = World::empty();
    let request = it.begin_request();
    it.respond(&request, 7, "1:seven@10#7");
    it.cache.restore(&snapshot).expect("the snapshot is complete");
    it.expect_view("1:seven@10");
}

#[test]
fn case_12_a_repeated_event_changes_nothing() {
    let mut it = World::with("1:one@10");
    it.deliver_event(2, "1:uno@10");
    it.watch.drain();
    it.deliver_event(2, "1:uno@10");
    assert_eq!(it.watch.take_wake_count(), 0);
    it.expect_view("1:uno@10");
}

#[test]
fn case_13_after_a_reset_the_range_is_stale_and_missing() {
    let mut it = World::with("1:one@10");
    it.deliver_event(5, "1:five@10");
    it.cache.update(|batch| batch.reset(&it.shelf, 2));
    it.expect_view("1:five@10");
    assert!(it.watch.watch.is_stale());
    assert_eq!(it.watch.watch.missing_ranges().len(), 1);
}

#[test]
fn case_14_a_failed_request_covers_nothing() {
    let mut it = World::empty();
    let request = it.begin_request();
    assert!(it.watch.watch.missing_ranges().is_empty(), "the request is in flight");
    drop(request);
    assert_eq!(it.watch.watch.missing_ranges().len(), 1);
    assert!(!it.watch.view().is_complete());
}

#[test]
fn case_15_evicted_ranges_are_no_longer_covered() {
    let it = World::with("1:one@10");
    let World { cache, watch, .. } = it;
    let query = watch.query.clone();
    drop(watch);
    assert!(cache.missing_ranges(&query).is_empty());
    cache.evict_to(0);
    assert!(!cache.missing_ranges(&query).is_empty());
    assert!(!cache.read(&query).is_complete());
}

#[test]
fn case_19_a_snapshot_contains_no_predictions() {
    let mut it = World::with("1:one@10");
    let before = it.cache.snapshot();
    it.rename("m", "1", "mine");
    it.create("n", "n:new@12");
    assert_eq!(it.cache.snapshot(), before);
    let mut other = World::empty();
    other.cache.restore(&before).expect("the snapshot is complete");
    other.expect_view("1:one@10");
    assert!(other.watch.view().is_complete());
}

#[test]
fn case_20_entities_of_a_layer_are_not_evicted() {
    let mut it = World::with("1:one@10");
    it.rename("m", "1", "mine");
    let World { cache, watch, .. } = it;
    drop(watch);
    cache.evict_to(0);
    let shown = |cache: &cynic_cache::Cache| Watcher::over(cache, 0, 24).shown_loans();
    assert_eq!(shown(&cache), "1:mine@10");
    cache.roll_back("m");
    assert_eq!(shown(&cache), "1:one@10");
    cache.evict_to(0);
    assert_eq!(shown(&cache), "");
}

#[test]
fn case_21_a_pending_change_of_a_deleted_entity_shows_nothing() {
    let mut it = World::with("1:one@10 2:two@11");
    it.rename("m", "1", "mine");
    it.deliver_deletion(2, "1");
    it.expect_view("2:two@11");
    it.refuse("m");
    it.expect_view("2:two@11");
}

// Scenarios that were found by checking a model of the rules.

#[test]
fn scenario_1_a_loan_moves_between_two_ranges_in_one_step() {
    let it = World::empty();
    it.cache.update(|batch| batch.advance(&it.shelf, 3));
    it.follow();
    let (mut early, mut late) = (Watcher::over(&it.cache, 8, 12), Watcher::over(&it.cache, 11, 16));
    for watcher in [&early, &late] {
        let request = it.cache.begin(&watcher.query);
        it.respond_to(&request, &watcher.query, 3, "1:one@11#3");
    }
    let request = it.cache.begin(&early.query);
    assert_eq!(it.respond_to(&request, &early.query, 4, ""), WriteOutcome::Deferred);
    assert_eq!(
        (early.shown_loans(), late.shown_loans()),
        ("1:one@11".to_owned(), "1:one@11".to_owned())
    );
    late.drain();
    it.deliver_event(4, "1:one@14");
    assert_eq!((early.shown_loans(), late.shown_loans()), (String::new(), "1:one@14".to_owned()));
    assert_eq!(late.take_delta(), "~1");
}

#[test]
fn scenario_2_events_older_than_a_known_deletion_are_ignored() {
    let mut it = World::with("1:one@10");
    it.rename("m1", "1", "mine");
    it.confirm("m1", "1:mine@10#3");
    it.rename("m2", "1", "more");
    it.cache.update(|batch| {
        batch.delete(&EntityKey::new("Loan", "1"), Some(4));
        batch.roll_back("m2");
    });
    it.expect_view("");
    it.deliver_event(2, "1:theirs@10");
    it.expect_view("");
    it.deliver_event(3, "1:mine@10");
    it.expect_view("");
}

#[test]
fn scenario_3_a_late_deletion_does_not_remove_a_newer_entity() {
    let mut it = World::with("1:one@10");
    it.deliver_event(5, "1:new@10");
    it.deliver_deletion(4, "1");
    it.expect_view("1:new@10");
}

#[test]
fn scenario_4_a_response_from_between_two_resets_is_stale() {
    let mut it = World::with("1:one@10");
    it.cache.update(|batch| batch.reset(&it.shelf, 5));
    let request = it.begin_request();
    it.cache.update(|batch| batch.reset(&it.shelf, 9));
    assert_eq!(it.respond(&request, 6, "1:six@10#6"), WriteOutcome::Stale);
    it.expect_view("1:one@10");
    assert!(it.watch.watch.is_stale());
    assert_eq!(it.watch.watch.missing_ranges().len(), 1);
    let request = it.begin_request();
    it.respond(&request, 9, "1:nine@10#9");
    it.expect_view("1:nine@10");
    assert!(!it.watch.watch.is_stale());
}

#[test]
fn scenario_5_a_response_with_an_entity_that_has_moved_away() {
    let mut it = World::with("1:one@10");
    it.create("m", "m:mine@10");
    it.deliver_event(2, "2:two@30");
    it.confirm("m", "2:two@10#1");
    it.expect_view("1:one@10");
}

#[test]
fn scenario_6_an_event_moves_an_entity_out_of_the_requested_range() {
    let mut it = World::empty();
    it.cache.update(|batch| batch.advance(&it.shelf, 3));
    it.follow();
    let request = it.begin_request();
    it.deliver_event(4, "1:one@30");
    it.respond(&request, 3, "1:one@10#2 2:two@11");
    it.expect_view("2:two@11");
    assert!(it.watch.view().is_complete());
    // Its tombstone ended with the request, so a later event can bring it back.
    it.deliver_event(5, "1:one@12");
    it.expect_view("2:two@11 1:one@12");
}

#[test]
fn scenario_7_absent_from_one_range_and_present_in_another_at_one_revision() {
    let it = World::empty();
    it.cache.update(|batch| batch.advance(&it.shelf, 1));
    it.follow();
    let (mut early, mut late) = (Watcher::over(&it.cache, 8, 12), Watcher::over(&it.cache, 12, 16));
    let request = it.cache.begin(&early.query);
    it.respond_to(&request, &early.query, 1, "1:one@10");
    let (again, other) = (it.cache.begin(&early.query), it.cache.begin(&late.query));
    it.cache.update(|batch| batch.advance(&it.shelf, 3));
    it.respond_to(&again, &early.query, 3, "");
    it.respond_to(&other, &late.query, 3, "1:one@13#2");
    assert_eq!((early.shown_loans(), late.shown_loans()), (String::new(), "1:one@13".to_owned()));
}

#[test]
fn scenario_13_data_of_a_server_restored_from_a_backup_wins() {
    let mut it = World::with("1:one@10 2:two@11");
    it.deliver_event(5, "1:five@10");
    it.deliver_deletion(6, "2");
    it.cache.update(|batch| batch.reset(&it.shelf, 2));
    let request = it.begin_request();
    it.respond(&request, 2, "1:before@10#2 2:two@11");
    it.expect_view("1:before@10 2:two@11");
    assert!(!it.watch.watch.is_stale());
}

#[test]
fn scenario_14_fields_of_different_revisions_are_not_mixed() {
    let it = World::unfollowed("1:one@10");
    let World { cache, mut watch, .. } = it;
    let text = r#"query($s: DateTime!, $e: DateTime!) {
        loans(shelf: "s1", during: {start: $s, end: $e}) { items { shelfId from until note } } }"#;
    let range = serde_json::json!({"s": "2026-11-23T00:00:00Z", "e": "2026-11-24T00:00:00Z"});
    let notes = crate::reading::prepare(&cache, text, range).expect("the schema has it");
    let request = cache.begin(&notes);
    let response =
        crate::world::range_json(2, "1:one@10#2").replace(r#""title":"one","#, r#""note":"n","#);
    cache.apply_response(&request, &notes, response.as_bytes()).expect("it fits");
    // The note has revision 2 and the title revision 1, so the title must be requested again.
    let view = watch.view();
    assert!(
        view.gaps()
            .iter()
            .any(|it| matches!(it, cynic_cache::Gap::Field { field, .. } if field == "title"))
    );
    assert_eq!(watch.shown_loans(), "");
    assert_eq!(watch.watch.missing_ranges().len(), 1);
}

#[test]
fn scenario_15_a_settled_layer_stays_while_an_older_one_is_pending() {
    let mut it = World::with("1:one@10");
    it.rename("m1", "1", "M1");
    it.shift("m2", "1", 12);
    it.rename("m2b", "1", "M2");
    it.shift("m3", "1", 13);
    it.expect_view("1:M2@13");
    for (by, response) in
        [("m2", "1:M1@12#3"), ("m3", "1:M2@13#5"), ("m2b", "1:M2@12#4"), ("m1", "1:M1@10#2")]
    {
        it.confirm(by, response);
        it.expect_view("1:M2@13");
    }
}

#[test]
fn scenario_16_an_event_after_its_response_wakes_no_watch() {
    let mut it = World::with("1:one@10");
    it.create("m", "m:mine@12");
    it.confirm("m", "m:mine@12#2");
    it.watch.drain();
    it.deliver_event(2, "m:mine@12");
    assert_eq!(it.watch.take_wake_count(), 0);
    assert!(it.watch.watch.missing_ranges().is_empty());
    assert_eq!(it.cache.position(&it.shelf), Some(2));
}

#[test]
fn scenario_17_a_stale_range_is_dropped_with_its_last_watch() {
    let it = World::with("1:one@10");
    it.cache.update(|batch| batch.reset(&it.shelf, 5));
    let World { cache, watch, .. } = it;
    assert!(watch.watch.is_stale());
    drop(watch);
    let again = Watcher::over(&cache, 0, 24);
    assert!(!again.watch.is_stale());
    assert_eq!(again.watch.missing_ranges().len(), 1);
    assert_eq!(cache.position(&Scope::new("Loan", "s1")), Some(5));
}
