//! GraphiQL works without files from other sites.

use crate::world::World;

#[tokio::test]
async fn graphiql_runs_queries_and_subscriptions() {
    let Some(world) = World::new().await else { return };
    world.create_appointment("Dentist", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z").await;
    let page = world.open_path("/graphiql").await;
    page.find(".graphiql-execute-button").await;
    page.take_picture("graphiql").await;
    // The page starts with two operations, so it asks which one to run.
    let follow =
        "subscription { appointmentChanges(after: 0) { kind revision appointment { title } } }";
    for (query, expected) in [
        ("{ calendar { name } }", "\"Calendar\""),
        (follow, "\"BOOKMARK\""),
        ("{ nothing }", "VALIDATION_FAILED"),
    ] {
        let page = world.open_path(&format!("/graphiql?query={}", query.replace(' ', "+"))).await;
        page.click(".graphiql-execute-button").await;
        let seen = format!(
            "return document.querySelector('.result-window')
                ?.innerText.includes({expected:?}) ?? false"
        );
        page.wait_until(&seen).await;
        page.expect_no_errors().await;
    }
    page.expect_no_errors().await;
    world.stop().await;
}
