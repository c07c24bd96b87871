//! The cases of other systems that concern a cache (by their numbers), and the stories that broke
//! earlier wordings of the rules.

use cynic_cache::{EntityKey, Patch, Prediction, Scope, WriteOutcome};

use crate::world::{Watcher, World};

#[test]
fn case_1_a_refused_mutation_goes_back_to_what_came_meanwhile() {
    let mut it = World::unfollowed("1:one@10");
    it.rename("m", "1", "mine");
    let request = it.ask();
    it.answer(&request, 2, "1:theirs@10#2");
    it.shows("1:mine@10");
    it.refused("m");
    it.shows("1:theirs@10");
}

#[test]
fn case_2_layers_go_in_any_order() {
    for (first, then, left) in [("m2", "m1", "1:mine@10"), ("m1", "m2", "1:one@15")] {
        let mut it = World::with("1:one@10");
        it.rename("m1", "1", "mine");
        it.shift("m2", "1", 15);
        it.shows("1:mine@15");
        it.refused(first);
        it.shows(left);
        it.refused(then);
        it.shows("1:one@10");
    }
}

#[test]
fn case_3_the_middle_layer_takes_only_its_own_fields() {
    let mut it = World::with("1:one@10");
    it.rename("m1", "1", "a");
    it.cache
        .predict("m2", Patch::of("Loan", "1").set("title", "b").set("note", "n"))
        .expect("it fits");
    it.shift("m3", "1", 12);
    it.rename("m3b", "1", "c");
    it.shows("1:c@12");
    it.refused("m2");
    it.shows("1:c@12");
    it.refused("m3b");
    it.shows("1:a@12");
}

#[test]
fn case_4_created_and_deleted_before_anybody_looked() {
    let mut it = World::with("1:one@10");
    it.cache.update(|batch| {
        let recipe = |draft: &mut cynic_cache::Draft<'_>| {
            draft
                .create("Loan", "2")
                .set("Loan", "2", "shelfId", "s1")
                .set("Loan", "2", "title", "two");
            draft.set("Loan", "2", "from", "2026-11-23T11:00:00Z");
            draft.set("Loan", "2", "until", "2026-11-23T12:00:00Z");
        };
        batch.predict("create", Prediction::draft(recipe)).expect("it fits");
        batch.predict("delete", Patch::of("Loan", "2").delete()).expect("it fits");
    });
    assert_eq!(it.watch.woken(), 0);
    it.shows("1:one@10");
    it.refused("delete");
    it.shows("1:one@10 2:two@11");
}

#[test]
fn case_6_straight_from_what_was_predicted_to_what_is() {
    let mut it = World::with("1:one@10");
    it.rename("m", "1", "predicted");
    it.watch.rest();
    it.accepted("m", "1:real@10#2");
    assert_eq!(it.watch.woken(), 1);
    it.shows("1:real@10");
}

#[test]
fn case_7_only_the_watch_that_shows_it_wakes() {
    let it = World::with("");
    let week = Watcher::over(&it.cache, 0, 100);
    let request = it.cache.begin(&week.query);
    it.answer_to(&request, &week.query, 1, "1:one@42");
    let mut hours: Vec<_> = (0..100).map(|hour| Watcher::over(&it.cache, hour, hour + 1)).collect();
    it.event(2, "1:uno@42");
    let woken: Vec<usize> = hours.iter_mut().map(Watcher::woken).collect();
    assert_eq!(woken.iter().position(|it| *it == 1), Some(42));
    assert_eq!(woken.iter().sum::<usize>(), 1);
}

#[test]
fn case_8_nobody_sees_two_versions_of_one_entity() {
    let mut it = World::with("1:one@10");
    let mut other = Watcher::over(&it.cache, 8, 11);
    let request = it.ask();
    // Read at a moment that was not heard yet: neither shows it before the other.
    assert_eq!(it.answer(&request, 2, "1:new@10#2"), WriteOutcome::Deferred);
    assert_eq!((it.watch.seen(), other.seen()), ("1:one@10".to_owned(), "1:one@10".to_owned()));
    it.event(2, "1:new@10");
    assert_eq!((it.watch.seen(), other.seen()), ("1:new@10".to_owned(), "1:new@10".to_owned()));
}

#[test]
fn case_9_what_is_told_together_is_seen_together() {
    let mut it = World::with("1:one@10");
    it.cache.update(|batch| {
        for revision in 2..=100 {
            it.event_in(batch, revision, &format!("1:v{revision}@10"));
        }
    });
    assert_eq!(it.watch.woken(), 1);
    it.shows("1:v100@10");
}

#[test]
fn case_10_answers_that_overtake_each_other() {
    let mut it = World::unfollowed("1:one@10");
    let (first, second) = (it.ask(), it.ask());
    it.answer(&second, 3, "1:newer@10#3");
    it.answer(&first, 2, "1:older@10#2");
    it.shows("1:newer@10");
}

