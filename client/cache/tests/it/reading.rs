//! Tests that a response is read back unchanged, for all forms of selections and of gaps.

use cynic_cache::{Cache, CynicOperation, Gap, OperationError, Prepared, ResponseError, View};
use serde_json::{Value, json};

use crate::library::Library;

/// A document with its variables, and without a fragment; its response is read as JSON.
struct Document<'t>(&'t str, Value);

impl CynicOperation for Document<'_> {
    type Fragment = Value;

    fn text(&self) -> &str {
        self.0
    }

    fn variables(&self) -> serde_json::Result<String> {
        Ok(self.1.to_string())
    }

    fn name(&self) -> Option<&str> {
        None
    }
}

/// Prepares a document.
pub(crate) fn prepare(
    cache: &Cache,
    text: &str,
    variables: Value,
) -> Result<Prepared<Value>, OperationError> {
    cache.prepare(&Document(text, variables))
}

/// Returns a cache that got one response, and the query of the response.
fn cache_with_response(text: &str, variables: Value, response: &Value) -> (Cache, Prepared<Value>) {
    let cache = Cache::new(Library).expect("policy and schema fit");
    let query = prepare(&cache, text, variables).expect("the schema has it");
    let request = cache.begin(&query);
    cache.apply_response(&request, &query, response.to_string().as_bytes()).expect("it fits");
    (cache, query)
}

#[track_caller]
fn expect_round_trip(text: &str, data: Value) {
    expect_complete(text, json!({ "data": data.clone() }), data);
}

/// Checks the complete view after a response. `expected` lacks the fields that the cache added.
#[track_caller]
fn expect_complete(text: &str, response: Value, expected: Value) {
    let (cache, query) = cache_with_response(text, json!({}), &response);
    match cache.read(&query) {
        View::Complete(view) => assert_eq!(*view, expected),
        other => panic!("{other:?}"),
    }
}

/// Checks the partial view after a response, and its gaps.
#[track_caller]
fn expect_partial(text: &str, response: Value, shown: Option<Value>, lacking: &[&str]) {
    let (cache, query) = cache_with_response(text, json!({}), &response);
    expect_gaps(&cache.read(&query), shown, lacking);
}

#[track_caller]
fn expect_gaps(view: &View<Value>, shown: Option<Value>, lacking: &[&str]) {
    let gaps: Vec<String> = view.gaps().iter().map(format_gap).collect();
    assert_eq!(gaps, lacking);
    assert_eq!(view.data().map(|it| (**it).clone()), shown);
}

fn format_gap(gap: &Gap) -> String {
    match gap {
        Gap::Field { entity, field } => format!("{}:{}.{field}", entity.type_name, entity.key),
        Gap::Range(it) => format!("{}/{} {}..{}", it.member, it.scope, it.start, it.end),
        Gap::Unreadable(why) => why.clone(),
        _ => String::new(),
    }
}

#[test]
fn scalars_lists_nulls_and_nested_objects_are_read_back() {
    expect_round_trip(
        r#"{ book(id: "b") { __typename id title subtitle pages weight tags language extra
             author { __typename name born home { __typename city street } }
             chapters { __typename title pages } } }"#,
        json!({"book": {
            "__typename": "Book", "id": "b", "title": "Émma \"\\\n\u{1F600}", "subtitle": null,
            "pages": -474, "weight": 0.25, "tags": ["", "novel"], "language": "EN",
            "extra": {"z": [1, 2.5, {"a": null}], "a": true, "": "x"},
            "author": {"__typename": "Person", "name": "Jane", "born": 1775, "home": null},
            "chapters": [{"__typename": "Chapter", "title": "I", "pages": 3},
                         {"__typename": "Chapter", "title": "II", "pages": null}],
        }}),
    );
}

#[test]
fn null_and_empty_lists_are_read_back() {
    expect_round_trip(r#"{ book(id: "b") { id } }"#, json!({"book": null}));
    expect_round_trip("{ shelves { id } }", json!({"shelves": []}));
}

#[test]
fn one_entity_is_read_under_several_aliases() {
    let book = json!({"title": "Emma", "__typename": "Book", "id": "b"});
    let response = json!({"one": book, "other": book, "none": null});
    let text = r#"{ one: book(id: "b") { name: title } other: book(id: "b") { title }
        none: book(id: "c") { title } }"#;
    let mut response = json!({ "data": response });
    response["data"]["one"] = json!({"name": "Emma", "__typename": "Book", "id": "b"});
    let expected = json!({"one": {"name": "Emma"}, "other": {"title": "Emma"}, "none": null});
    expect_complete(text, response, expected);
}

