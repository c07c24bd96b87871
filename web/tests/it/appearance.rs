//! Appearance: overlapping appointments, languages, and accessibility.

use std::path::Path;

use serde_json::Value;

use crate::browser::{Look, Window, missing};
use crate::world::{WEEK, World};

#[tokio::test]
async fn overlapping_appointments_are_side_by_side() {
    let Some(world) = World::new().await else { return };
    for (title, start, end) in [("A", "09", "11"), ("B", "10", "12"), ("C", "12", "13")] {
        let at = |hour: &str| format!("2026-11-24T{hour}:00:00Z");
        world.create_appointment(title, &at(start), &at(end)).await;
    }
    let page = world.window().await;
    page.expect_appointments("A B C").await;
    let overlap = "const boxes = [...document.querySelectorAll('.day .appointment')]
            .map(it => it.getBoundingClientRect());
        return boxes.some((a, i) => boxes.some((b, j) => i < j
            && a.left < b.right - 1 && b.left < a.right - 1
            && a.top < b.bottom - 1 && b.top < a.bottom - 1))";
    assert_eq!(page.run(overlap, Vec::new()).await, false);
    page.expect_no_errors().await;
    world.stop().await;
}

/// Returns the rules that axe-core finds violated.
async fn violations(page: &Window) -> Value {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/axe-core/axe.min.js");
    let Ok(axe) = std::fs::read_to_string(axe) else {
        missing("axe-core is not installed (npm ci in web)");
        return Value::Array(Vec::new());
    };
    page.run(&axe, Vec::new()).await;
    let script = "const done = arguments[0]; axe.run().then(it =>
        done(it.violations.map(it => [it.id, ...it.nodes.map(it => it.html)])))";
    page.client.execute_async(script, Vec::new()).await.unwrap()
}

#[tokio::test]
async fn axe_finds_no_accessibility_violations() {
    let Some(world) = World::new().await else { return };
    for (title, start, end) in [
        ("Team meeting", "2026-11-23T09:00:00Z", "2026-11-23T10:30:00Z"),
        ("Interview", "2026-11-24T08:30:00Z", "2026-11-24T09:30:00Z"),
        ("Lunch with Alice", "2026-11-24T11:00:00Z", "2026-11-24T12:00:00Z"),
        ("Review", "2026-11-24T11:30:00Z", "2026-11-24T13:00:00Z"),
        ("Dentist", "2026-11-26T14:00:00Z", "2026-11-26T14:45:00Z"),
    ] {
        world.create_appointment(title, start, end).await;
    }
    let url = format!("http://{}/?view=week&date={WEEK}", world.proxy.address());
    for (name, size, is_dark) in [
        ("week", (1280, 900), false),
        ("week-dark", (1280, 900), true),
        ("phone", (390, 844), false),
        ("small", (360, 640), true),
        ("large", (2560, 1440), false),
    ] {
        let page = world.browser.window(&url, Look { size, is_dark, ..Look::default() }).await;
        page.expect_live().await;
        page.find(".appointment").await;
        assert_eq!(violations(&page).await, Value::Array(Vec::new()), "{name}");
        page.take_picture(name).await;
        for view in ["month", "agenda"] {
            page.click(&format!("#view-{view}")).await;
            page.find(&format!(".{view} .appointment")).await;
            assert_eq!(violations(&page).await, Value::Array(Vec::new()), "{view} of {name}");
            page.take_picture(&format!("{name}-{view}").replace("week-", "")).await;
        }
        page.click("#new").await;
        page.click("#save").await;
        page.find("[aria-invalid]").await;
        assert_eq!(violations(&page).await, Value::Array(Vec::new()), "the dialog of {name}");
        page.expect_no_errors().await;
    }
    world.stop().await;
}

#[tokio::test]
async fn the_page_uses_the_language_and_formats_of_the_browser() {
    let Some(world) = World::new().await else { return };
    world.make_strict().await;
    world.create_appointment("Zahnarzt", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let url = format!("http://{}/?view=week&date={WEEK}", world.proxy.address());
    let look = |language| Look { language, ..Look::default() };
    let page = world.browser.window(&url, look("de-AT")).await;
    page.expect_live().await;
    page.expect_text("#when", "23.–29. November 2026").await;
    page.wait_until("return document.documentElement.lang === 'de'").await;
    page.expect_text("#new", "Neuer Termin").await;
    page.expect_text(".day-head h2", "Mo., 23.").await;
    page.create("Friseur", "2026-11-24T09:30", "2026-11-24T10:30").await;
    page.expect_toast(
        "„Friseur“ konnte nicht gespeichert werden: \
         Di., 24. Nov., 09:00–10:00 ist schon mit „Zahnarzt“ belegt.",
    )
    .await;
    page.expect_text(".toast .act", "Stattdessen 10:00–11:00 buchen").await;
    page.take_picture("german").await;
    page.expect_no_errors().await;

    // In the United States weeks begin on Sunday, and the clock has 12 hours.
    let page = world.browser.window(&url, look("en-US")).await;
    page.expect_live().await;
    page.expect_text(".day-head h2", "Sun 22").await;
    page.expect_text(".appointment span", "9:00 am–10:00 am").await;
    page.wait_until("return document.getElementById('when').textContent.startsWith('November 22')")
        .await;
    page.expect_no_errors().await;

    // Any other language becomes British English.
    let page = world.browser.window(&url, look("fr-FR")).await;
    page.expect_live().await;
    page.expect_text(".day-head h2", "Mon 23").await;
    page.expect_no_errors().await;
    world.stop().await;
}
