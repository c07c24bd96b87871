//! Time zones: days with a clock change, and the choice of a zone.

use serde_json::{Value, json};

use crate::browser::Window;
use crate::world::World;

/// Returns an appointment's formatted time, its day, and the minute at which it is drawn.
async fn drawn_time(page: &Window, title: &str) -> (String, String, i64) {
    let script = "const it = [...document.querySelectorAll('.day .appointment')]
        .find(it => it.querySelector('strong').textContent === arguments[0]);
        return [it.querySelector('span').textContent, it.parentElement.dataset.day,
            Math.round(parseFloat(it.style.top) / 100 * it.parentElement.dataset.minutes)]";
    let drawn = page.run(script, vec![title.into()]).await;
    let text = |at: usize| drawn[at].as_str().unwrap_or_default().to_owned();
    (text(0), text(1), drawn[2].as_i64().unwrap_or(-1))
}

#[track_caller]
fn expect_drawn(drawn: (String, String, i64), hours: &str, day: &str, minute: i64) {
    assert_eq!(drawn, (hours.to_owned(), day.to_owned(), minute));
}

#[tokio::test]
async fn appointments_are_placed_right_in_a_week_with_a_clock_change() {
    // Clocks go back on 1 November, at 06:00 UTC.
    let Some(world) = World::in_zone("America/New_York").await else { return };
    world.create_appointment("First", "2026-11-01T05:30:00Z", "2026-11-01T05:45:00Z").await;
    world.create_appointment("Again", "2026-11-01T06:30:00Z", "2026-11-01T07:30:00Z").await;
    world.create_appointment("Late", "2026-11-02T04:00:00Z", "2026-11-02T05:00:00Z").await;
    // Clocks go forward on 8 March, at 07:00 UTC.
    world.create_appointment("Spring", "2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z").await;
    let page = world.window_at("2026-10-26").await;
    page.expect_appointments("Again First Late").await;
    expect_drawn(drawn_time(&page, "First").await, "01:30–01:45", "2026-11-01", 90);
    expect_drawn(drawn_time(&page, "Again").await, "01:30–02:30", "2026-11-01", 150);
    expect_drawn(drawn_time(&page, "Late").await, "23:00–00:00", "2026-11-01", 24 * 60);
    page.create("Mine", "2026-11-01T12:00", "2026-11-01T13:00").await;
    page.expect_appointments("Again First Late Mine").await;
    let range = r#"{ start: "2026-11-01T16:30:00Z", end: "2026-11-01T18:00:00Z" }"#;
    let query = format!(
        "{{ appointmentsInRange(range: {range}) {{ appointments {{ title startsAt timeZone }} }} }}"
    );
    let there = world.query(&query).await;
    let mine = &there["data"]["appointmentsInRange"]["appointments"][0];
    assert_eq!(mine["startsAt"], "2026-11-01T17:00:00Z", "{there}");
    assert_eq!(mine["timeZone"], "America/New_York");
    page.expect_no_errors().await;
    let page = world.window_at("2026-03-02").await;
    page.expect_appointments("Spring").await;
    expect_drawn(drawn_time(&page, "Spring").await, "01:30–03:30", "2026-03-08", 90);
    page.expect_no_errors().await;
    world.stop().await;
}

/// Chooses a time zone.
async fn set_zone(page: &Window, zone: &str) {
    let script = "const it = document.getElementById('zone'); it.value = arguments[0];
        it.dispatchEvent(new Event('change', {bubbles: true}))";
    page.run(script, vec![zone.into()]).await;
    page.wait_until(&format!("return document.getElementById('zone').value === '{zone}'")).await;
}