#[test]
fn equal_arguments_give_one_field_key() {
    let (cache, _) = cache_with_response(
        r#"query($f: Int) { shelves(first: $f) { id } }"#,
        json!({"f": 100}),
        &json!({"data": {"shelves": [{"__typename": "Shelf", "id": "s", "revision": 1}]}}),
    );
    // The schema's default, a literal, and a variable that was not sent mean the same field.
    for text in [
        "{ shelves { id } }",
        "{ shelves(first: 100) { id } }",
        "query($f: Int) { shelves(first: $f) { id } }",
    ] {
        let query = prepare(&cache, text, json!({})).expect("the schema has it");
        assert!(cache.read(&query).is_complete(), "{text}");
    }
    let other =
        prepare(&cache, "{ shelves(first: 99) { id } }", json!({})).expect("the schema has it");
    assert!(!cache.read(&other).is_complete());
}

#[test]
fn fragments_are_merged_by_type() {
    expect_complete(
        r#"query { node(id: "b") { id ...A ... on Shelf { name } ... on Node { id } } }
           fragment A on Book { title ...B }
           fragment B on Book { pages ... { language } }"#,
        json!({"data": {"node": {"__typename": "Book", "id": "b", "title": "Emma", "pages": 1,
                                 "language": "DE"}}}),
        json!({"node": {"id": "b", "title": "Emma", "pages": 1, "language": "DE"}}),
    );
}

#[test]
fn interfaces_and_unions_are_read_back() {
    expect_round_trip(
        r#"{ search(text: "x") { __typename ... on Book { id title }
             ... on Shelf { id revision name } ... on Leaflet { text } } }"#,
        json!({"search": [
            {"__typename": "Shelf", "id": "s", "revision": 1, "name": "Novels"},
            {"__typename": "Leaflet", "text": "no identity"},
            {"__typename": "Book", "id": "b", "title": "Emma"},
        ]}),
    );
}

#[test]
fn a_type_that_the_schema_does_not_know_is_read_back() {
    expect_round_trip(
        r#"{ search(text: "x") { __typename ... on Book { id title } } }"#,
        json!({"search": [{"__typename": "Film"},
                          {"__typename": "Book", "id": "b", "title": "Emma"}]}),
    );
}

#[test]
fn skip_and_include_leave_fields_out() {
    let text =
        "query($a: Boolean!) { book(id: \"b\") { id title @include(if: $a) pages @skip(if: $a) } }";
    for (a, rest) in
        [(true, json!({"id": "b", "title": "Emma"})), (false, json!({"id": "b", "pages": 3}))]
    {
        let mut book = rest.clone();
        book["__typename"] = json!("Book");
        let (cache, query) =
            cache_with_response(text, json!({"a": a}), &json!({"data": {"book": book}}));
        assert_eq!(
            **cache.read(&query).data().expect("the response had it"),
            json!({"book": rest})
        );
    }
}

