//! Tests of watches: wake-ups, deltas, shared allocations and statuses.

use cynic_cache::{EntityKey, Gap, Patch, Status, View};
use serde_json::{Value, json};
use std::task::Poll;

use crate::reading::prepare;
use crate::world::{Watcher, World, poll};

/// Checks the delta of the whole day after `act`, in a world with two loans.
#[track_caller]
fn expect_delta(act: fn(&mut World), expected: &str) {
    let mut it = World::with("1:one@10 2:two@11");
    act(&mut it);
    assert_eq!(it.watch.take_delta(), expected);
    assert_eq!(it.watch.take_delta(), "", "a delta is returned once");
}

#[test]
fn a_delta_lists_the_changed_loans() {
    expect_delta(|it| it.deliver_event(2, "3:three@12"), "+3");
    expect_delta(|it| it.deliver_event(2, "1:uno@10"), "~1");
    expect_delta(|it| it.deliver_event(2, "1:one@12"), ">1 ~1");
    expect_delta(|it| it.deliver_event(2, "1:one@30"), "-1");
    expect_delta(|it| it.deliver_deletion(2, "2"), "-2");
    expect_delta(|it| it.create("m", "m:mine@9"), "+m");
    expect_delta(|it| it.rename("m", "1", "mine"), "~1");
    expect_delta(|it| it.delete("m", "1"), "-1");
}

#[test]
fn several_changes_give_one_delta() {
    expect_delta(
        |it| {
            it.deliver_event(2, "3:three@12");
            it.deliver_event(3, "3:drei@13");
        },
        "+3",
    );
    expect_delta(
        |it| {
            it.deliver_event(2, "3:three@12");
            it.deliver_deletion(3, "3");
        },
        "",
    );
    expect_delta(
        |it| {
            it.deliver_deletion(2, "1");
            it.deliver_event(3, "1:again@10");
        },
        ">1 ~1",
    );
    expect_delta(
        |it| {
            it.rename("m", "1", "mine");
            it.create("n", "n:new@12");
            it.refuse("m");
        },
        "+n ~1",
    );
}

#[test]
fn a_watch_is_not_woken_if_its_view_is_the_same() {
    let actions: &[fn(&mut World)] = &[
        |it| it.deliver_event(2, "9:far@40"),
        |it| it.deliver_event(2, "1:one@10"),
        |it| it.cache.update(|batch| batch.advance(&it.shelf, 9)),
        |it| it.refuse("unknown"),
        |it| it.deliver_deletion(2, "unknown"),
        |it| {
            let request = it.begin_request();
            it.respond(&request, 1, "1:one@10 2:two@11");
        },
        |it| {
            it.cache.predict("m", Patch::of("Loan", "1").set("title", "one")).expect("it fits");
        },
        // No watch selects the note.
        |it| it.cache.predict("m", Patch::of("Loan", "1").set("note", "new")).expect("it fits"),
        |it| {
            drop(it.begin_request());
        },
        |it| it.cache.evict_to(0),
    ];
    for (number, act) in actions.iter().enumerate() {
        let mut it = World::with("1:one@10 2:two@11");
        act(&mut it);
        assert_eq!(it.watch.take_wake_count(), 0, "action {number}");
        it.expect_view("1:one@10 2:two@11");
    }
}

#[test]
fn unchanged_members_keep_their_allocation() {
    let mut it = World::with("1:one@10 2:two@11");
    let items = |it: &mut World| it.watch.view().data().expect("it is known").loans.items.clone();
    let before = items(&mut it);
    it.deliver_event(2, "1:uno@10");
    let after = items(&mut it);
    assert!(!after[0].ptr_eq(&before[0]));
    assert!(after[1].ptr_eq(&before[1]));
    let (first, second) = (it.watch.view(), it.watch.view());
    let (first, second) = (first.data().expect("known"), second.data().expect("known"));
    assert!(first.ptr_eq(second), "an unchanged view keeps its allocation");
    // A change that is rolled back may give a new allocation, but not another value.
    it.rename("m", "2", "mine");
    it.refuse("m");
    assert!(items(&mut it)[1].ptr_eq(&before[1]) || items(&mut it)[1] == before[1]);
    assert!(items(&mut it)[0].ptr_eq(&after[0]));
}

