//! How it looks: side by side, in other zones, and to those who do not see it.

use std::path::Path;

use serde_json::Value;

use crate::browser::{Look, Window, missing};
use crate::world::{WEEK, World};

/// The hours that are shown of an appointment, its column, and after how many minutes of that day it begins.
async fn drawn(page: &Window, title: &str) -> (String, String, i64) {
    let script = "const it = [...document.querySelectorAll('.day .appointment')]
        .find(it => it.querySelector('strong').textContent === arguments[0]);
        return [it.querySelector('span').textContent, it.parentElement.dataset.day,
            Math.round(parseFloat(it.style.top) / 100 * it.parentElement.dataset.minutes)]";
    let drawn = page.run(script, vec![title.into()]).await;
    let text = |at: usize| drawn[at].as_str().unwrap_or_default().to_owned();
    (text(0), text(1), drawn[2].as_i64().unwrap_or(-1))
}

#[track_caller]
fn check(drawn: (String, String, i64), hours: &str, day: &str, minute: i64) {
    assert_eq!(drawn, (hours.to_owned(), day.to_owned(), minute));
}

#[tokio::test]
async fn a_week_in_which_clocks_change() {
    // Clocks go back on the 1st of November, at 06:00 UTC.
    let Some(world) = World::within("America/New_York").await else { return };
    world.somebody("First", "2026-11-01T05:30:00Z", "2026-11-01T05:45:00Z").await;
    world.somebody("Again", "2026-11-01T06:30:00Z", "2026-11-01T07:30:00Z").await;
    world.somebody("Late", "2026-11-02T04:00:00Z", "2026-11-02T05:00:00Z").await;
    // And forward on the 8th of March, at 07:00 UTC.
    world.somebody("Spring", "2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z").await;
    let page = world.window_at("2026-10-26").await;
    page.shows("Again First Late").await;
    check(drawn(&page, "First").await, "01:30–01:45", "2026-11-01", 90);
    check(drawn(&page, "Again").await, "01:30–02:30", "2026-11-01", 150);
    check(drawn(&page, "Late").await, "23:00–00:00", "2026-11-01", 24 * 60);
    page.create("Mine", "2026-11-01T12:00", "2026-11-01T13:00").await;
    page.shows("Again First Late Mine").await;
    let range = r#"{ start: "2026-11-01T16:30:00Z", end: "2026-11-01T18:00:00Z" }"#;
    let query = format!(
        "{{ appointmentsInRange(range: {range}) {{ appointments {{ title startsAt timeZone }} }} }}"
    );
    let there = world.ask(&query).await;
    let mine = &there["data"]["appointmentsInRange"]["appointments"][0];
    assert_eq!(mine["startsAt"], "2026-11-01T17:00:00Z", "{there}");
    assert_eq!(mine["timeZone"], "America/New_York");
    page.ends_well().await;
    let page = world.window_at("2026-03-02").await;
    page.shows("Spring").await;
    check(drawn(&page, "Spring").await, "01:30–03:30", "2026-03-08", 90);
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn what_overlaps_stands_side_by_side() {
    let Some(world) = World::new().await else { return };
    for (title, start, end) in [("A", "09", "11"), ("B", "10", "12"), ("C", "12", "13")] {
        let at = |hour: &str| format!("2026-11-24T{hour}:00:00Z");
        world.somebody(title, &at(start), &at(end)).await;
    }
    let page = world.window().await;
    page.shows("A B C").await;
    let overlap = "const boxes = [...document.querySelectorAll('.day .appointment')].map(it => it.getBoundingClientRect());
        return boxes.some((a, i) => boxes.some((b, j) => i < j && a.left < b.right - 1 && b.left < a.right - 1
            && a.top < b.bottom - 1 && b.top < a.bottom - 1))";
    assert_eq!(page.run(overlap, Vec::new()).await, false);
    page.ends_well().await;
    world.end().await;
}

/// What axe-core finds wrong, by its rules' names.
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
async fn nobody_is_left_out() {
    let Some(world) = World::new().await else { return };
    for (title, start, end) in [
        ("Team meeting", "2026-11-23T09:00:00Z", "2026-11-23T10:30:00Z"),
        ("Interview", "2026-11-24T08:30:00Z", "2026-11-24T09:30:00Z"),
        ("Lunch with Alice", "2026-11-24T11:00:00Z", "2026-11-24T12:00:00Z"),
        ("Review", "2026-11-24T11:30:00Z", "2026-11-24T13:00:00Z"),
        ("Dentist", "2026-11-26T14:00:00Z", "2026-11-26T14:45:00Z"),
    ] {
        world.somebody(title, start, end).await;
    }
    let url = format!("http://{}/?view=week&date={WEEK}", world.line.address);
    for (name, size, is_dark) in [
        ("week", (1280, 900), false),
        ("week-dark", (1280, 900), true),
        ("phone", (390, 844), false),
    ] {
        let page = world.browser.window(&url, Look { size, is_dark, ..Look::default() }).await;
        page.is_live().await;
        page.find(".appointment").await;
        assert_eq!(violations(&page).await, Value::Array(Vec::new()), "{name}");
        page.picture(name).await;
        for view in ["month", "agenda"] {
            page.click(&format!("#view-{view}")).await;
            page.find(&format!(".{view} .appointment")).await;
            assert_eq!(violations(&page).await, Value::Array(Vec::new()), "{view} of {name}");
            page.picture(&format!("{name}-{view}").replace("week-", "")).await;
        }
        page.click("#new").await;
        page.click("#save").await;
        page.find("[aria-invalid]").await;
        assert_eq!(violations(&page).await, Value::Array(Vec::new()), "the dialog of {name}");
        page.ends_well().await;
    }
    world.end().await;
}
