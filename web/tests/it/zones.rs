//! Zones: days are as long as they are, wherever one looks from.

use serde_json::{Value, json};

use crate::browser::Window;
use crate::world::World;

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

/// Looks by the clocks of a zone.
async fn looks_from(page: &Window, zone: &str) {
    let script = "const it = document.getElementById('zone'); it.value = arguments[0];
        it.dispatchEvent(new Event('change', {bubbles: true}))";
    page.run(script, vec![zone.into()]).await;
    page.until(&format!("return document.getElementById('zone').value === '{zone}'")).await;
}

/// What is wrong in a week: a label that does not say what clocks in that zone show there, a column that is not as high as its
/// day is long.
async fn wrong(page: &Window, zone: &str) -> Value {
    let script = "const zone = arguments[0], wrong = [], clock = new Intl.DateTimeFormat('en-GB',
            {timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23'});
        const offset = at => {
            const parts = new Intl.DateTimeFormat('en-US', {timeZone: zone, timeZoneName: 'longOffset'}).format(at).split('GMT')[1];
            const [hours, minutes] = (parts || '+0:0').slice(1).split(':').map(Number);
            return (parts?.startsWith('-') ? -1 : 1) * (hours * 60 + (minutes || 0));
        };
        const hour = parseFloat(getComputedStyle(document.documentElement).fontSize) * 3;
        const axis = document.querySelector('.scrolls > .hours');
        for (const day of document.querySelectorAll('.day')) {
            const minutes = Number(day.dataset.minutes), utc = Date.parse(day.dataset.day + 'T00:00Z');
            if (Math.abs(day.getBoundingClientRect().height - minutes / 60 * hour) > 1) wrong.push([day.dataset.day, 'height']);
            const start = utc - offset(utc - 86_400_000) * 60_000;
            let labels = [...day.querySelectorAll('.hours.own span')], of = minutes;
            if (labels.length === 0) { labels = [...axis.children]; of = 1440; }
            if (labels.length < 23) wrong.push([day.dataset.day, labels.length]);
            for (const label of labels) {
                const at = start + Math.round(parseFloat(label.style.top) / 100 * of) * 60_000;
                if (clock.format(at) !== label.textContent) wrong.push([day.dataset.day, label.textContent, clock.format(at)]);
            }
        }
        return wrong";
    page.run(script, vec![zone.into()]).await
}

#[tokio::test]
async fn every_day_has_its_hours_and_every_label_is_right() {
    let Some(world) = World::within("America/New_York").await else { return };
    for (zone, day, minutes) in [
        ("Europe/Berlin", "2026-03-29", 23_u32 * 60),
        ("Europe/Vienna", "2026-10-25", 25 * 60),
        ("Australia/Lord_Howe", "2026-04-05", 24 * 60 + 30),
        ("Australia/Adelaide", "2026-11-24", 24 * 60),
    ] {
        let page = world.window_at(day).await;
        looks_from(&page, zone).await;
        page.until(&format!(
            "return document.querySelector(`.day[data-day='{day}']`).dataset.minutes === '{minutes}'"
        ))
        .await;
        assert_eq!(wrong(&page, zone).await, json!([]), "{zone}");
        page.picture(&format!("hours-{}", zone.rsplit('/').next().unwrap_or_default())).await;
        // Alone, its hours are those of the axis.
        page.click("#view-day").await;
        page.until("return document.querySelectorAll('.day').length === 1").await;
        let labels = "return document.querySelectorAll('.scrolls > .hours span').length";
        assert_eq!(page.run(labels, Vec::new()).await, minutes / 60, "{zone}");
        page.ends_well().await;
    }
    world.end().await;
}

#[tokio::test]
async fn what_is_written_is_meant_where_one_looks_from() {
    let Some(world) = World::within("America/New_York").await else { return };
    let page = world.window_at("2026-04-05").await;
    looks_from(&page, "Australia/Lord_Howe").await;
    // After clocks went back by half an hour, at two o'clock.
    page.create("Breakfast", "2026-04-05T08:00", "2026-04-05T09:00").await;
    page.shows("Breakfast").await;
    check(drawn(&page, "Breakfast").await, "08:00–09:00", "2026-04-05", 8 * 60 + 30);
    let range = r#"{ start: "2026-04-01T00:00:00Z", end: "2026-04-30T00:00:00Z" }"#;
    let query = format!(
        "{{ appointmentsInRange(range: {range}) {{ appointments {{ startsAt timeZone }} }} }}"
    );
    let there = world.ask(&query).await;
    let it = &there["data"]["appointmentsInRange"]["appointments"][0];
    assert_eq!(
        *it,
        json!({ "startsAt": "2026-04-04T21:30:00Z", "timeZone": "Australia/Lord_Howe" })
    );
    looks_from(&page, "America/New_York").await;
    page.until(
        "return document.querySelector('.day .appointment span')?.textContent !== '08:00–09:00'",
    )
    .await;
    check(drawn(&page, "Breakfast").await, "17:30–18:30", "2026-04-04", 17 * 60 + 30);

    // Days without a midnight, and a day that was none.
    for (zone, day, minutes) in
        [("America/Sao_Paulo", "2018-11-04", 23 * 60), ("Pacific/Apia", "2011-12-30", 0)]
    {
        looks_from(&page, zone).await;
        let jump = "const it = document.getElementById('date'); it.value = arguments[0];
            it.dispatchEvent(new Event('change', {bubbles: true}))";
        page.run(jump, vec![day.into()]).await;
        page.until(&format!(
            "return document.querySelector(`.day[data-day='{day}']`)?.dataset.minutes === '{minutes}'"
        ))
        .await;
    }

    // The present is where it is there.
    looks_from(&page, "Pacific/Kiritimati").await;
    page.click("#today").await;
    let present = "const now = document.querySelector('.now'); if (!now) return false;
        const day = now.parentElement, parts = Object.fromEntries(new Intl.DateTimeFormat('en-GB', {timeZone: 'Pacific/Kiritimati',
            year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23'})
            .formatToParts(Date.now()).map(it => [it.type, it.value]));
        const minute = parseFloat(now.style.top) / 100 * day.dataset.minutes;
        return day.dataset.day === `${parts.year}-${parts.month}-${parts.day}`
            && Math.abs(minute - parts.hour * 60 - parts.minute) <= 1";
    page.until(present).await;
    // It is kept for the next time.
    page.client.refresh().await.unwrap();
    page.is_live().await;
    page.until("return document.getElementById('zone').value === 'Pacific/Kiritimati'").await;
    page.client.close().await.unwrap();
    world.end().await;
}
