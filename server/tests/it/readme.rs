//! What the README tells a newcomer to paste is pasted.

use serde_json::{Value, json};

use crate::world::{Follower, World, text};

const README: &str = include_str!("../../../README.md");

/// The blocks of one language.
fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    README.split("\n```").filter_map(move |it| it.strip_prefix(language)?.strip_prefix('\n'))
}

#[tokio::test]
async fn the_tour() {
    let world = World::new().await;
    let quoted = |after| move |it: &'static str| it.split_once(after)?.1.split('\'').next();
    let bodies = || blocks("sh").filter_map(quoted("-d '"));
    assert_eq!(bodies().count(), 3);
    let mut made = Value::Null;
    for body in bodies().chain(bodies()) {
        let body: Value = serde_json::from_str(body).expect("what curl sends");
        let data = world.ask(&text(&body["query"]), json!({})).await;
        if let Some(payload) = data.get("createAppointment") {
            assert_eq!(payload["error"], Value::Null);
            assert!(made.is_null() || made == *payload, "pasted again, it is not done again");
            made = payload.clone();
        }
    }
    assert_eq!(world.revision().await, 1);
    let scripts: Vec<_> =
        blocks("graphql").chain(blocks("js").filter_map(quoted("query = '"))).collect();
    assert_eq!(scripts.len(), 2);
    for query in scripts {
        let mut follower = Follower::connected(&world.url("/graphql")).await;
        let payload = json!({ "query": query });
        follower.say(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        let told = follower.hear().await.unwrap();
        let told = &told["payload"]["data"]["appointmentChanges"];
        assert_eq!(told["appointment"]["title"], "Dentist", "{query}");
    }
}
