//! Watches: who is woken, what a delta says, what is shared, and statuses.

use cynic_cache::{EntityKey, Gap, Patch, Status, View};
use serde_json::{Value, json};
use std::task::Poll;

use crate::reading::any;
use crate::world::{Watcher, World, poll};

/// What a watch of the whole day says of it, in the world of two loans.
#[track_caller]
fn says(act: fn(&mut World), expected: &str) {
    let mut it = World::with("1:one@10 2:two@11");
    act(&mut it);
    assert_eq!(it.watch.changes(), expected);
    assert_eq!(it.watch.changes(), "", "once");
}

#[test]
fn a_delta_names_what_has_changed() {
    says(|it| it.event(2, "3:three@12"), "+3");
    says(|it| it.event(2, "1:uno@10"), "~1");
    says(|it| it.event(2, "1:one@12"), ">1 ~1");
    says(|it| it.event(2, "1:one@30"), "-1");
    says(|it| it.deleted(2, "2"), "-2");
    says(|it| it.create("m", "m:mine@9"), "+m");
    says(|it| it.rename("m", "1", "mine"), "~1");
    says(|it| it.delete("m", "1"), "-1");
}

#[test]
fn deltas_add_up() {
    says(
        |it| {
            it.event(2, "3:three@12");
            it.event(3, "3:drei@13");
        },
        "+3",
    );
    says(
        |it| {
            it.event(2, "3:three@12");
            it.deleted(3, "3");
        },
        "",
    );
    says(
        |it| {
            it.deleted(2, "1");
            it.event(3, "1:again@10");
        },
        ">1 ~1",
    );
    says(
        |it| {
            it.rename("m", "1", "mine");
            it.create("n", "n:new@12");
            it.refused("m");
        },
        "+n ~1",
    );
}

#[test]
fn nobody_is_woken_for_nothing() {
    let quiet: &[fn(&mut World)] = &[
        |it| it.event(2, "9:far@40"),
        |it| it.event(2, "1:one@10"),
        |it| it.cache.update(|batch| batch.advance(&it.shelf, 9)),
        |it| it.refused("never sent"),
        |it| it.deleted(2, "unknown"),
        |it| {
            let request = it.ask();
            it.answer(&request, 1, "1:one@10 2:two@11");
        },
        |it| {
            it.cache.predict("m", Patch::of("Loan", "1").set("title", "one")).expect("it fits");
        },
        // Nobody looks at the note.
        |it| it.cache.predict("m", Patch::of("Loan", "1").set("note", "new")).expect("it fits"),
        |it| {
            drop(it.ask());
        },
        |it| it.cache.evict_to(0),
    ];
    for (number, act) in quiet.iter().enumerate() {
        let mut it = World::with("1:one@10 2:two@11");
        act(&mut it);
        assert_eq!(it.watch.woken(), 0, "number {number}");
        it.shows("1:one@10 2:two@11");
    }
}

#[test]
fn what_did_not_change_is_the_same_allocation() {
    let mut it = World::with("1:one@10 2:two@11");
    let items = |it: &mut World| it.watch.view().data().expect("it is known").loans.items.clone();
    let before = items(&mut it);
    it.event(2, "1:uno@10");
    let after = items(&mut it);
    assert!(!after[0].ptr_eq(&before[0]));
    assert!(after[1].ptr_eq(&before[1]));
    let (first, second) = (it.watch.view(), it.watch.view());
    let (first, second) = (first.data().expect("known"), second.data().expect("known"));
    assert!(first.ptr_eq(second), "an unchanged view is the view of before");
    // Back and forth: what is as it was before is known again.
    it.rename("m", "2", "mine");
    it.refused("m");
    assert!(items(&mut it)[1].ptr_eq(&before[1]) || items(&mut it)[1] == before[1]);
    assert!(items(&mut it)[0].ptr_eq(&after[0]));
}

#[test]
fn the_order_is_start_then_longer_then_key() {
    let mut it = World::with("b:two@11 a:one@11 c:first@9");
    it.shows("c:first@9 a:one@11 b:two@11");
    let longer = Patch::of("Loan", "b").set("until", crate::world::at(13));
    it.cache.predict("m", longer).expect("it fits");
    it.shows("c:first@9 b:two@11 a:one@11");
    assert_eq!(it.watch.changes(), ">b ~b");
}

#[test]
fn a_status_is_told_by_itself() {
    let mut it = World::with("1:one@10 2:two@11");
    let told = |it: &mut World| match poll(&mut it.watch.watch.statuses()) {
        Poll::Ready(Some(told)) => {
            let mut told: Vec<_> =
                told.into_iter().map(|(key, status)| (key.key.to_string(), status)).collect();
            told.sort_by(|one, other| one.0.cmp(&other.0));
            told
        }
        _ => Vec::new(),
    };
    let one = |status| vec![("1".to_owned(), status)];
    it.rename("m", "1", "mine");
    assert_eq!(told(&mut it), one(Status::Pending));
    it.cache.update(|batch| batch.mark_failed("m"));
    assert_eq!(told(&mut it), one(Status::Failed));
    it.cache.update(|batch| batch.mark_pending("m"));
    assert_eq!(told(&mut it), one(Status::Pending));
    it.watch.rest();
    it.accepted("m", "1:mine@10#2");
    assert_eq!(it.watch.woken(), 0, "its content is what it was");
    assert_eq!(told(&mut it), one(Status::Confirmed));
    assert_eq!(told(&mut it), []);
    assert_eq!(it.status("1"), Status::Confirmed);
}

