//! Predictions: in each of their three forms, over a base that moves.

use cynic::MutationBuilder;
use cynic_cache::{EntityKey, Patch, Prediction, PredictionError, Prepared};
use serde_json::json;

use crate::library::{CreateLoan, CreateVariables, LoanInput};
use crate::reading::any;
use crate::world::World;

/// What comes of a prediction that does not fit; nothing else does.
#[track_caller]
fn refuses(prediction: Prediction, expected: &str) {
    refuses_in(World::with("1:one@10"), prediction, expected);
}

#[track_caller]
fn refuses_in(mut it: World, prediction: Prediction, expected: &str) {
    let error = it.cache.predict("m", prediction).expect_err(expected).to_string();
    assert!(error.contains(expected), "{error}");
    it.shows("1:one@10");
    assert!(!it.cache.roll_back("m"), "there is no such layer");
}

#[test]
fn a_value_must_fit_the_mutation() {
    let refuses = |value: serde_json::Value, expected: &str| {
        let it = World::with("1:one@10");
        let prediction = Prediction::response(&mutation(&it), &value);
        refuses_in(it, prediction, expected);
    };
    refuses(json!({"createLaon": {}}), "createLaon");
    refuses(json!({"createLoan": {"loan": {"id": "1", "titel": "x"}}}), "titel");
    refuses(json!({"createLoan": {"loan": {"title": "x"}}}), "id");
    refuses(json!({"createLoan": {"loan": {"id": "1", "title": 3}}}), "`createLoan.loan.title`");
    refuses(json!({"createLoan": 3}), "createLoan");
}

#[test]
fn a_mutation_of_another_cache_is_no_mutation_of_this_one() {
    let other = mutation(&World::empty());
    refuses(Prediction::response(&other, &json!({"createLoan": {}})), "another cache");
}

fn mutation(it: &World) -> Prepared<CreateLoan> {
    let input = LoanInput { id: "m".into(), shelf_id: None, title: None, from: None, until: None };
    it.cache.prepare(&CreateLoan::build(CreateVariables { input })).expect("there")
}

#[test]
fn a_patch_must_fit_the_schema() {
    refuses(Patch::of("Loan", "1").set("titel", "x").into(), "`Loan` has no field `titel`");
    refuses(Patch::of("Laon", "1").set("title", "x").into(), "Laon");
    refuses(Patch::of("Loan", "1").set("title", 3).into(), "title");
}

#[test]
fn a_draft_must_fit_the_schema() {
    refuses(
        Prediction::draft(|it| _ = it.set("Loan", "1", "titel", "x")),
        "`Loan` has no field `titel`",
    );
    refuses(Prediction::draft(|it| _ = it.set("Loan", "1", "title", 3)), "title");
}

#[test]
fn a_name_is_used_once() {
    let mut it = World::with("1:one@10");
    it.rename("m", "1", "mine");
    let again = it.cache.predict("m", Patch::of("Loan", "1").set("title", "again"));
    assert!(matches!(again, Err(PredictionError::AlreadyPending(_))), "{again:?}");
    it.shows("1:mine@10");
    assert!(it.cache.roll_back("m"));
    assert!(!it.cache.roll_back("m"));
    it.shows("1:one@10");
}

#[test]
fn of_what_is_shown_already_only_the_difference_is_expected() {
    let mut it = World::with("1:one@10");
    // The caller answers all of the fragment, and has changed the title alone.
    it.create("m", "1:mine@10");
    it.event(2, "1:theirs@14");
    it.shows("1:mine@14");
}

#[test]
fn a_draft_is_run_again_when_the_base_moves() {
    let mut it = World::with("1:one@10");
    let louder = Prediction::draft(|draft| {
        let title: Option<String> = draft.get("Loan", "1", "title");
        draft.set("Loan", "1", "title", format!("{}!", title.unwrap_or_default()));
    });
    it.cache.predict("m", louder).expect("it fits");
    it.shows("1:one!@10");
    it.event(2, "1:uno@11");
    it.shows("1:uno!@11");
    it.rename("above", "1", "mine");
    it.shows("1:mine@11");
    it.refused("above");
    it.shows("1:uno!@11");
    it.cache.roll_back("m");
    it.shows("1:uno@11");
}

#[test]
fn a_draft_sees_what_is_below_it_and_what_it_did() {
    let mut it = World::with("1:one@10");
    it.rename("below", "1", "below");
    let draft = Prediction::draft(|draft| {
        let seen: Option<String> = draft.get("Loan", "1", "title");
        draft.set("Loan", "1", "title", format!("{}+", seen.unwrap_or_default()));
        let seen: Option<String> = draft.get("Loan", "1", "title");
        draft.set("Loan", "1", "title", format!("{}+", seen.unwrap_or_default()));
    });
    it.cache.predict("m", draft).expect("it fits");
    it.shows("1:below++@10");
    it.refused("below");
    it.shows("1:one++@10");
}

#[test]
fn lists_are_linked_and_unlinked() {
    let it = World::empty();
    let shelf =
        any(&it.cache, r#"{ shelf(id: "s1") { books { id title } } }"#, json!({})).expect("there");
    let request = it.cache.begin(&shelf);
    let book = |id: &str| json!({"__typename": "Book", "id": id, "title": id});
    let answer = |books: &[&str]| {
        let books: Vec<_> = books.iter().map(|it| book(it)).collect();
        json!({"data": {"shelf": {"__typename": "Shelf", "id": "s1", "revision": 1, "books": books}}}).to_string()
    };
    it.cache.apply_response(&request, &shelf, answer(&["a", "b"]).as_bytes()).expect("it fits");
    let shown = || {
        let view = it.cache.read(&shelf);
        let view = view.data().expect("it is known");
        let books = view["shelf"]["books"].as_array().expect("a list").iter();
        books.map(|it| it["id"].as_str().unwrap_or_default()).collect::<Vec<_>>().join(" ")
    };
    let (shelf_key, field) = (EntityKey::new("Shelf", "s1"), "books");
    let parent = shelf_key.clone();
    let add = Prediction::draft(move |it| {
        it.create("Book", "c").set("Book", "c", "title", "c").link(
            &parent,
            field,
            &EntityKey::new("Book", "c"),
        );
    });
    it.cache.predict("add", add).expect("it fits");
    assert_eq!(shown(), "a b c");
    let take =
        Prediction::draft(move |it| _ = it.unlink(&shelf_key, field, &EntityKey::new("Book", "a")));
    it.cache.predict("take", take).expect("it fits");
    assert_eq!(shown(), "b c");
    // The base moves beneath; edits are not values.
    let request = it.cache.begin(&shelf);
    it.cache
        .apply_response(
            &request,
            &shelf,
            answer(&["a", "b", "d"]).replace(r#""revision":1"#, r#""revision":2"#).as_bytes(),
        )
        .expect("it fits");
    assert_eq!(shown(), "b d c");
    it.cache.roll_back("add");
    assert_eq!(shown(), "b d");
    it.cache.roll_back("take");
    assert_eq!(shown(), "a b d");
}
