//! Property tests: laws that hold for any response and any order of changes.

use std::collections::BTreeMap;

use cynic_cache::{Cache, Patch, View};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::library::Library;
use crate::reading;
use crate::world::{World, at};

const SHELVES: &str = r"{ shelves { __typename id name room revision
    books { __typename id title subtitle pages weight tags language extra
        author { __typename name born home { __typename city street } }
        chapters { __typename title pages } } } }";

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,3}", inner, 0..4)
                .prop_map(|it| Value::from(it.into_iter().collect::<serde_json::Map<_, _>>())),
        ]
    })
}

fn nullable(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::option::of(value).prop_map(|it| it.unwrap_or_default())
}

prop_compose! {
    fn person()(
        name in ".*",
        born in nullable(any::<i32>().prop_map(Value::from)),
        home in prop::option::of((".*", nullable(".*".prop_map(Value::from)))),
    ) -> Value {
        let home = home.map(|(city, street)| {
            json!({"__typename": "Address", "city": city, "street": street})
        });
        json!({"__typename": "Person", "name": name, "born": born, "home": home})
    }
}

prop_compose! {
    fn book()(
        texts in (".*", nullable(".*".prop_map(Value::from))),
        pages in nullable(any::<i32>().prop_map(Value::from)),
        weight in nullable((-1e9..1e9).prop_map(Value::from)),
        tags in prop::collection::vec(".{0,5}", 0..4),
        language in prop_oneof!["DE", "EN"],
        extra in json_value(),
        author in nullable(person()),
        chapters in prop::collection::vec(
            (".*", nullable(any::<i32>().prop_map(Value::from))),
            0..3,
        ),
    ) -> Value {
        let chapter = |(title, pages)| {
            json!({"__typename": "Chapter", "title": title, "pages": pages})
        };
        let chapters: Vec<Value> = chapters.into_iter().map(chapter).collect();
        json!({"__typename": "Book", "title": texts.0, "subtitle": texts.1, "pages": pages,
               "weight": weight, "tags": tags, "language": language, "extra": extra,
               "author": author, "chapters": chapters})
    }
}

prop_compose! {
    /// Shelves of books. A book can be on several shelves, with the same content.
    fn shelves()(
        books in prop::collection::vec(book(), 1..5),
        shelves in prop::collection::vec((".*", nullable(".*".prop_map(Value::from)), any::<u64>(),
            prop::collection::vec(any::<prop::sample::Index>(), 0..6)), 0..4),
    ) -> Value {
        let book = |at: &prop::sample::Index| {
            let at = at.index(books.len());
            let mut book = books[at].clone();
            book["id"] = json!(format!("b{at}"));
            book
        };
        let shelf = |(at, (name, room, revision, of)): (usize, &(String, Value, u64, Vec<_>))| {
            json!({"__typename": "Shelf", "id": at.to_string(), "name": name, "room": room,
                   "revision": revision, "books": of.iter().map(book).collect::<Vec<_>>()})
        };
        json!({"shelves": shelves.iter().enumerate().map(shelf).collect::<Vec<_>>()})
    }
}

/// A local change of one of three loans.
#[derive(Clone, Debug)]
enum LocalChange {
    Rename(usize, String),
    Shift(usize, u32),
    Delete(usize),
}

fn local_change() -> impl Strategy<Value = LocalChange> {
    prop_oneof![
        (0..3_usize, "[a-z]{1,3}").prop_map(|(it, title)| LocalChange::Rename(it, title)),
        (0..3_usize, 0..30_u32).prop_map(|(it, to)| LocalChange::Shift(it, to)),
        (0..3_usize).prop_map(LocalChange::Delete),
    ]
}

impl LocalChange {
    fn predict(&self, cache: &Cache, by: usize) {
        let patch = match self {
            Self::Rename(it, title) => Patch::of("Loan", &it.to_string()).set("title", title),
            Self::Shift(it, to) => {
                let patch = Patch::of("Loan", &it.to_string()).set("from", at(*to));
                patch.set("until", at(to + 1))
            }
            Self::Delete(it) => Patch::of("Loan", &it.to_string()).delete(),
        };
        cache.predict(by.to_string(), patch).expect("it fits");
    }
}

const DAY: &str = "0:zero@8 1:one@10 2:two@12";

proptest! {
    #[test]
    fn responses_and_snapshots_are_read_back(data in shelves()) {
        let cache = Cache::new(Library).expect("policy and schema fit");
        let query = reading::prepare(&cache, SHELVES, json!({})).expect("the schema has it");
        let request = cache.begin(&query);
        let response = json!({"data": data}).to_string();
        cache.apply_response(&request, &query, response.as_bytes()).expect("it fits");
        // Parse the expected value with serde_json too, because it rounds the last bit of floats.
        let data = serde_json::from_str::<Value>(&response).expect("JSON")["data"].take();
        let View::Complete(view) = cache.read(&query) else { panic!("all fields are known") };
        prop_assert_eq!(&*view, &data);

        let other = Cache::new(Library).expect("policy and schema fit");
        other.restore(&cache.snapshot()).expect("the snapshot is complete");
        let query = reading::prepare(&other, SHELVES, json!({})).expect("the schema has it");
        let View::Complete(view) = other.read(&query) else { panic!("all fields are known") };
        prop_assert_eq!(&*view, &data);
    }

    #[test]
    fn layers_can_be_removed_in_any_order(
        changes in prop::collection::vec(local_change(), 1..6),
        order in prop::collection::vec(any::<prop::sample::Index>(), 6),
    ) {
        let mut it = World::with(DAY);
        let before = it.cache.snapshot();
        let mut remaining: BTreeMap<usize, LocalChange> = changes.into_iter().enumerate().collect();
        for (by, change) in &remaining {
            change.predict(&it.cache, *by);
        }
        for at in order {
            let nth = at.index(remaining.len().max(1));
            let Some(by) = remaining.keys().nth(nth).copied() else { break };
            remaining.remove(&by);
            it.cache.roll_back(by.to_string());
            // The view must equal that of a world with the remaining layers only.
            let mut other = World::with(DAY);
            for (by, change) in &remaining {
                change.predict(&other.cache, *by);
            }
            prop_assert_eq!(it.watch.shown_loans(), other.watch.shown_loans());
        }
        it.expect_view(DAY);
        prop_assert_eq!(it.cache.snapshot(), before);
    }
}
