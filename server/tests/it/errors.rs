//! Error codes: every entry of `errors` has one (S15). Tests one error of each kind.

use serde_json::{Value, json};

use crate::database::TestDatabase;
use crate::world::{Subscription, World};

async fn check(query: &str, variables: Value, expected: &str) {
    let world = World::new().await;
    assert_eq!(world.expect_error(query, variables).await, expected, "{query}");
}

#[tokio::test]
async fn invalid_syntax_is_parse_failed() {
    for query in ["", "{", "query", "{ a } { b }", "{ calendar(id: \"\u{0}) { id } }"] {
        check(query, json!({}), "PARSE_FAILED").await;
    }
}

#[tokio::test]
async fn an_invalid_document_is_validation_failed() {
    for query in [
        "{ nothing }",
        "{ calendar { id { id } } }",
        "{ calendar(name: 1) { id } }",
        "query A { calendar { id } } query B { calendar { id } }",
        "query($a: ID) { calendar { id } }",
        "{ calendar { ...Cycle } } fragment Cycle on Calendar { id ...Cycle }",
    ] {
        check(query, json!({}), "VALIDATION_FAILED").await;
    }
}

#[tokio::test]
async fn invalid_input_is_bad_input() {
    let mutation = "mutation($input: UpdateAppointmentInput!) {
        updateAppointment(input: $input) { error { message } } }";
    for (query, variables) in [
        ("query($id: ID!) { calendar(id: $id) { id } }", json!({})),
        (mutation, json!({ "input": { "id": "x", "expectedRevision": -1 } })),
        (
            mutation,
            json!({ "input": { "id": "x", "expectedRevision": 9_007_199_254_740_992_u64 } }),
        ),
        (mutation, json!({ "input": { "id": "x", "expectedRevision": 1.5 } })),
        ("{ calendars(first: -1) { nodes { id } } }", json!({})),
        ("{ calendars(first: 1001) { nodes { id } } }", json!({})),
        ("{ calendars(after: \"x\") { nodes { id } } }", json!({})),
        (RANGE, json!({ "id": "x" })),
        (RANGE, json!({ "id": "0192f3c4-7a5b-7c3d-8e9f-a0b1c2d3e4f5" })),
    ] {
        check(query, variables, "BAD_INPUT").await;
    }
    let number = json!({ "input": { "id": "x", "title": 7 } });
    check(mutation, number, "VALIDATION_FAILED").await;
}

