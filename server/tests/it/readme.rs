//! Runs the commands and queries of the README.

use serde_json::{Value, json};

use crate::world::{Subscription, World, text};

const README: &str = include_str!("../../../README.md");

/// Returns the README's code blocks of one language.
fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    README.split("\n```").filter_map(move |it| it.strip_prefix(language)?.strip_prefix('\n'))
}

#[tokio::test]
async fn the_commands_of_the_readme_work() {
    let world = World::new().await;
    let quoted = |after| move |it: &'static str| it.split_once(after)?.1.split('\'').next();
    let bodies = || blocks("sh").filter_map(quoted("-d '"));
    assert_eq!(bodies().count(), 3);
    let mut made = Value::Null;
    for body in bodies().chain(bodies()) {
        let body: Value = serde_json::from_str(body).expect("a JSON body");
        let data = world.query(&text(&body["query"]), json!({})).await;
        if let Some(payload) = data.get("createAppointment") {
            assert_eq!(payload["error"], Value::Null);
            assert!(made.is_null() || made == *payload, "a repeated command creates nothing");
            made = payload.clone();
        }
    }
    assert_eq!(world.revision().await, 1);
    let scripts: Vec<_> =
        blocks("graphql").chain(blocks("js").filter_map(quoted("query = '"))).collect();
    assert_eq!(scripts.len(), 2);
    for query in scripts {
        let mut subscription = Subscription::connect(&world.url("/graphql")).await;
        let payload = json!({ "query": query });
        subscription.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        let message = subscription.receive().await.unwrap();
        let event = &message["payload"]["data"]["appointmentChanges"];
        assert_eq!(event["appointment"]["title"], "Dentist", "{query}");
    }
}
