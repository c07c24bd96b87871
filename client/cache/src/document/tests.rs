//! Tests of completion, of refused documents, and of field keys.

use super::*;
use crate::policy::{Collection, ListField, Policy};

struct Library;

impl Policy for Library {
    fn schema(&self) -> &str {
        "type Query {
           book(id: ID!, deep: Boolean = true): Book
           found: [Found!]!
           loans(shelf: ID!, from: Int, to: Int): Loans
         }
         type Mutation { rename(id: ID!, title: String!): Book }
         type Subscription { renamed(shelf: ID): Book! }
         union Found = Book | Leaflet
         type Book { id: ID! title: String! revision: Int! author: Person }
         type Leaflet { text: String! }
         type Person { name: String! }
         type Loans { revision: Int! items: [Loan!]! }
         type Loan { id: ID! shelf: ID! from: Int! to: Int! title: String }"
    }

    fn revision(&self, type_name: &str) -> Option<&str> {
        (type_name == "Book").then_some("revision")
    }

    fn collections(&self) -> Vec<Collection> {
        let loans = Collection::of("Loan").scope("shelf").interval("from", "to");
        let field = ListField::new("Query", "loans").range("from", "to").scope("shelf");
        vec![loans.listed_by(field).items_in("items").revision_in("revision")]
    }
}

fn bound(text: &str, variables: &str) -> Result<(Arc<Bound>, Names), OperationError> {
    let mut names = Names::default();
    let rules = Rules::new(&Library, &mut names).expect("policy and schema fit");
    let bound = Plans::default().bound(text, variables, &rules, &mut names)?;
    Ok((bound, names))
}

/// Checks the completed document, with runs of blanks as one.
#[track_caller]
fn expect_completed(text: &str, expected: &str) {
    let (bound, _) = bound(text, "{}").expect("the schema has it");
    let sent: Vec<&str> = bound.plan.text.split_whitespace().collect();
    assert_eq!(sent.join(" "), expected);
}

#[test]
fn selections_get_the_fields_that_the_cache_needs() {
    expect_completed(
        "{ book(id: 1) { title } }",
        "{ book(id: 1) { __typename id revision title } }",
    );
    expect_completed(
        "{ book(id: 1) { id author { name } } }",
        "{ book(id: 1) { __typename revision id author { __typename name } } }",
    );
    expect_completed(
        "{ book(id: 1) { id @include(if: true) } }",
        "{ book(id: 1) { __typename id revision id @include(if: true) } }",
    );
    expect_completed(
        "{ found { ... on Leaflet { text } } }",
        "{ found { __typename ... on Book { id revision } ... on Leaflet { __typename text } } }",
    );
    expect_completed(
        "{ loans(shelf: 1) { items { title } } }",
        "{ loans(shelf: 1) { __typename revision items { __typename id shelf from to title } } }",
    );
}

#[test]
fn nothing_is_added_at_a_root() {
    expect_completed(
        "subscription { renamed { title } }",
        "subscription { renamed { __typename id revision title } }",
    );
    expect_completed(
        "mutation { ... on Mutation { rename(id: 1, title: 2) { id } } }",
        "mutation { ... on Mutation { rename(id: 1, title: 2) { __typename revision id } } }",
    );
}

#[test]
fn names_that_the_schema_does_not_have_are_refused() {
    let expect_refused = |text: &str, expected: &str| {
        let error = bound(text, "{}").map(|_| ()).expect_err(text).to_string();
        assert!(error.contains(expected), "{error}");
    };
    expect_refused("{ bok { id } }", "`Query.bok`");
    expect_refused("{ book(id: 1) { titel } }", "`Book.titel`");
    expect_refused("{ book(id: 1) { id: title } }", "the alias `id`");
    expect_refused("{ book(id: 1) { ...Lost } }", "`...Lost`");
    expect_refused("{ book(id: 1) { ... on Bok { id } } }", "`Bok`");
    expect_refused("", "empty");
}

/// Checks the keys of the root's fields.
#[track_caller]
fn expect_keys(text: &str, variables: &str, expected: &[&str]) {
    let (bound, names) = bound(text, variables).expect("the schema has it");
    let root = bound.plan.root().expect("there is one");
    let keys = root.slots.iter().filter_map(|it| bound.key(it));
    assert_eq!(keys.map(|it| &**names.text(it)).collect::<Vec<_>>(), expected);
}

#[test]
fn a_field_key_is_the_name_with_the_arguments() {
    let one = r#"book({"deep":true,"id":"1"})"#;
    expect_keys(r#"{ book(id: "1") { id } }"#, "{}", &[one]);
    expect_keys(r#"{ book(deep: true, id: "1") { id } }"#, "{}", &[one]);
    expect_keys(
        "query($id: ID!, $deep: Boolean) { book(id: $id, deep: $deep) { id } }",
        r#"{"id":"1"}"#,
        &[one],
    );
    expect_keys(
        r#"query($deep: Boolean = false) { book(id: "1", deep: $deep) { id } }"#,
        "{}",
        &[r#"book({"deep":false,"id":"1"})"#],
    );
    expect_keys(
        r#"query($out: Boolean!) { found @skip(if: $out) { __typename } }"#,
        r#"{"out":true}"#,
        &[],
    );
    // The root of a mutation is not stored, so its key has no arguments.
    expect_keys(r#"mutation { rename(id: "1", title: "x") { id } }"#, "{}", &["rename"]);
}
