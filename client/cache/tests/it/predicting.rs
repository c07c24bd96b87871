//! Tests of the three forms of predictions, over a base that changes.

use cynic::MutationBuilder;
use cynic_cache::{EntityKey, Patch, Prediction, PredictionError, Prepared};
use serde_json::json;

use crate::library::{CreateLoan, CreateVariables, LoanInput};
use crate::reading::prepare;
use crate::world::World;

/// Checks that a prediction is refused and changes nothing.
#[track_caller]
fn expect_refused(prediction: Prediction, expected: &str) {
    expect_refused_in(World::with("1:one@10"), prediction, expected);
}

#[track_caller]
fn expect_refused_in(mut it: World, prediction: Prediction, expected: &str) {
    let error = it.cache.predict("m", prediction).expect_err(expected).to_string();
    assert!(error.contains(expected), "{error}");
    it.expect_view("1:one@10");
    assert!(!it.cache.roll_back("m"), "no layer was added");
}

#[test]
fn a_predicted_response_must_fit_the_mutation() {
    let expect_refused = |value: serde_json::Value, expected: &str| {
        let it = World::with("1:one@10");
        let prediction = Prediction::response(&prepare_mutation(&it), &value);
        expect_refused_in(it, prediction, expected);
    };
    expect_refused(json!({"createLaon": {}}), "createLaon");
    expect_refused(json!({"createLoan": {"loan": {"id": "1", "titel": "x"}}}), "titel");
    expect_refused(json!({"createLoan": {"loan": {"title": "x"}}}), "id");
    expect_refused(
        json!({"createLoan": {"loan": {"id": "1", "title": 3}}}),
        "`createLoan.loan.title`",
    );
    expect_refused(json!({"createLoan": 3}), "createLoan");
}

#[test]
fn a_mutation_prepared_by_another_cache_is_refused() {
    let other = prepare_mutation(&World::empty());
    expect_refused(Prediction::response(&other, &json!({"createLoan": {}})), "another cache");
}

fn prepare_mutation(it: &World) -> Prepared<CreateLoan> {
    let input = LoanInput { id: "m".into(), shelf_id: None, title: None, from: None, until: None };
    it.cache.prepare(&CreateLoan::build(CreateVariables { input })).expect("the schema has it")
}

#[test]
fn a_patch_must_fit_the_schema() {
    expect_refused(Patch::of("Loan", "1").set("titel", "x").into(), "`Loan` has no field `titel`");
    expect_refused(Patch::of("Laon", "1").set("title", "x").into(), "Laon");
    expect_refused(Patch::of("Loan", "1").set("title", 3).into(), "title");
}

#[test]
fn a_draft_must_fit_the_schema() {
    expect_refused(
        Prediction::draft(|it| _ = it.set("Loan", "1", "titel", "x")),
        "`Loan` has no field `titel`",
    );
    expect_refused(Prediction::draft(|it| _ = it.set("Loan", "1", "title", 3)), "title");
}

#[test]
fn a_mutation_id_can_be_used_once() {
    let mut it = World::with("1:one@10");
    it.rename("m", "1", "mine");
    let again = it.cache.predict("m", Patch::of("Loan", "1").set("title", "again"));
    assert!(matches!(again, Err(PredictionError::AlreadyPending(_))), "{again:?}");
    it.expect_view("1:mine@10");
    assert!(it.cache.roll_back("m"));
    assert!(!it.cache.roll_back("m"));
    it.expect_view("1:one@10");
}

#[test]
fn only_the_difference_to_the_view_is_predicted() {
    let mut it = World::with("1:one@10");
    // The predicted response has all fields of the loan, but only the title differs.
    it.create("m", "1:mine@10");
    it.deliver_event(2, "1:theirs@14");
    it.expect_view("1:mine@14");
}

#[test]
fn a_draft_runs_again_when_the_base_changes() {
    let mut it = World::with("1:one@10");
    let louder = Prediction::draft(|draft| {
        let title: Option<String> = draft.get("Loan", "1", "title");
        draft.set("Loan", "1", "title", format!("{}!", title.unwrap_or_default()));
    });
    it.cache.predict("m", louder).expect("it fits");
    it.expect_view("1:one!@10");
    it.deliver_event(2, "1:uno@11");
    it.expect_view("1:uno!@11");
    it.rename("above", "1", "mine");
    it.expect_view("1:mine@11");
    it.refuse("above");
    it.expect_view("1:uno!@11");
    it.cache.roll_back("m");
    it.expect_view("1:uno@11");
}

#[test]
fn a_draft_sees_lower_layers_and_its_own_edits() {
    let mut it = World::with("1:one@10");
    it.rename("below", "1", "below");
    let draft = Prediction::draft(|draft| {
        let seen: Option<String> = draft.get("Loan", "1", "title");
        draft.set("Loan", "1", "title", format!("{}+", seen.unwrap_or_default()));
        let seen: Option<String> = draft.get("Loan", "1", "title");
        draft.set("Loan", "1", "title", format!("{}+", seen.unwrap_or_default()));
    });
    it.cache.predict("m", draft).expect("it fits");
    it.expect_view("1:below++@10");
    it.refuse("below");
    it.expect_view("1:one++@10");
}

#[test]
fn a_draft_links_and_unlinks_list_members() {
    let it = World::empty();
    let shelf = prepare(&it.cache, r#"{ shelf(id: "s1") { books { id title } } }"#, json!({}))
        .expect("the schema has it");
    let request = it.cache.begin(&shelf);
    let book = |id: &str| json!({"__typename": "Book", "id": id, "title": id});
    let response = |books: &[&str]| {
        let books: Vec<_> = books.iter().map(|it| book(it)).collect();
        let shelf = json!({"__typename": "Shelf", "id": "s1", "revision": 1, "books": books});
        json!({"data": {"shelf": shelf}}).to_string()
    };
    it.cache.apply_response(&request, &shelf, response(&["a", "b"]).as_bytes()).expect("it fits");
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
    // The list changes in the base; the edits are applied to the new list.
    let request = it.cache.begin(&shelf);
    it.cache
        .apply_response(
            &request,
            &shelf,
            response(&["a", "b", "d"]).replace(r#""revision":1"#, r#""revision":2"#).as_bytes(),
        )
        .expect("it fits");
    assert_eq!(shown(), "b d c");
    it.cache.roll_back("add");
    assert_eq!(shown(), "b d");
    it.cache.roll_back("take");
    assert_eq!(shown(), "a b d");
}
