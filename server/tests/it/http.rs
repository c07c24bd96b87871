//! What is served where.

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::world::{Follower, World, booking, new_id, text};

async fn get(world: &World, path: &str) -> (u16, String) {
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let answer = client.get(world.url(path)).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_server_says_how_it_is() {
    let world = World::new().await;
    assert_eq!(get(&world, "/health/live").await, (200, "live\n".into()));
    assert_eq!(get(&world, "/health/ready").await, (200, "ready\n".into()));
    // Where the page was not built, GraphiQL is what there is to see.
    let expected = if appointments_server::page::is_built() { 200 } else { 303 };
    assert_eq!(get(&world, "/").await.0, expected);
    let (status, page) = get(&world, "/graphiql").await;
    assert!(status == 200 && page.contains("GraphiQL"));
    assert_eq!(get(&world, "/schema.graphql").await.1, appointments_server::graphql::sdl());
    assert_eq!(get(&world, "/nothing").await.0, 404);
}

#[tokio::test]
async fn a_query_may_be_asked_with_get() {
    let world = World::new().await;
    let (status, answer) = get(&world, "/graphql?query={calendar{name}}").await;
    assert_eq!((status, answer.as_str()), (200, r#"{"data":{"calendar":{"name":"Calendar"}}}"#));
}

/// Any page can make a browser send one.
#[tokio::test]
async fn nothing_is_changed_with_get() {
    let world = World::new().await;
    let query = "mutation{deleteCalendar(input:{id:\"x\"}){error{message}}}";
    let (_, answer) = get(&world, &format!("/graphql?query={query}")).await;
    assert!(answer.contains("A mutation needs POST."), "{answer}");
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_a_sentence() {
    let world = World::new().await;
    let huge = format!(r#"{{"query":"{{ calendar {{ id }} }}","x":"{}"}}"#, "x".repeat(2_000_000));
    for (body, status) in [("", 400), ("[", 400), (&huge, 413)] {
        let sent = reqwest::Client::new().post(world.url("/graphql")).body(body.to_owned());
        let answer = sent.send().await.unwrap();
        assert_eq!(answer.status(), status, "{body:.20}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "PARSE_FAILED", "{answer}");
    }
}

#[tokio::test]
async fn introspection_is_answered() {
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
    let data = world.ask(&query, json!({})).await;
    assert!(data["__schema"]["types"].as_array().unwrap().len() > 40);
}

#[tokio::test]
async fn nodes_and_pages() {
    let world = World::new().await;
    let made = world.book("it", "10:00-11:00").await;
    for name in ["b", "a", "ä", "b"] {
        world.done("createCalendar", json!({ "name": name })).await;
    }
    let query = "query($id: ID!) { node(id: $id) { __typename id
        ... on Appointment { title calendar { name isDefault } } ... on Calendar { name } } }";
    let found = world.ask(query, json!({ "id": made["id"] })).await;
    assert_eq!(found["node"]["calendar"]["name"], "Calendar");
    let found = world.ask(query, json!({ "id": world.calendar })).await;
    assert_eq!(found["node"]["__typename"], "Calendar");
    let query = "query($after: String) { calendars(first: 2, after: $after) { nodes { name }
        edges { cursor node { name } }
        pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }";
    let (mut names, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = world.ask(query, json!({ "after": after })).await["calendars"].clone();
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
async fn a_mutation_may_be_sent_over_the_socket() {
    let world = World::new().await;
    let mut follower = Follower::connected(&world.url("/graphql")).await;
    let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) {
        appointment { title } } }";
    let payload = json!({ "query": query, "variables": { "input": booking("it", "10:00-11:00") } });
    follower.say(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    let answer = follower.hear().await.unwrap();
    let made = &answer["payload"]["data"]["createAppointment"]["appointment"];
    assert_eq!(made["title"], "it", "{answer}");
}

#[tokio::test]
async fn a_stop_answers_what_was_asked() {
    let world = World::new().await;
    let client = reqwest::Client::new();
    let url = world.url("/graphql");
    let sent = (0..50).map(|_| {
        let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) {
            appointment { id } } }";
        let input = serde_json::json!({ "title": "it", "startsAt": "2026-11-23T10:00:00Z",
            "endsAt": "2026-11-23T11:00:00Z", "id": new_id() });
        let body = json!({ "query": query, "variables": { "input": input } });
        client.post(&url).json(&body).send()
    });
    let answers = futures_util::future::join_all(sent);
    let (answers, world) = tokio::join!(answers, async {
        // Some have been taken by now, some have not; the socket of a follower does not hold it up.
        let _follower = world.follow(json!({})).await;
        world.restarted().await
    });
    let mut answered = 0;
    for answer in answers.into_iter().flatten() {
        let answer: Value = answer.json().await.unwrap();
        let id = answer["data"]["createAppointment"]["appointment"]["id"].clone();
        let found =
            world.ask("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(found["node"]["id"], id);
        answered += 1;
    }
    assert!(answered > 0 && world.revision().await >= answered);
}