const RANGE: &str = "query($id: ID) { appointmentsInRange(calendarId: $id,
    range: { start: \"2026-11-23T00:00:00Z\", end: \"2026-11-24T00:00:00Z\" }) { revision } }";

#[tokio::test]
async fn large_and_deep_documents_are_too_complex() {
    let wide: String = (0..2_100).map(|n| format!("a{n}: calendar {{ id }} ")).collect();
    check(&format!("{{ {wide} }}"), json!({}), "TOO_COMPLEX").await;
    let nested = "{ appointment(id: 1) { ".to_owned()
        + &"calendar { appointmentsInRange(range: { start: \"a\", end: \"b\" }) { appointments { "
            .repeat(10)
        + "id"
        + &" } } }".repeat(10)
        + " } }";
    check(&nested, json!({}), "TOO_COMPLEX").await;
}

/// Each of these documents once crashed the server or blocked it for minutes.
#[tokio::test]
async fn expensive_documents_are_too_complex() {
    let world = World::new().await;
    let begin = std::time::Instant::now();
    let values =
        format!("{{ calendar(id: {}{}) {{ id }} }}", "[".repeat(20_000), "]".repeat(20_000));
    let doubling: String =
        (0..40).map(|n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }} ", n + 1)).collect();
    let doubling = format!("{{ ...f0 }} {doubling} fragment f40 on Query {{ calendar {{ id }} }}");
    let chain: String =
        (0..5_000).map(|n| format!("fragment f{n} on Query {{ ...f{} }} ", n + 1)).collect();
    let chain = format!("{{ ...f0 }} {chain} fragment f5000 on Query {{ calendar {{ id }} }}");
    let many = format!("{{ {} }}", "a ".repeat(12_000));
    let arguments = (0..2_000).map(|n| format!("x{n}: 1 ")).collect::<String>();
    let arguments = format!(
        "{{ {} }} fragment f on Query {{ calendar({arguments}) {{ id }} }}",
        "...f ".repeat(2_000)
    );
    let hidden =
        format!("#\r{{ calendar(id: {}1{}) {{ id }} }}", "[".repeat(20_000), "]".repeat(20_000));
    for document in [values, doubling, chain, many, arguments, hidden] {
        assert_eq!(world.expect_error(&document, json!({})).await, "TOO_COMPLEX", "{document:.60}");
    }
    let uses: String = (0..200).map(|n| format!("a{n}: nothing(list: $list) ")).collect();
    let query = format!("query($list: [Int]) {{ {uses} }}");
    let list = json!({ "list": vec![1; 20_000] });
    assert_eq!(world.expect_error(&query, list).await, "TOO_COMPLEX");
    let cycle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a ...a }";
    assert_eq!(world.expect_error(cycle, json!({})).await, "VALIDATION_FAILED");
    assert!(begin.elapsed() < std::time::Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn brackets_in_strings_and_comments_do_not_count() {
    let world = World::new().await;
    let brackets = "[({".repeat(100);
    let query = format!(
        "# {brackets}\n{{ a: appointment(id: \"{brackets}\\\"{brackets}\") {{ id }}
         b: appointment(id: \"\"\"{brackets} \" \\\"\"\" {brackets}\"\"\") {{ id }} }}"
    );
    assert_eq!(world.query(&query, json!({})).await, json!({ "a": null, "b": null }));
}

/// A few fields can select more appointments than one response should have.
#[tokio::test]
async fn too_many_appointments_are_too_complex() {
    // SQLite is enough: the limit does not depend on the store.
    let world = World::on(TestDatabase::sqlite()).await;
    let file = world.database.location();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut rows = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let fill = "with recursive n (n) as (select 1 union all select n + 1 from n where n < 9000)
        insert into appointments (calendar_id, id, revision, created_at, updated_at, title,
            starts_at, ends_at, span, all_day, time_zone, status, attendees)
        select c.id, randomblob(16), 0, 0, 0, 'it', 1763888400 + n, 1763888401 + n, 0, 0, 'UTC',
            'CONFIRMED', '[]' from n, calendars c";
    sqlx::query(fill).execute(&mut rows).await.unwrap();
    let range = "appointmentsInRange(range: { start: \"2025-11-23T00:00:00Z\",
        end: \"2025-11-24T00:00:00Z\" }) { revision }";
    world.query(&format!("{{ a: {range} b: {range} }}"), json!({})).await;
    let three = format!("{{ a: {range} b: {range} c: {range} }}");
    assert_eq!(world.expect_error(&three, json!({})).await, "TOO_COMPLEX");
    sqlx::query(fill).execute(&mut rows).await.unwrap();
    assert_eq!(world.expect_error(&format!("{{ {range} }}"), json!({})).await, "RANGE_TOO_LARGE");
}

#[tokio::test]
async fn a_failed_field_removes_all_data() {
    let world = World::new().await;
    let query = "{ calendar { id } bad: appointmentsInRange(range: { start: \"x\", end: \"y\" })
        { revision } }";
    let response = world.send(query, json!({})).await;
    assert_eq!(response["data"], Value::Null, "a field that cannot be null has failed");
    assert_eq!(response["errors"][0]["path"], json!(["bad"]));
    // The library makes the parent null if its only field failed.
    let query = "{ calendars { nodes { appointmentsInRange(range: { start: \"x\", end: \"y\" })
        { revision } } } }";
    assert_eq!(world.expect_error(query, json!({})).await, "BAD_INPUT");
}

#[tokio::test]
async fn a_subscription_by_post_names_the_websocket_protocol() {
    let world = World::new().await;
    let query = "subscription { appointmentChanges { revision } }";
    let response = world.send(query, json!({})).await;
    let message = response["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("graphql-transport-ws"), "{message}");
}

#[tokio::test]
async fn unknown_ids_are_null() {
    let world = World::new().await;
    let query =
        "{ a: node(id: 7) { id } b: calendar(id: \"x\") { id } c: appointment(id: \"\") { id }
        d: node(id: \"0192f3c4-7a5b-7c3d-8e9f-a0b1c2d3e4f5\") { id } }";
    let data = world.query(query, json!({})).await;
    assert_eq!(data, json!({ "a": null, "b": null, "c": null, "d": null }));
}

#[tokio::test]
async fn errors_over_websocket_have_codes() {
    let world = World::new().await;
    let mut subscription = Subscription::connect(&world.url("/graphql")).await;
    for (query, expected) in [
        ("{", "PARSE_FAILED"),
        ("subscription { nothing }", "VALIDATION_FAILED"),
        ("subscription { appointmentChanges(after: -1) { revision } }", "BAD_INPUT"),
        ("subscription { appointmentChanges(calendarId: 1) { revision } }", "BAD_INPUT"),
        (
            "subscription { appointmentChanges(range: { start: \"2026-11-23T00:00:00Z\",
                end: \"2026-11-22T00:00:00Z\" }) { revision } }",
            "INVALID_RANGE",
        ),
    ] {
        let payload = json!({ "query": query });
        subscription.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        let response = subscription.receive().await.unwrap();
        // An invalid operation ends with `error`. A failing one sends `next` with errors.
        let is_begun = response["type"] == "next";
        let errors = if is_begun { &response["payload"]["errors"] } else { &response["payload"] };
        assert_eq!(errors[0]["extensions"]["code"], expected, "{query}: {response}");
        if is_begun {
            assert_eq!(subscription.receive().await.unwrap()["type"], "complete");
        }
    }
}
