//! The HTTP routes, and GraphQL over HTTP and SSE.

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::world::{Subscription, TEST_TIMEOUT, World, appointment_input, new_id, text};

async fn get(world: &World, path: &str) -> (u16, String) {
    let client =
        appointments_testing::http_client_builder().redirect(Policy::none()).build().unwrap();
    let response = client.get(world.url(path)).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn health_page_and_schema_are_served() {
    let world = World::new().await;
    assert_eq!(get(&world, "/health/live").await, (200, "live\n".into()));
    assert_eq!(get(&world, "/health/ready").await, (200, "ready\n".into()));
    // Without the page the server redirects to GraphiQL.
    let expected = if appointments_server::http::page::is_built() { 200 } else { 303 };
    assert_eq!(get(&world, "/").await.0, expected);
    let (status, page) = get(&world, "/graphiql").await;
    assert!(status == 200 && page.contains("GraphiQL"));
    assert_eq!(get(&world, "/schema.graphql").await.1, appointments_server::graphql::sdl());
    assert_eq!(get(&world, "/nothing").await.0, 404);
}

#[tokio::test]
async fn a_query_can_be_sent_with_get() {
    let world = World::new().await;
    let (status, response) = get(&world, "/graphql?query={calendar{name}}").await;
    assert_eq!((status, response.as_str()), (200, r#"{"data":{"calendar":{"name":"Calendar"}}}"#));
}

/// Any web page can make a browser send a `GET` request.
#[tokio::test]
async fn a_mutation_cannot_be_sent_with_get() {
    let world = World::new().await;
    let query = "mutation{deleteCalendar(input:{id:\"x\"}){error{message}}}";
    let sent = appointments_testing::http_client()
        .get(world.url(&format!("/graphql?query={query}")))
        .send()
        .await
        .unwrap();
    assert_eq!((sent.status().as_u16(), &sent.headers()["allow"]), (405, &"POST".parse().unwrap()));
    let response = sent.text().await.unwrap();
    assert!(response.contains("Send mutations with POST."), "{response}");
}

/// Sends a body, and returns the status, the media type and the response.
async fn post(world: &World, body: &str, headers: &[(&str, &str)]) -> (u16, String, Value) {
    let mut sent =
        appointments_testing::http_client().post(world.url("/graphql")).body(body.to_owned());
    for (name, value) in headers {
        sent = sent.header(*name, *value);
    }
    let response = sent.send().await.unwrap();
    let media = response.headers()["content-type"].to_str().unwrap().to_owned();
    (response.status().as_u16(), media, response.json().await.unwrap())
}

const JSON: (&str, &str) = ("content-type", "application/json");
const GRAPHQL: (&str, &str) = ("accept", "application/graphql-response+json");

#[tokio::test]
async fn malformed_requests_are_rejected_with_a_message() {
    let world = World::new().await;
    let huge = format!(r#"{{"query":"{{ calendar {{ id }} }}","x":"{}"}}"#, "x".repeat(2_000_000));
    for (body, status, sentence) in [
        ("", 400, "The request is not valid JSON"),
        ("[", 400, "The request is not valid JSON"),
        ("[]", 400, "Batched requests are not supported; send one request per HTTP call."),
        ("7", 400, "The request must be a JSON object"),
        ("{}", 400, "The request has no query."),
        (r#"{"query":7}"#, 400, "The query must be a string."),
        (r#"{"query":"{ a }","variables":"x"}"#, 400, "The variables must be an object, or null."),
        (r#"{"query":"{ a }","extensions":[]}"#, 400, "The extensions must be an object, or null."),
        (r#"{"query":"{ a }","operationName":1}"#, 400, "The operationName must be a string"),
        (&huge, 413, "The request is larger than"),
    ] {
        let (found, _, response) = post(&world, body, &[JSON]).await;
        assert_eq!(found, status, "{body:.20}");
        assert_eq!(response["errors"][0]["extensions"]["code"], "PARSE_FAILED", "{response}");
        let message = text(&response["errors"][0]["message"]);
        assert!(message.starts_with(sentence), "{message}");
    }
    // A form on a foreign page can send only these content types.
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let query =
            r#"{"query":"mutation { createCalendar(input: {name: \"x\"}) { calendar { id } } }"}"#;
        assert_eq!(post(&world, query, &[("content-type", media)]).await.0, 415, "{media}");
        assert_eq!(post(&world, query, &[]).await.0, 415);
    }
}

#[tokio::test]
async fn the_media_type_follows_the_accept_header() {
    let world = World::new().await;
    let good = r#"{"query":"{ __typename }"}"#;
    let bad = r#"{"query":"{ nothing }"}"#;
    let (status, media, response) = post(&world, good, &[JSON]).await;
    assert_eq!((status, media.as_str()), (200, "application/json; charset=utf-8"));
    assert_eq!(response, json!({"data": {"__typename": "Query"}}));
    let (status, media, _) = post(&world, good, &[JSON, GRAPHQL]).await;
    assert_eq!((status, media.as_str()), (200, "application/graphql-response+json; charset=utf-8"));
    for (headers, expected) in [(&[JSON][..], 200), (&[JSON, GRAPHQL], 400)] {
        let (status, _, response) = post(&world, bad, headers).await;
        assert_eq!(status, expected);
        assert!(response.get("data").is_none(), "nothing was executed: {response}");
    }
    let (status, _, response) = post(&world, good, &[JSON, ("accept", "image/png")]).await;
    assert_eq!((status, &response["errors"][0]["extensions"]["code"]), (406, &json!("BAD_INPUT")));
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_rejected() {
    let world = World::new().await;
    let good = r#"{"query":"{ __typename }"}"#;
    for (host, expected) in [("localhost:8080", 200), ("10.0.0.7", 200), ("evil.example.org", 421)]
    {
        assert_eq!(post(&world, good, &[JSON, ("host", host)]).await.0, expected, "{host}");
    }
    // CORS: origins whose pages may send requests and read responses.
    for (origin, expected) in [("http://localhost:3000", true), ("https://evil.example.org", false)]
    {
        let asks = appointments_testing::http_client()
            .request(reqwest::Method::OPTIONS, world.url("/graphql"));
        let asks = asks.header("origin", origin).header("access-control-request-method", "POST");
        let response =
            asks.header("access-control-request-headers", "content-type").send().await.unwrap();
        let allowed =
            response.headers().get("access-control-allow-origin").map(|it| it.to_str().unwrap());
        assert_eq!(allowed, Some(origin).filter(|_| expected), "{origin}");
    }
}

#[tokio::test]
async fn long_responses_are_compressed() {
    let world = World::new().await;
    let ask = |path: &str| {
        appointments_testing::http_client().get(world.url(path)).header("accept-encoding", "gzip")
    };
    let long = ask("/schema.graphql").send().await.unwrap();
    assert_eq!(long.headers()["content-encoding"], "gzip");
    let short = ask("/health/live").send().await.unwrap();
    assert_eq!(short.headers().get("content-encoding"), None);
}

#[tokio::test]
async fn a_subscription_over_sse_stays_open_until_the_server_stops() {
    let world = World::new().await;
    world.book("One", "09:00-10:00").await;
    let query = "subscription { appointmentChanges(after: 0) { kind revision } }";
    let request = appointments_testing::http_client()
        .post(world.url("/graphql"))
        .json(&json!({ "query": query }));
    let mut response = request.header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut received = String::new();
    while !received.contains("BOOKMARK") {
        received +=
            &String::from_utf8_lossy(&response.chunk().await.unwrap().expect("an open stream"));
    }
    let next = r#"event: next
data: {"data":{"appointmentChanges":{"kind":"CREATED","revision":1}}}

"#;
    assert!(received.starts_with(next), "{received}");
    // An open stream does not delay the stop, and ends without `complete`.
    let stopped = tokio::time::timeout(TEST_TIMEOUT, world.restart()).await;
    stopped.expect("it stops in time");
    let mut rest = String::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        rest += &String::from_utf8_lossy(&chunk);
    }
    assert!(!rest.contains("complete"), "{rest}");
}

#[tokio::test]
async fn a_query_over_sse_has_one_response() {
    let world = World::new().await;
    for (query, expected) in [
        ("{__typename}", r#"{"data":{"__typename":"Query"}}"#),
        ("{nothing}", r#""code":"VALIDATION_FAILED""#),
    ] {
        let request =
            appointments_testing::http_client().get(world.url(&format!("/graphql?query={query}")));
        let response = request.header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(response.status(), 200);
        let received = response.text().await.unwrap();
        assert!(
            received.starts_with("event: next\ndata: ") && received.contains(expected),
            "{received}"
        );
        assert!(received.ends_with("event: complete\ndata: \n\n"), "{received:?}");
    }
}

#[tokio::test]
async fn introspection_works() {
    let world = World::new().await;
    let of = "ofType { ".repeat(9) + "name" + &" }".repeat(9);
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} types {{ ...FullType }}
            directives {{ name args {{ ...InputValue }} }} }} }}
         fragment FullType on __Type {{ kind name fields(includeDeprecated: true) {{ name
            args {{ ...InputValue }} type {{ ...TypeRef }} }} inputFields {{ ...InputValue }}
            interfaces {{ ...TypeRef }} enumValues {{ name }} possibleTypes {{ ...TypeRef }} }}
         fragment InputValue on __InputValue {{ name type {{ ...TypeRef }} defaultValue }}
         fragment TypeRef on __Type {{ kind name {of} }}"
    );
    let data = world.query(&query, json!({})).await;
    assert!(data["__schema"]["types"].as_array().unwrap().len() > 40);
}

#[tokio::test]
async fn nodes_are_found_and_calendars_are_paged() {
    let world = World::new().await;
    let made = world.book("it", "10:00-11:00").await;
    for name in ["b", "a", "ä", "b"] {
        world.mutate("createCalendar", json!({ "name": name })).await;
    }
    let query = "query($id: ID!) { node(id: $id) { __typename id
        ... on Appointment { title calendar { name isDefault } } ... on Calendar { name } } }";
    let found = world.query(query, json!({ "id": made["id"] })).await;
    assert_eq!(found["node"]["calendar"]["name"], "Calendar");
    let found = world.query(query, json!({ "id": world.calendar })).await;
    assert_eq!(found["node"]["__typename"], "Calendar");
    let query = "query($after: String) { calendars(first: 2, after: $after) { nodes { name }
        edges { cursor node { name } }
        pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }";
    let (mut names, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = world.query(query, json!({ "after": after })).await["calendars"].clone();
        names.extend(page["nodes"].as_array().unwrap().iter().map(|it| text(&it["name"])));
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        assert_eq!(page["edges"][0]["cursor"], page["pageInfo"]["startCursor"]);
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(names, ["Calendar", "a", "b", "b", "ä"]);
}

#[tokio::test]
async fn a_mutation_can_be_sent_over_websocket() {
    let world = World::new().await;
    let mut subscription = Subscription::connect(&world.url("/graphql")).await;
    let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) {
        appointment { title } } }";
    let payload =
        json!({ "query": query, "variables": { "input": appointment_input("it", "10:00-11:00") } });
    subscription.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    let response = subscription.receive().await.unwrap();
    let made = &response["payload"]["data"]["createAppointment"]["appointment"];
    assert_eq!(made["title"], "it", "{response}");
}

#[tokio::test]
async fn a_stop_finishes_accepted_requests() {
    let world = World::new().await;
    let client = appointments_testing::http_client();
    let url = world.url("/graphql");
    let sent = (0..50).map(|_| {
        let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) {
            appointment { id } } }";
        let input = serde_json::json!({ "title": "it", "startsAt": "2026-11-23T10:00:00Z",
            "endsAt": "2026-11-23T11:00:00Z", "id": new_id() });
        let body = json!({ "query": query, "variables": { "input": input } });
        client.post(&url).json(&body).send()
    });
    let responses = futures_util::future::join_all(sent);
    let (responses, world) = tokio::join!(responses, async {
        // The server has accepted some requests by now. An open subscription does not delay the
        // stop.
        let _follower = world.subscribe(json!({})).await;
        world.restart().await
    });
    let mut acknowledged = 0;
    for response in responses.into_iter().flatten() {
        let response: Value = response.json().await.unwrap();
        let id = response["data"]["createAppointment"]["appointment"]["id"].clone();
        let found =
            world.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(found["node"]["id"], id);
        acknowledged += 1;
    }
    assert!(acknowledged > 0 && world.revision().await >= acknowledged);
}
