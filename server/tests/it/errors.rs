//! Every entry of `errors` has a code (S15), one of each kind.

use serde_json::{Value, json};

use crate::database::Home;
use crate::world::{Follower, World};

async fn check(query: &str, variables: Value, expected: &str) {
    let world = World::new().await;
    assert_eq!(world.code(query, variables).await, expected, "{query}");
}

#[tokio::test]
async fn a_text_that_is_no_document() {
    for query in ["", "{", "query", "{ a } { b }", "{ calendar(id: \"\u{0}) { id } }"] {
        check(query, json!({}), "PARSE_FAILED").await;
    }
}

#[tokio::test]
async fn a_document_that_does_not_fit_the_schema() {
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
async fn input_that_is_not_what_its_type_says() {
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
async fn a_document_that_asks_for_too_much() {
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

/// Each of these took the server down, or for minutes, before it was looked at.
#[tokio::test]
async fn a_document_that_is_more_work_to_look_at_than_to_answer() {
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
        assert_eq!(world.code(&document, json!({})).await, "TOO_COMPLEX", "{document:.60}");
    }
    let uses: String = (0..200).map(|n| format!("a{n}: nothing(list: $list) ")).collect();
    let query = format!("query($list: [Int]) {{ {uses} }}");
    let list = json!({ "list": vec![1; 20_000] });
    assert_eq!(world.code(&query, list).await, "TOO_COMPLEX");
    let cycle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a ...a }";
    assert_eq!(world.code(cycle, json!({})).await, "VALIDATION_FAILED");
    assert!(begin.elapsed() < std::time::Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn brackets_in_texts_and_comments_are_text() {
    let world = World::new().await;
    let brackets = "[({".repeat(100);
    let query = format!(
        "# {brackets}\n{{ a: appointment(id: \"{brackets}\\\"{brackets}\") {{ id }}
         b: appointment(id: \"\"\"{brackets} \" \\\"\"\" {brackets}\"\"\") {{ id }} }}"
    );
    assert_eq!(world.ask(&query, json!({})).await, json!({ "a": null, "b": null }));
}

/// A handful of fields may ask for more than a server should answer at once.
#[tokio::test]
async fn a_request_that_asks_for_too_many_appointments() {
    // (It is filled in the words of this store; the budget is not the store's.)
    let world = World::within(Home::file()).await;
    let file = world.home.database();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut rows = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let fill = "with recursive n (n) as (select 1 union all select n + 1 from n where n < 9000)
        insert into appointments (calendar_id, id, revision, created_at, updated_at, title, starts_at,
            ends_at, span, all_day, time_zone, status, attendees)
        select c.id, randomblob(16), 0, 0, 0, 'it', 1763888400 + n, 1763888401 + n, 0, 0, 'UTC',
            'CONFIRMED', '[]' from n, calendars c";
    sqlx::query(fill).execute(&mut rows).await.unwrap();
    let range = "appointmentsInRange(range: { start: \"2025-11-23T00:00:00Z\",
        end: \"2025-11-24T00:00:00Z\" }) { revision }";
    world.ask(&format!("{{ a: {range} b: {range} }}"), json!({})).await;
    let three = format!("{{ a: {range} b: {range} c: {range} }}");
    assert_eq!(world.code(&three, json!({})).await, "TOO_COMPLEX");
    sqlx::query(fill).execute(&mut rows).await.unwrap();
    assert_eq!(world.code(&format!("{{ {range} }}"), json!({})).await, "RANGE_TOO_LARGE");
}

#[tokio::test]
async fn an_answer_is_complete_or_there_is_none() {
    let world = World::new().await;
    let query = "{ calendar { id } bad: appointmentsInRange(range: { start: \"x\", end: \"y\" })
        { revision } }";
    let response = world.send(query, json!({})).await;
    assert_eq!(response["data"], Value::Null, "a field that cannot be null has failed");
    assert_eq!(response["errors"][0]["path"], json!(["bad"]));
    // Also where it was the only field, and the library makes its parent null.
    let query = "{ calendars { nodes { appointmentsInRange(range: { start: \"x\", end: \"y\" })
        { revision } } } }";
    assert_eq!(world.code(query, json!({})).await, "BAD_INPUT");
}

#[tokio::test]
async fn a_subscription_over_http_is_told_where_to_go() {
    let world = World::new().await;
    let query = "subscription { appointmentChanges { revision } }";
    let response = world.send(query, json!({})).await;
    let message = response["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("graphql-transport-ws"), "{message}");
}

#[tokio::test]
async fn what_names_nothing_is_null() {
    let world = World::new().await;
    let query =
        "{ a: node(id: 7) { id } b: calendar(id: \"x\") { id } c: appointment(id: \"\") { id }
        d: node(id: \"0192f3c4-7a5b-7c3d-8e9f-a0b1c2d3e4f5\") { id } }";
    let data = world.ask(query, json!({})).await;
    assert_eq!(data, json!({ "a": null, "b": null, "c": null, "d": null }));
}

#[tokio::test]
async fn errors_of_a_socket_have_codes_too() {
    let world = World::new().await;
    let mut follower = Follower::connected(&world.url("/graphql")).await;
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
        follower.say(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        let answer = follower.hear().await.unwrap();
        // What is not executed ends with an error; what has begun, with an answer that has errors.
        let is_begun = answer["type"] == "next";
        let errors = if is_begun { &answer["payload"]["errors"] } else { &answer["payload"] };
        assert_eq!(errors[0]["extensions"]["code"], expected, "{query}: {answer}");
        if is_begun {
            assert_eq!(follower.hear().await.unwrap()["type"], "complete");
        }
    }
}