#[test]
fn members_are_ordered_by_start_then_length_then_key() {
    let mut it = World::with("b:two@11 a:one@11 c:first@9");
    it.expect_view("c:first@9 a:one@11 b:two@11");
    let longer = Patch::of("Loan", "b").set("until", crate::world::at(13));
    it.cache.predict("m", longer).expect("it fits");
    it.expect_view("c:first@9 b:two@11 a:one@11");
    assert_eq!(it.watch.take_delta(), ">b ~b");
}

#[test]
fn statuses_have_a_stream_of_their_own() {
    let mut it = World::with("1:one@10 2:two@11");
    let take_statuses = |it: &mut World| match poll(&mut it.watch.watch.statuses()) {
        Poll::Ready(Some(statuses)) => {
            let mut statuses: Vec<_> =
                statuses.into_iter().map(|(key, status)| (key.key.to_string(), status)).collect();
            statuses.sort_by(|one, other| one.0.cmp(&other.0));
            statuses
        }
        _ => Vec::new(),
    };
    let one = |status| vec![("1".to_owned(), status)];
    it.rename("m", "1", "mine");
    assert_eq!(take_statuses(&mut it), one(Status::Pending));
    it.cache.update(|batch| batch.mark_failed("m"));
    assert_eq!(take_statuses(&mut it), one(Status::Failed));
    it.cache.update(|batch| batch.mark_pending("m"));
    assert_eq!(take_statuses(&mut it), one(Status::Pending));
    it.watch.drain();
    it.confirm("m", "1:mine@10#2");
    assert_eq!(it.watch.take_wake_count(), 0, "the content is the same");
    assert_eq!(take_statuses(&mut it), one(Status::Confirmed));
    assert_eq!(take_statuses(&mut it), []);
    assert_eq!(it.status("1"), Status::Confirmed);
}

#[test]
fn a_range_that_is_not_covered_is_a_gap() {
    let it = World::with("1:one@10");
    let mut wide = Watcher::over(&it.cache, 0, 48);
    assert_eq!(wide.shown_loans(), "1:one@10");
    let view = wide.view();
    let hours = |hours: i64| (1_795_392_000 + hours * 3600) * 1_000_000;
    let [Gap::Range(gap)] = view.gaps() else { panic!("{view:?}") };
    assert_eq!((gap.start, gap.end), (hours(24), hours(48)));
    assert_eq!(wide.watch.missing_ranges(), std::slice::from_ref(gap));
    // A range that is in flight is not missing.
    let rest = Watcher::over(&it.cache, 24, 48);
    let request = it.cache.begin(&rest.query);
    assert!(wide.watch.missing_ranges().is_empty());
    it.respond_to(&request, &rest.query, 1, "2:two@30");
    assert!(wide.view().is_complete());
    assert_eq!(wide.shown_loans(), "1:one@10 2:two@30");
}

#[test]
fn a_new_watch_shows_known_data_at_once() {
    let mut it = World::with("1:one@10 2:two@11");
    it.rename("m", "2", "mine");
    let mut morning = Watcher::over(&it.cache, 9, 11);
    assert!(morning.view().is_complete());
    assert_eq!(morning.shown_loans(), "1:one@10");
    assert_eq!(Watcher::over(&it.cache, 11, 12).shown_loans(), "2:mine@11");
}

#[test]
fn a_stream_of_views_begins_with_the_current_view() {
    let it = World::with("1:one@10");
    let query = Watcher::over(&it.cache, 9, 11).query;
    let mut watch = it.cache.watch(&query);
    assert!(poll(&mut watch.deltas()).is_pending(), "nothing has changed");
    let mut watch = it.cache.watch(&query);
    let Poll::Ready(Some(view)) = poll(&mut watch) else { panic!("the current view comes first") };
    assert!(view.is_complete());
    assert!(poll(&mut watch).is_pending());
}

#[test]
fn handles_can_be_dropped_inside_of_a_batch() {
    let mut it = World::with("1:one@10");
    let later = Watcher::over(&it.cache, 24, 48);
    let request = it.cache.begin(&later.query);
    assert!(later.watch.missing_ranges().is_empty());
    let query = it.watch.query.clone();
    let (watch, retained) = (it.cache.watch(&query), it.cache.retain(&query));
    it.cache.update(move |batch| {
        batch.roll_back("unknown");
        drop((request, watch, retained));
    });
    assert_eq!(later.watch.missing_ranges().len(), 1, "the request was dropped");
    it.expect_view("1:one@10");
}