/// Returns what is wrong in a week: hour labels that do not match the wall clock, and columns that
/// do not match the length of their day.
async fn wrong_labels(page: &Window, zone: &str) -> Value {
    let script = "const zone = arguments[0], wrong = [], clock = new Intl.DateTimeFormat('en-GB',
            {timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23'});
        const offset = at => {
            const parts = new Intl.DateTimeFormat('en-US',
                {timeZone: zone, timeZoneName: 'longOffset'})
                .format(at).split('GMT')[1];
            const [hours, minutes] = (parts || '+0:0').slice(1).split(':').map(Number);
            return (parts?.startsWith('-') ? -1 : 1) * (hours * 60 + (minutes || 0));
        };
        const hour = parseFloat(getComputedStyle(document.documentElement).fontSize) * 3;
        const axis = document.querySelector('.scrolls > .hours');
        for (const day of document.querySelectorAll('.day')) {
            const minutes = Number(day.dataset.minutes);
            const utc = Date.parse(day.dataset.day + 'T00:00Z');
            if (Math.abs(day.getBoundingClientRect().height - minutes / 60 * hour) > 1)
                wrong.push([day.dataset.day, 'height']);
            const start = utc - offset(utc - 86_400_000) * 60_000;
            let labels = [...day.querySelectorAll('.hours.own span')], of = minutes;
            if (labels.length === 0) { labels = [...axis.children]; of = 1440; }
            if (labels.length < 23) wrong.push([day.dataset.day, labels.length]);
            for (const label of labels) {
                const at = start + Math.round(parseFloat(label.style.top) / 100 * of) * 60_000;
                if (clock.format(at) !== label.textContent)
                    wrong.push([day.dataset.day, label.textContent, clock.format(at)]);
            }
        }
        return wrong";
    page.run(script, vec![zone.into()]).await
}

#[tokio::test]
async fn columns_and_hour_labels_match_the_length_of_the_day() {
    let Some(world) = World::in_zone("America/New_York").await else { return };
    for (zone, day, minutes) in [
        ("Europe/Berlin", "2026-03-29", 23_u32 * 60),
        ("Europe/Vienna", "2026-10-25", 25 * 60),
        ("Australia/Lord_Howe", "2026-04-05", 24 * 60 + 30),
        ("Australia/Adelaide", "2026-11-24", 24 * 60),
    ] {
        let page = world.window_at(day).await;
        set_zone(&page, zone).await;
        page.wait_until(&format!(
            "return document.querySelector(`.day[data-day='{day}']`)
                .dataset.minutes === '{minutes}'"
        ))
        .await;
        assert_eq!(wrong_labels(&page, zone).await, json!([]), "{zone}");
        page.take_picture(&format!("hours-{}", zone.rsplit('/').next().unwrap_or_default())).await;
        // In the day view the axis has the hours of that day.
        page.click("#view-day").await;
        page.expect_count(".day", 1).await;
        let labels = "return document.querySelectorAll('.scrolls > .hours span').length";
        assert_eq!(page.run(labels, Vec::new()).await, minutes / 60, "{zone}");
        page.expect_no_errors().await;
    }
    world.stop().await;
}

#[tokio::test]
async fn times_in_the_form_are_in_the_chosen_zone() {
    let Some(world) = World::in_zone("America/New_York").await else { return };
    let page = world.window_at("2026-04-05").await;
    set_zone(&page, "Australia/Lord_Howe").await;
    // At 02:00 the clock goes back by half an hour.
    page.create("Breakfast", "2026-04-05T08:00", "2026-04-05T09:00").await;
    page.expect_appointments("Breakfast").await;
    expect_drawn(drawn_time(&page, "Breakfast").await, "08:00–09:00", "2026-04-05", 8 * 60 + 30);
    let range = r#"{ start: "2026-04-01T00:00:00Z", end: "2026-04-30T00:00:00Z" }"#;
    let query = format!(
        "{{ appointmentsInRange(range: {range}) {{ appointments {{ startsAt timeZone }} }} }}"
    );
    let there = world.query(&query).await;
    let it = &there["data"]["appointmentsInRange"]["appointments"][0];
    assert_eq!(
        *it,
        json!({ "startsAt": "2026-04-04T21:30:00Z", "timeZone": "Australia/Lord_Howe" })
    );
    set_zone(&page, "America/New_York").await;
    page.wait_until(
        "return document.querySelector('.day .appointment span')?.textContent !== '08:00–09:00'",
    )
    .await;
    expect_drawn(drawn_time(&page, "Breakfast").await, "17:30–18:30", "2026-04-04", 17 * 60 + 30);

    // Days without a midnight, and a day that was skipped.
    for (zone, day, minutes) in
        [("America/Sao_Paulo", "2018-11-04", 23 * 60), ("Pacific/Apia", "2011-12-30", 0)]
    {
        set_zone(&page, zone).await;
        let jump = "const it = document.getElementById('date'); it.value = arguments[0];
            it.dispatchEvent(new Event('change', {bubbles: true}))";
        page.run(jump, vec![day.into()]).await;
        page.wait_until(&format!(
            "return document.querySelector(`.day[data-day='{day}']`)
                ?.dataset.minutes === '{minutes}'"
        ))
        .await;
    }

    // The line of the current time is right in the chosen zone.
    set_zone(&page, "Pacific/Kiritimati").await;
    page.click("#today").await;
    let present = "const now = document.querySelector('.now'); if (!now) return false;
        const day = now.parentElement;
        const parts = Object.fromEntries(new Intl.DateTimeFormat('en-GB',
            {timeZone: 'Pacific/Kiritimati',
            year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit',
            minute: '2-digit', hourCycle: 'h23'})
            .formatToParts(Date.now()).map(it => [it.type, it.value]));
        const minute = parseFloat(now.style.top) / 100 * day.dataset.minutes;
        return day.dataset.day === `${parts.year}-${parts.month}-${parts.day}`
            && Math.abs(minute - parts.hour * 60 - parts.minute) <= 1";
    page.wait_until(present).await;
    // The zone is saved for the next visit.
    page.client.refresh().await.unwrap();
    page.expect_live().await;
    page.expect_value("#zone", "Pacific/Kiritimati").await;
    page.client.close().await.unwrap();
    world.stop().await;
}