#[test]
fn case_11_a_snapshot_that_loads_late() {
    let old = World::with("1:five@10#5 2:two@11");
    let snapshot = old.cache.snapshot();
    let mut it = World::empty();
    let request = it.ask();
    it.answer(&request, 7, "1:seven@10#7");
    it.cache.restore(&snapshot).expect("it is whole");
    it.shows("1:seven@10");
}

#[test]
fn case_12_the_same_event_twice() {
    let mut it = World::with("1:one@10");
    it.event(2, "1:uno@10");
    it.watch.rest();
    it.event(2, "1:uno@10");
    assert_eq!(it.watch.woken(), 0);
    it.shows("1:uno@10");
}

#[test]
fn case_13_a_server_that_knows_less_is_asked_again() {
    let mut it = World::with("1:one@10");
    it.event(5, "1:five@10");
    it.cache.update(|batch| batch.reset(&it.shelf, 2));
    it.shows("1:five@10");
    assert!(it.watch.watch.is_stale());
    assert_eq!(it.watch.watch.missing_ranges().len(), 1);
}

#[test]
fn case_14_a_request_that_failed_covers_nothing() {
    let mut it = World::empty();
    let request = it.ask();
    assert!(it.watch.watch.missing_ranges().is_empty(), "it is on its way");
    drop(request);
    assert_eq!(it.watch.watch.missing_ranges().len(), 1);
    assert!(!it.watch.view().is_complete());
}

