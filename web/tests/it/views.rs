//! Where one is: views, days, and calendars side by side; and the address, which says it.

use serde_json::Value;

use crate::browser::Window;
use crate::world::World;

/// What stands on a day, in its order: `09:00 Dentist`.
async fn on(page: &Window, day: &str) -> String {
    let script = "return [...document.querySelectorAll(`[data-day='${arguments[0]}'] .appointment`)].map(it =>
        it.querySelector('span').textContent + ' ' + it.querySelector('strong').textContent).join(', ')";
    text(page.run(script, vec![day.into()]).await)
}

async fn address(page: &Window) -> String {
    text(page.run("return location.search", Vec::new()).await)
}

fn text(value: Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_month_a_day_and_a_list() {
    let Some(world) = World::new().await else { return };
    for hour in 8..14 {
        let at = |hour: i32| format!("2026-11-24T{hour:02}:00:00Z");
        world.somebody(&format!("No {hour}"), &at(hour), &at(hour + 1)).await;
    }
    let holiday = r#"title: "Holiday", allDay: true, timeZone: "Europe/Vienna",
        startsAt: "2026-11-25T23:00:00Z", endsAt: "2026-11-27T23:00:00Z""#;
    world.somebody_creates(holiday).await;
    world.somebody("Dentist", "2026-11-26T09:00:00Z", "2026-11-26T10:00:00Z").await;
    world.somebody("Night", "2026-11-27T21:00:00Z", "2026-11-28T05:00:00Z").await;
    let page = world.window().await;
    page.find(".day-head .appointment").await;

    page.click("#view-month").await;
    page.find(".month .more").await;
    assert_eq!(address(&page).await, "?view=month&date=2026-11-23");
    assert_eq!(on(&page, "2026-11-24").await, "09:00 No 8, 10:00 No 9, 11:00 No 10");
    assert_eq!(on(&page, "2026-11-26").await, "all day Holiday, 10:00 Dentist");
    assert_eq!(on(&page, "2026-11-27").await, "all day Holiday, 22:00 Night");
    assert_eq!(on(&page, "2026-11-28").await, "until 06:00 Night");
    let cells = page.run("return document.querySelectorAll('td').length", Vec::new()).await;
    assert_eq!(cells, 42);
    // What somebody else does is seen here as well.
    world.somebody("Lunch", "2026-11-26T11:00:00Z", "2026-11-26T12:00:00Z").await;
    page.until(
        "return document.querySelectorAll(`[data-day='2026-11-26'] .appointment`).length === 3",
    )
    .await;

    // What there is no room for is a click away, and the way back is the browser's.
    page.until("return document.querySelector('.more').textContent === '+3 more'").await;
    page.click(".more").await;
    page.shows("No 10 No 11 No 12 No 13 No 8 No 9").await;
    assert_eq!(address(&page).await, "?view=day&date=2026-11-24");
    page.until(
        "return document.getElementById('when').textContent === 'Tuesday, 24 November 2026'",
    )
    .await;
    page.click("#forward").await;
    page.click("#forward").await;
    page.shows("Dentist Lunch").await;
    for _ in 0..3 {
        page.client.back().await.unwrap();
    }
    page.find(".month .more").await;

    page.click("#view-agenda").await;
    page.find(".agenda section").await;
    assert_eq!(
        on(&page, "2026-11-26").await,
        "all day Holiday, 10:00–11:00 Dentist, 12:00–13:00 Lunch"
    );
    let days =
        "return [...document.querySelectorAll('.agenda h2')].map(it => it.textContent).join()";
    let days = text(page.run(days, Vec::new()).await);
    assert_eq!(
        days,
        "Tuesday 24 November,Thursday 26 November,Friday 27 November,Saturday 28 November"
    );
    page.open("Lunch").await;
    page.click("#delete-it").await;
    page.until(
        "return document.querySelectorAll(`[data-day='2026-11-26'] .appointment`).length === 2",
    )
    .await;
    page.click("#forward").await;
    page.until("return document.querySelector('.agenda p')?.textContent === 'Nothing is planned in this month.'").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn any_day_can_be_gone_to() {
    let Some(world) = World::new().await else { return };
    world.somebody("Later", "2027-05-05T09:00:00Z", "2027-05-05T10:00:00Z").await;
    let page = world.window().await;
    let jump = "const it = document.getElementById('date'); it.value = '2027-05-05';
        it.dispatchEvent(new Event('change', {bubbles: true}))";
    page.run(jump, Vec::new()).await;
    page.shows("Later").await;
    assert_eq!(address(&page).await, "?view=week&date=2027-05-05");
    page.ends_well().await;

    // A link leads there; on a click in a month's cell it is asked what is to be there.
    let page = world.window_to("?view=month&date=2027-05-05").await;
    page.until("return document.querySelectorAll('.month .appointment').length === 1").await;
    let click = "document.querySelector(`[data-day='2027-05-07']`).click()";
    page.run(click, Vec::new()).await;
    page.until("return document.getElementById('startsAt')?.value === '2027-05-07T09:00'").await;
    page.click("#close-it").await;
    // Far from today something new is meant for the day that one looks at.
    page.click("#new").await;
    page.until("return document.getElementById('startsAt')?.value === '2027-05-05T09:00'").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn calendars_side_by_side() {
    let Some(world) = World::new().await else { return };
    let team = world.calendar("Team", "#aa3300").await;
    world.somebody("Mine", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z").await;
    world.somebody_in(&team, "Ours", "2026-11-24T09:30:00Z", "2026-11-24T10:30:00Z").await;
    let page = world.window().await;
    page.shows("Mine Ours").await;
    let colors = "return [...document.querySelectorAll('.day .appointment')].map(it =>
        getComputedStyle(it).borderLeftColor).includes('rgb(170, 51, 0)')";
    page.until(colors).await;

    // A new one goes where it is said to.
    page.click("#new").await;
    page.write("title", "Standup").await;
    page.write("startsAt", "2026-11-25T09:00").await;
    page.write("endsAt", "2026-11-25T09:30").await;
    let choose = "const it = document.getElementById('calendar');
        it.value = [...it.options].find(it => it.text === arguments[0]).value;
        it.dispatchEvent(new Event('change', {bubbles: true}))";
    page.run(choose, vec!["Team".into()]).await;
    page.click("#save").await;
    page.shows("Mine Ours Standup").await;
    page.hears("Standup is saved.").await;

    // Hidden, and shown again; the address says so, and the way back as well.
    let toggle = "[...document.querySelectorAll('.calendars label')]
        .find(it => it.textContent === arguments[0]).querySelector('input').click()";
    page.run(toggle, vec!["Team".into()]).await;
    page.shows("Mine").await;
    let only_mine = format!("?view=week&date=2026-11-23&calendars={}", world.calendar);
    assert_eq!(address(&page).await, only_mine);
    page.until("return document.querySelector('h1').textContent === 'Calendar'").await;
    page.client.back().await.unwrap();
    page.shows("Mine Ours Standup").await;
    page.run(toggle, vec!["Calendar".into()]).await;
    page.shows("Ours Standup").await;
    page.until("return document.querySelector('h1').textContent === 'Team'").await;
    // It can be changed there, and taken back.
    page.open("Standup").await;
    page.write("title", "Daily").await;
    page.click("#save").await;
    page.undoes("Daily is saved.").await;
    page.shows("Ours Standup").await;
    page.ends_well().await;
    let page = world.window_to(&only_mine).await;
    page.shows("Mine").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn calendars_are_made_renamed_coloured_and_deleted() {
    let Some(world) = World::new().await else { return };
    let (page, other) = (world.window().await, world.other_window().await);
    page.click("#new-calendar").await;
    page.write("name", "").await;
    page.click("#save").await;
    page.until(
        "return document.querySelector('dialog .problem').textContent === 'Say what it is called.'",
    )
    .await;
    page.write("name", "Team").await;
    page.write("color", "#aa3300").await;
    page.click("#may-overlap").await;
    page.click("#save").await;
    page.until("return document.querySelectorAll('.calendar').length === 2").await;
    // Others find it when they come back to their window, and are told of its new name at once.
    other.run("window.dispatchEvent(new Event('focus'))", Vec::new()).await;
    other.until("return document.querySelectorAll('.calendar').length === 2").await;
    other.find("#when[data-complete=true]").await;
    page.click("[aria-label='Edit Team']").await;
    page.write("name", "Crew").await;
    page.write("color", "#0033aa").await;
    page.picture("calendar").await;
    page.click("#save").await;
    for window in [&page, &other] {
        window.find("[aria-label='Edit Crew']").await;
        let color = "return document.querySelector('.calendar [aria-label=\"Edit Crew\"]').parentElement.style.cssText.includes('0033aa')";
        window.until(color).await;
    }

    // One that is not empty is deleted only with all that is in it.
    page.click("#new").await;
    page.write("title", "Meeting").await;
    page.write("startsAt", "2026-11-24T09:00").await;
    page.write("endsAt", "2026-11-24T10:00").await;
    let choose = "const it = document.getElementById('calendar'); it.value = it.options[[...it.options].findIndex(it => it.textContent === 'Crew')].value;
        it.dispatchEvent(new Event('change', {bubbles: true}))";
    page.run(choose, Vec::new()).await;
    page.click("#save").await;
    page.hears("Meeting is saved.").await;
    page.click("[aria-label='Edit Crew']").await;
    page.click("#delete-calendar").await;
    page.until("return document.getElementById('delete-calendar').textContent === 'Delete with the appointment in it'").await;
    page.click("#delete-calendar").await;
    page.until("return document.querySelectorAll('.calendar').length === 1").await;
    page.shows("").await;
    page.ends_well().await;
    other.ends_well().await;
    world.end().await;
}