#[test]
fn retained_data_is_not_evicted() {
    let it = World::with("1:one@10");
    let World { cache, watch, .. } = it;
    let query = watch.query.clone();
    let retained = cache.retain(&query);
    drop(watch);
    cache.evict_to(0);
    assert!(cache.read(&query).is_complete());
    drop(retained);
    cache.evict_to(0);
    assert!(!cache.read(&query).is_complete());
    assert_eq!(cache.stats().bytes, 0);
    // The names of the entities were needed until the eviction was published.
    cache.evict_to(0);
    let stats = cache.stats();
    assert_eq!((stats.bytes, stats.entities), (0, 1), "the query root alone");
}

#[test]
fn memory_stays_below_its_limit() {
    let it = World::with("");
    let World { cache, shelf, .. } = it;
    cache.limit(Some(40_000));
    for day in 0..100 {
        let watcher = Watcher::over(&cache, day % 7 * 24, day % 7 * 24 + 24);
        let request = cache.begin(&watcher.query);
        let loans: Vec<String> =
            (0..24).map(|it| format!("{day}-{it}:loan@{}", day % 7 * 24 + it)).collect();
        let response = crate::world::range_json(1, &loans.join(" "));
        cache.apply_response(&request, &watcher.query, response.as_bytes()).expect("it fits");
        assert!(cache.stats().bytes <= 48_000, "{:?}", cache.stats());
    }
    assert!(cache.position(&shelf).is_some());
}

#[test]
fn a_damaged_snapshot_is_refused_and_changes_nothing() {
    let it = World::with("1:one@10");
    let snapshot = it.cache.snapshot();
    let fresh = World::empty();
    let empty = fresh.cache.snapshot();
    for length in 0..snapshot.len() {
        assert!(fresh.cache.restore(&snapshot[..length]).is_err());
    }
    for at in 0..snapshot.len() {
        let mut damaged = snapshot.clone();
        damaged[at] ^= 1;
        assert!(fresh.cache.restore(&damaged).is_err(), "byte {at}");
    }
    assert_eq!(fresh.cache.snapshot(), empty);
    let key = EntityKey::new("Loan", "1");
    fresh.cache.restore(&snapshot).expect("the snapshot is complete");
    assert_eq!(fresh.cache.status(&key), Status::Confirmed);
}

#[test]
fn an_entity_linked_to_an_argument_is_shown_from_any_source() {
    let mut it = World::with("1:one@10");
    let text = "query($id: ID!) { node(id: $id) { id ... on Loan { title } } }";
    let query = prepare(&it.cache, text, json!({"id": "9"})).expect("the schema has it");
    let mut watch = it.cache.watch(&query);
    let title = |view: View<Value>| view.data().map(|it| it["node"]["title"].clone());
    it.cache.update(|batch| batch.link(&query, "node", &EntityKey::new("Loan", "9")));
    assert!(!watch.view().is_complete(), "the entity is not known");
    // A watch of an entity that does not exist is woken when the deletion becomes known.
    let other = prepare(&it.cache, text, json!({"id": "8"})).expect("the schema has it");
    let mut none = it.cache.watch(&other);
    it.cache.update(|batch| batch.link(&other, "node", &EntityKey::new("Loan", "8")));
    assert!(matches!(poll(&mut none), Poll::Ready(Some(View::Missing(_) | View::Partial(..)))));
    it.cache.update(|batch| batch.delete(&EntityKey::new("Loan", "8"), None));
    assert!(matches!(poll(&mut none), Poll::Ready(Some(View::Complete(_)))));
    assert_eq!(poll(&mut none), Poll::Pending, "a watch is woken once");
    it.create("m", "9:mine@12");
    assert_eq!(poll(&mut watch), Poll::Ready(Some(watch.view())), "the watch was woken");
    assert_eq!(title(watch.view()), Some("mine".into()));
    it.refuse("m");
    assert_eq!(title(watch.view()), Some(Value::Null));
    it.deliver_event(2, "9:theirs@12");
    assert_eq!(title(watch.view()), Some("theirs".into()));
    // The link is also in a snapshot.
    let snapshot = it.cache.snapshot();
    it.deliver_deletion(3, "9");
    assert!(watch.view().is_complete());
    assert_eq!(title(watch.view()), Some(Value::Null));
    let again = World::empty();
    again.cache.restore(&snapshot).expect("the snapshot is complete");
    let query = prepare(&again.cache, text, json!({"id": "9"})).expect("the schema has it");
    assert_eq!(title(again.cache.read(&query)), Some("theirs".into()));
}