#[test]
fn a_range_beyond_what_is_covered_lacks_a_stretch() {
    let it = World::with("1:one@10");
    let mut wide = Watcher::over(&it.cache, 0, 48);
    assert_eq!(wide.seen(), "1:one@10");
    let view = wide.view();
    let hours = |hours: i64| (1_795_392_000 + hours * 3600) * 1_000_000;
    let [Gap::Range(lack)] = view.gaps() else { panic!("{view:?}") };
    assert_eq!((lack.start, lack.end), (hours(24), hours(48)));
    assert_eq!(wide.watch.missing_ranges(), std::slice::from_ref(lack));
    // Nobody asks for it twice.
    let rest = Watcher::over(&it.cache, 24, 48);
    let request = it.cache.begin(&rest.query);
    assert!(wide.watch.missing_ranges().is_empty());
    it.answer_to(&request, &rest.query, 1, "2:two@30");
    assert!(wide.view().is_complete());
    assert_eq!(wide.seen(), "1:one@10 2:two@30");
}

#[test]
fn whoever_comes_later_sees_at_once_what_is_known() {
    let mut it = World::with("1:one@10 2:two@11");
    it.rename("m", "2", "mine");
    let mut morning = Watcher::over(&it.cache, 9, 11);
    assert!(morning.view().is_complete());
    assert_eq!(morning.seen(), "1:one@10");
    assert_eq!(Watcher::over(&it.cache, 11, 12).seen(), "2:mine@11");
}

#[test]
fn a_stream_begins_with_the_present() {
    let it = World::with("1:one@10");
    let query = Watcher::over(&it.cache, 9, 11).query;
    let mut watch = it.cache.watch(&query);
    assert!(poll(&mut watch.deltas()).is_pending(), "nothing has changed");
    let mut watch = it.cache.watch(&query);
    let Poll::Ready(Some(view)) = poll(&mut watch) else { panic!("there is a present view") };
    assert!(view.is_complete());
    assert!(poll(&mut watch).is_pending());
}

#[test]
fn what_is_let_go_in_the_middle_of_a_change_ends_with_it() {
    let mut it = World::with("1:one@10");
    let later = Watcher::over(&it.cache, 24, 48);
    let request = it.cache.begin(&later.query);
    assert!(later.watch.missing_ranges().is_empty());
    let query = it.watch.query.clone();
    let (watch, retained) = (it.cache.watch(&query), it.cache.retain(&query));
    it.cache.update(move |batch| {
        batch.roll_back("never sent");
        drop((request, watch, retained));
    });
    assert_eq!(later.watch.missing_ranges().len(), 1, "it was given up");
    it.shows("1:one@10");
}

#[test]
fn retained_answers_stay() {
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
    // Their names were needed until that was published.
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
        let answer = crate::world::range_json(1, &loans.join(" "));
        cache.apply_response(&request, &watcher.query, answer.as_bytes()).expect("it fits");
        assert!(cache.stats().bytes <= 48_000, "{:?}", cache.stats());
    }
    assert!(cache.position(&shelf).is_some());
}

#[test]
fn a_damaged_snapshot_is_refused_and_nothing_happens() {
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
    fresh.cache.restore(&snapshot).expect("it is whole");
    assert_eq!(fresh.cache.status(&key), Status::Confirmed);
}

#[test]
fn what_an_argument_names_is_shown_from_wherever_it_is_known() {
    let mut it = World::with("1:one@10");
    let text = "query($id: ID!) { node(id: $id) { id ... on Loan { title } } }";
    let query = any(&it.cache, text, json!({"id": "9"})).expect("the schema has it");
    let mut watch = it.cache.watch(&query);
    let title = |view: View<Value>| view.data().map(|it| it["node"]["title"].clone());
    it.cache.update(|batch| batch.link(&query, "node", &EntityKey::new("Loan", "9")));
    assert!(!watch.view().is_complete(), "nothing is known of it");
    // Of one that turns out to be none its watch is told, though nothing was held of it.
    let other = any(&it.cache, text, json!({"id": "8"})).expect("the schema has it");
    let mut none = it.cache.watch(&other);
    it.cache.update(|batch| batch.link(&other, "node", &EntityKey::new("Loan", "8")));
    assert!(matches!(poll(&mut none), Poll::Ready(Some(View::Missing(_) | View::Partial(..)))));
    it.cache.update(|batch| batch.delete(&EntityKey::new("Loan", "8"), None));
    assert!(matches!(poll(&mut none), Poll::Ready(Some(View::Complete(_)))));
    assert_eq!(poll(&mut none), Poll::Pending, "once");
    it.create("m", "9:mine@12");
    assert_eq!(poll(&mut watch), Poll::Ready(Some(watch.view())), "it was woken");
    assert_eq!(title(watch.view()), Some("mine".into()));
    it.refused("m");
    assert_eq!(title(watch.view()), Some(Value::Null));
    it.event(2, "9:theirs@12");
    assert_eq!(title(watch.view()), Some("theirs".into()));
    // As it is for who comes later, and after a restart.
    let snapshot = it.cache.snapshot();
    it.deleted(3, "9");
    assert!(watch.view().is_complete());
    assert_eq!(title(watch.view()), Some(Value::Null));
    let again = World::empty();
    again.cache.restore(&snapshot).expect("it is whole");
    let query = any(&again.cache, text, json!({"id": "9"})).expect("the schema has it");
    assert_eq!(title(again.cache.read(&query)), Some("theirs".into()));
}