#[test]
fn two_responses_are_merged_into_one_record() {
    let (cache, _) = cache_with_response(
        r#"{ book(id: "b") { title author { name } } }"#,
        json!({}),
        &json!({"data": {"book": {"__typename": "Book", "id": "b", "title": "Emma",
                                  "author": {"__typename": "Person", "name": "Jane"}}}}),
    );
    let more = prepare(&cache, r#"{ book(id: "b") { pages author { born } } }"#, json!({}))
        .expect("the schema has it");
    let request = cache.begin(&more);
    let response = json!({"data": {"book": {"__typename": "Book", "id": "b", "pages": 474,
                                          "author": {"__typename": "Person", "born": 1775}}}});
    cache.apply_response(&request, &more, response.to_string().as_bytes()).expect("it fits");
    let all = r#"{ book(id: "b") { title pages author { name born } } }"#;
    let all = prepare(&cache, all, json!({})).expect("the schema has it");
    let expected =
        json!({"book": {"title": "Emma", "pages": 474, "author": {"name": "Jane", "born": 1775}}});
    assert_eq!(**cache.read(&all).data().expect("it is known"), expected);
}

#[test]
fn fields_that_were_never_requested_are_gaps() {
    let (cache, _) = cache_with_response(
        r#"{ book(id: "b") { title } }"#,
        json!({}),
        &json!({"data": {"book": {"__typename": "Book", "id": "b", "title": "Emma"}}}),
    );
    let check = |text: &str, shown: Option<Value>, lacking: &[&str]| {
        let query = prepare(&cache, text, json!({})).expect("the schema has it");
        expect_gaps(&cache.read(&query), shown, lacking);
    };
    // A missing field is null if it may be null. Otherwise its object is left out.
    check(
        r#"{ book(id: "b") { title pages } }"#,
        Some(json!({"book": {"title": "Emma", "pages": null}})),
        &["Book:b.pages"],
    );
    check(r#"{ book(id: "b") { title tags } }"#, Some(json!({"book": null})), &["Book:b.tags"]);
    check("{ shelves { id } }", None, &["Query:.shelves({\"first\":100})"]);
}

#[test]
fn fields_with_a_server_error_are_gaps() {
    let text = r#"{ one: book(id: "a") { title pages } other: book(id: "b") { title } }"#;
    let response = json!({
        "data": {"one": {"__typename": "Book", "id": "a", "title": "Emma", "pages": null},
                 "other": null},
        "errors": [{"message": "no pages", "path": ["one", "pages"]},
                   {"message": "no", "path": ["other"]}],
    });
    expect_partial(
        text,
        response,
        Some(json!({"one": {"title": "Emma", "pages": null}, "other": null})),
        &["Book:a.pages", "Query:.book({\"id\":\"b\"})"],
    );
}

#[test]
fn an_error_without_data_leaves_all_fields_unknown() {
    let response = json!({"errors": [{"message": "the database is away"}]});
    expect_partial(
        r#"{ book(id: "b") { title } }"#,
        response.clone(),
        Some(json!({"book": null})),
        &["Query:.book({\"id\":\"b\"})"],
    );
    let response = json!({"data": null, "errors": [{"message": "the database is away"}]});
    expect_partial("{ shelves { id } }", response, None, &["Query:.shelves({\"first\":100})"]);
}

#[test]
fn a_malformed_response_changes_nothing() {
    let text = r#"{ book(id: "b") { title pages tags language weight author { name } } }"#;
    let good = json!({"data": {"book": {"__typename": "Book", "id": "b", "title": "Emma",
        "pages": 1, "tags": [], "language": "EN", "weight": 1, "author": null}}});
    let (cache, query) = cache_with_response(text, json!({}), &good);
    let before = cache.snapshot();
    let with = |field: &str, value: Value| {
        let mut bad = good.clone();
        bad["data"]["book"][field] = value;
        bad.to_string()
    };
    let full = good.to_string();
    let bad = [
        String::new(),
        "nothing".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        full[..full.len() - 1].to_owned(),
        format!("{full}x"),
        json!({"data": {}}).to_string(),
        json!({"data": {"books": null}}).to_string(),
        json!({"data": {"book": {"__typename": "Book", "id": "b"}}}).to_string(),
        json!({"data": {"book": 3}}).to_string(),
        json!({"data": {"book": []}}).to_string(),
        json!({"data": {"book": {"__typename": "Book"}}}).to_string(),
        with("id", Value::Null),
        with("title", Value::Null),
        with("title", json!(3)),
        with("title", json!(["Emma"])),
        with("pages", json!("many")),
        with("pages", json!(1.5)),
        with("tags", json!({})),
        with("tags", json!([null])),
        with("language", json!(3)),
        with("weight", json!("heavy")),
        with("author", json!("Jane")),
        with("author", json!([])),
        with("__typename", json!(3)),
    ];
    for response in bad {
        let request = cache.begin(&query);
        let done = cache.apply_response(&request, &query, response.as_bytes());
        assert!(matches!(done, Err(ResponseError::Malformed(_))), "{response}: {done:?}");
        assert_eq!(cache.snapshot(), before, "{response}");
    }
}

#[test]
fn operations_that_do_not_fit_the_schema_are_refused() {
    let cache = Cache::new(Library).expect("policy and schema fit");
    let check = |text: &str, expected: &str| {
        let error = prepare(&cache, text, json!({})).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    };
    check("{ boks { id } }", "Query.boks");
    check("{ shelves { id ... on Boook { id } } }", "Boook");
    check("{ shelves { id ...Lost } }", "Lost");
    check("{ shelves { id:name } }", "the alias `id`");
    check("{ shelves ", "cannot be parsed");
    check("fragment A on Shelf { id }", "");
    check("{ shelves { ...A } } fragment A on Shelf { ...A }", "64 levels deep");
}
