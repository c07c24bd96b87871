//! GraphiQL, without anything from elsewhere: it asks, and it follows.

use crate::world::World;

#[tokio::test]
async fn graphiql_asks_and_follows() {
    let Some(world) = World::new().await else { return };
    world.somebody("Dentist", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z").await;
    let page = world.open("/graphiql").await;
    page.find(".graphiql-execute-button").await;
    page.picture("graphiql").await;
    // It begins with two operations, so it asks which; the first shows the calendar.
    let follow =
        "subscription { appointmentChanges(after: 0) { kind revision appointment { title } } }";
    for (query, expected) in [
        ("{ calendar { name } }", "\"Calendar\""),
        (follow, "\"BOOKMARK\""),
        ("{ nothing }", "VALIDATION_FAILED"),
    ] {
        let page = world.open(&format!("/graphiql?query={}", query.replace(' ', "+"))).await;
        page.click(".graphiql-execute-button").await;
        let seen = format!(
            "return document.querySelector('.result-window')?.innerText.includes({expected:?}) ?? false"
        );
        page.until(&seen).await;
        page.ends_well().await;
    }
    page.ends_well().await;
    world.end().await;
}