#[test]
fn case_15_coverage_goes_with_what_it_covered() {
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
fn case_19_a_snapshot_holds_what_the_server_said() {
    let mut it = World::with("1:one@10");
    let before = it.cache.snapshot();
    it.rename("m", "1", "mine");
    it.create("n", "n:new@12");
    assert_eq!(it.cache.snapshot(), before);
    let mut other = World::empty();
    other.cache.restore(&before).expect("it is whole");
    other.shows("1:one@10");
    assert!(other.watch.view().is_complete());
}

#[test]
fn case_20_what_a_layer_refers_to_is_not_forgotten() {
    let mut it = World::with("1:one@10");
    it.rename("m", "1", "mine");
    let World { cache, watch, .. } = it;
    drop(watch);
    cache.evict_to(0);
    let shown = |cache: &cynic_cache::Cache| Watcher::over(cache, 0, 24).seen();
    assert_eq!(shown(&cache), "1:mine@10");
    cache.roll_back("m");
    assert_eq!(shown(&cache), "1:one@10");
    cache.evict_to(0);
    assert_eq!(shown(&cache), "");
}

#[test]
fn case_21_my_change_of_what_the_server_has_deleted() {
    let mut it = World::with("1:one@10 2:two@11");
    it.rename("m", "1", "mine");
    it.deleted(2, "1");
    it.shows("2:two@11");
    it.refused("m");
    it.shows("2:two@11");
}

// Stories from the model.

#[test]
fn story_1_it_left_one_stretch_before_it_was_heard_to_enter_the_other() {
    let it = World::empty();
    it.cache.update(|batch| batch.advance(&it.shelf, 3));
    it.follow();
    let (mut early, mut late) = (Watcher::over(&it.cache, 8, 12), Watcher::over(&it.cache, 11, 16));
    for watcher in [&early, &late] {
        let request = it.cache.begin(&watcher.query);
        it.answer_to(&request, &watcher.query, 3, "1:one@11#3");
    }
    let request = it.cache.begin(&early.query);
    assert_eq!(it.answer_to(&request, &early.query, 4, ""), WriteOutcome::Deferred);
    assert_eq!((early.seen(), late.seen()), ("1:one@11".to_owned(), "1:one@11".to_owned()));
    late.rest();
    it.event(4, "1:one@14");
    assert_eq!((early.seen(), late.seen()), (String::new(), "1:one@14".to_owned()));
    assert_eq!(late.changes(), "~1");
}

#[test]
fn story_2_an_event_from_before_a_deletion_that_was_heard_of_first() {
    let mut it = World::with("1:one@10");
    it.rename("m1", "1", "mine");
    it.accepted("m1", "1:mine@10#3");
    it.rename("m2", "1", "more");
    it.cache.update(|batch| {
        batch.delete(&EntityKey::new("Loan", "1"), Some(4));
        batch.roll_back("m2");
    });
    it.shows("");
    it.event(2, "1:theirs@10");
    it.shows("");
    it.event(3, "1:mine@10");
    it.shows("");
}

#[test]
fn story_3_created_again_before_the_end_of_the_old_one_was_told() {
    let mut it = World::with("1:one@10");
    it.event(5, "1:new@10");
    it.deleted(4, "1");
    it.shows("1:new@10");
}

#[test]
fn story_4_an_answer_from_between_two_resets() {
    let mut it = World::with("1:one@10");
    it.cache.update(|batch| batch.reset(&it.shelf, 5));
    let request = it.ask();
    it.cache.update(|batch| batch.reset(&it.shelf, 9));
    assert_eq!(it.answer(&request, 6, "1:six@10#6"), WriteOutcome::Stale);
    it.shows("1:one@10");
    assert!(it.watch.watch.is_stale());
    assert_eq!(it.watch.watch.missing_ranges().len(), 1);
    let request = it.ask();
    it.answer(&request, 9, "1:nine@10#9");
    it.shows("1:nine@10");
    assert!(!it.watch.watch.is_stale());
}

#[test]
fn story_5_what_a_refusal_tells_of_has_moved_away_meanwhile() {
    let mut it = World::with("1:one@10");
    it.create("m", "m:mine@10");
    it.event(2, "2:two@30");
    it.accepted("m", "2:two@10#1");
    it.shows("1:one@10");
}

#[test]
fn story_6_an_event_moves_it_out_of_what_is_being_asked_for() {
    let mut it = World::empty();
    it.cache.update(|batch| batch.advance(&it.shelf, 3));
    it.follow();
    let request = it.ask();
    it.event(4, "1:one@30");
    it.answer(&request, 3, "1:one@10#2 2:two@11");
    it.shows("2:two@11");
    assert!(it.watch.view().is_complete());
    // What guarded against it has gone with the request: it may come back.
    it.event(5, "1:one@12");
    it.shows("2:two@11 1:one@12");
}

#[test]
fn story_7_absent_here_and_present_there_at_one_moment() {
    let it = World::empty();
    it.cache.update(|batch| batch.advance(&it.shelf, 1));
    it.follow();
    let (mut early, mut late) = (Watcher::over(&it.cache, 8, 12), Watcher::over(&it.cache, 12, 16));
    let request = it.cache.begin(&early.query);
    it.answer_to(&request, &early.query, 1, "1:one@10");
    let (again, other) = (it.cache.begin(&early.query), it.cache.begin(&late.query));
    it.cache.update(|batch| batch.advance(&it.shelf, 3));
    it.answer_to(&again, &early.query, 3, "");
    it.answer_to(&other, &late.query, 3, "1:one@13#2");
    assert_eq!((early.seen(), late.seen()), (String::new(), "1:one@13".to_owned()));
}

#[test]
fn story_13_a_restored_server_is_believed() {
    let mut it = World::with("1:one@10 2:two@11");
    it.event(5, "1:five@10");
    it.deleted(6, "2");
    it.cache.update(|batch| batch.reset(&it.shelf, 2));
    let request = it.ask();
    it.answer(&request, 2, "1:before@10#2 2:two@11");
    it.shows("1:before@10 2:two@11");
    assert!(!it.watch.watch.is_stale());
}

#[test]
fn story_14_no_field_of_another_moment() {
    let it = World::unfollowed("1:one@10");
    let World { cache, mut watch, .. } = it;
    let text = r#"query($s: DateTime!, $e: DateTime!) { loans(shelf: "s1", during: {start: $s, end: $e})
        { items { shelfId from until note } } }"#;
    let range = serde_json::json!({"s": "2026-11-23T00:00:00Z", "e": "2026-11-24T00:00:00Z"});
    let notes = crate::reading::any(&cache, text, range).expect("the schema has it");
    let request = cache.begin(&notes);
    let answer =
        crate::world::range_json(2, "1:one@10#2").replace(r#""title":"one","#, r#""note":"n","#);
    cache.apply_response(&request, &notes, answer.as_bytes()).expect("it fits");
    // The note is of revision 2, the title was of 1: the title is asked for again.
    let view = watch.view();
    assert!(
        view.gaps()
            .iter()
            .any(|it| matches!(it, cynic_cache::Gap::Field { field, .. } if field == "title"))
    );
    assert_eq!(watch.seen(), "");
    assert_eq!(watch.watch.missing_ranges().len(), 1);
}

#[test]
fn story_15_an_answered_layer_stays_as_long_as_an_older_one_pends() {
    let mut it = World::with("1:one@10");
    it.rename("m1", "1", "M1");
    it.shift("m2", "1", 12);
    it.rename("m2b", "1", "M2");
    it.shift("m3", "1", 13);
    it.shows("1:M2@13");
    for (by, answer) in
        [("m2", "1:M1@12#3"), ("m3", "1:M2@13#5"), ("m2b", "1:M2@12#4"), ("m1", "1:M1@10#2")]
    {
        it.accepted(by, answer);
        it.shows("1:M2@13");
    }
}

#[test]
fn story_16_the_event_of_an_answer_that_came_first() {
    let mut it = World::with("1:one@10");
    it.create("m", "m:mine@12");
    it.accepted("m", "m:mine@12#2");
    it.watch.rest();
    it.event(2, "m:mine@12");
    assert_eq!(it.watch.woken(), 0);
    assert!(it.watch.watch.missing_ranges().is_empty());
    assert_eq!(it.cache.position(&it.shelf), Some(2));
}

#[test]
fn story_17_stale_ends_with_the_last_who_looks() {
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
