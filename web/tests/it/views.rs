//! Views, dates and calendars, and the address that names them.

use serde_json::Value;

use crate::browser::Window;
use crate::world::World;

/// Returns the appointments of a day in their order: `09:00 Dentist`.
async fn appointments_on(page: &Window, day: &str) -> String {
    let script =
        "return [...document.querySelectorAll(`[data-day='${arguments[0]}'] .appointment`)]
        .map(it => it.querySelector('span').textContent
            + ' ' + it.querySelector('strong').textContent).join(', ')";
    text(page.run(script, vec![day.into()]).await)
}

async fn address(page: &Window) -> String {
    text(page.run("return location.search", Vec::new()).await)
}

fn text(value: Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn month_day_and_agenda_show_the_same_appointments() {
    let Some(world) = World::new().await else { return };
    for hour in 8..14 {
        let at = |hour: i32| format!("2026-11-24T{hour:02}:00:00Z");
        world.create_appointment(&format!("No {hour}"), &at(hour), &at(hour + 1)).await;
    }
    let holiday = r#"title: "Holiday", allDay: true, timeZone: "Europe/Vienna",
        startsAt: "2026-11-25T23:00:00Z", endsAt: "2026-11-27T23:00:00Z""#;
    world.create_appointment_with(holiday).await;
    world.create_appointment("Dentist", "2026-11-26T09:00:00Z", "2026-11-26T10:00:00Z").await;
    world.create_appointment("Night", "2026-11-27T21:00:00Z", "2026-11-28T05:00:00Z").await;
    let page = world.window().await;
    page.find(".day-head .appointment").await;

    page.click("#view-month").await;
    page.find(".month .more").await;
    assert_eq!(address(&page).await, "?view=month&date=2026-11-23");
    assert_eq!(appointments_on(&page, "2026-11-24").await, "09:00 No 8, 10:00 No 9, 11:00 No 10");
    assert_eq!(appointments_on(&page, "2026-11-26").await, "all day Holiday, 10:00 Dentist");
    assert_eq!(appointments_on(&page, "2026-11-27").await, "all day Holiday, 22:00 Night");
    assert_eq!(appointments_on(&page, "2026-11-28").await, "ends 06:00 Night");
    let cells = page.run("return document.querySelectorAll('td').length", Vec::new()).await;
    assert_eq!(cells, 42);
    // A change by another user is visible in the month.
    world.create_appointment("Lunch", "2026-11-26T11:00:00Z", "2026-11-26T12:00:00Z").await;
    page.expect_count("[data-day='2026-11-26'] .appointment", 3).await;

    // The button for more opens the day, and the browser's Back returns.
    page.expect_text(".more", "+3 more").await;
    page.click(".more").await;
    page.expect_appointments("No 10 No 11 No 12 No 13 No 8 No 9").await;
    assert_eq!(address(&page).await, "?view=day&date=2026-11-24");
    page.expect_text("#when", "Tuesday, 24 November 2026").await;
    page.click("#forward").await;
    page.click("#forward").await;
    page.expect_appointments("Dentist Lunch").await;
    for _ in 0..3 {
        page.client.back().await.unwrap();
    }
    page.find(".month .more").await;

    page.click("#view-agenda").await;
    page.find(".agenda section").await;
    assert_eq!(
        appointments_on(&page, "2026-11-26").await,
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
    page.expect_count("[data-day='2026-11-26'] .appointment", 2).await;
    page.click("#forward").await;
    page.expect_text(".agenda p", "No appointments in December 2026").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn any_date_can_be_opened() {
    let Some(world) = World::new().await else { return };
    world.create_appointment("Later", "2027-05-05T09:00:00Z", "2027-05-05T10:00:00Z").await;
    let page = world.window().await;
    let jump = "const it = document.getElementById('date'); it.value = '2027-05-05';
        it.dispatchEvent(new Event('change', {bubbles: true}))";
    page.run(jump, Vec::new()).await;
    page.expect_appointments("Later").await;
    assert_eq!(address(&page).await, "?view=week&date=2027-05-05");
    page.expect_no_errors().await;

    // A link opens the month, and a click in a cell opens the form.
    let page = world.window_to("?view=month&date=2027-05-05").await;
    page.expect_count(".month .appointment", 1).await;
    let click = "document.querySelector(`[data-day='2027-05-07']`).click()";
    page.run(click, Vec::new()).await;
    page.expect_value("#startsAt", "2027-05-07T09:00").await;
    page.click("#close-it").await;
    // A new appointment is on the route's date if today is not visible.
    page.click("#new").await;
    page.expect_value("#startsAt", "2027-05-05T09:00").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn several_calendars_are_visible_at_once() {
    let Some(world) = World::new().await else { return };
    let team = world.create_calendar("Team", "#aa3300").await;
    world.create_appointment("Mine", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z").await;
    world
        .create_appointment_in(&team, "Ours", "2026-11-24T09:30:00Z", "2026-11-24T10:30:00Z")
        .await;
    let page = world.window().await;
    page.expect_appointments("Mine Ours").await;
    let colors = "return [...document.querySelectorAll('.day .appointment')].map(it =>
        getComputedStyle(it).borderLeftColor).includes('rgb(170, 51, 0)')";
    page.wait_until(colors).await;

    // A new appointment goes into the chosen calendar.
    page.click("#new").await;
    page.fill("title", "Standup").await;
    page.fill("startsAt", "2026-11-25T09:00").await;
    page.fill("endsAt", "2026-11-25T09:30").await;
    let choose = "const it = document.getElementById('calendar');
        it.value = [...it.options].find(it => it.text === arguments[0]).value;
        it.dispatchEvent(new Event('change', {bubbles: true}))";
    page.run(choose, vec!["Team".into()]).await;
    page.click("#save").await;
    page.expect_appointments("Mine Ours Standup").await;
    page.expect_toast("Saved “Standup” · Wed 25 Nov, 09:00–09:30").await;

    // A calendar can be hidden and shown, by the checkbox and by Back.
    let toggle = "[...document.querySelectorAll('.calendars label')]
        .find(it => it.textContent === arguments[0]).querySelector('input').click()";
    page.run(toggle, vec!["Team".into()]).await;
    page.expect_appointments("Mine").await;
    let only_mine = format!("?view=week&date=2026-11-23&calendars={}", world.calendar);
    assert_eq!(address(&page).await, only_mine);
    page.expect_text("h1", "Calendar").await;
    page.client.back().await.unwrap();
    page.expect_appointments("Mine Ours Standup").await;
    page.run(toggle, vec!["Calendar".into()]).await;
    page.expect_appointments("Ours Standup").await;
    page.expect_text("h1", "Team").await;
    // An appointment of the calendar can be edited, and the edit undone.
    page.open("Standup").await;
    page.fill("title", "Daily").await;
    page.click("#save").await;
    page.undo("Saved “Daily” · Wed 25 Nov, 09:00–09:30").await;
    page.expect_appointments("Ours Standup").await;
    page.expect_no_errors().await;
    let page = world.window_to(&only_mine).await;
    page.expect_appointments("Mine").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn calendars_can_be_created_edited_and_deleted() {
    let Some(world) = World::new().await else { return };
    let (page, other) = (world.window().await, world.other_window().await);
    page.click("#new-calendar").await;
    page.fill("name", "").await;
    page.click("#save").await;
    page.expect_text("dialog .problem", "Add a name").await;
    page.fill("name", "Team").await;
    page.fill("color", "#aa3300").await;
    page.click("#allow-overlaps").await;
    page.click("#save").await;
    page.expect_count(".calendar", 2).await;
    // Other windows find a new calendar when they get the focus, and receive its new name at once.
    other.run("window.dispatchEvent(new Event('focus'))", Vec::new()).await;
    other.expect_count(".calendar", 2).await;
    other.find("#when[data-complete=true]").await;
    page.click("[aria-label='Edit Team']").await;
    page.fill("name", "Crew").await;
    page.fill("color", "#0033aa").await;
    page.take_picture("calendar").await;
    page.click("#save").await;
    for window in [&page, &other] {
        window.find("[aria-label='Edit Crew']").await;
        let color = "return document.querySelector('.calendar [aria-label=\"Edit Crew\"]')
            .parentElement.style.cssText.includes('0033aa')";
        window.wait_until(color).await;
    }

    // A calendar that is not empty is deleted after a confirmation.
    page.click("#new").await;
    page.fill("title", "Meeting").await;
    page.fill("startsAt", "2026-11-24T09:00").await;
    page.fill("endsAt", "2026-11-24T10:00").await;
    let choose = "const it = document.getElementById('calendar');
        it.value = [...it.options].find(it => it.textContent === 'Crew').value;
        it.dispatchEvent(new Event('change', {bubbles: true}))";
    page.run(choose, Vec::new()).await;
    page.click("#save").await;
    page.expect_toast("Saved “Meeting” · Tue 24 Nov, 09:00–10:00").await;
    page.click("[aria-label='Edit Crew']").await;
    page.click("#delete-calendar").await;
    page.expect_text("#delete-calendar", "Delete calendar and 1 appointment").await;
    page.click("#delete-calendar").await;
    page.expect_count(".calendar", 1).await;
    page.expect_appointments("").await;
    page.expect_no_errors().await;
    other.expect_no_errors().await;
    world.stop().await;
}
