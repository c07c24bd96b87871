//! What a pointer does, what keys do, and what single clicks do.

use std::time::Duration;

use fantoccini::actions::{InputSource, MouseActions, PointerAction, TouchActions};
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::browser::{Look, Window};
use crate::world::World;

/// Of an appointment that is shown: its day, its hours.
async fn time(page: &Window, title: &str) -> String {
    let script = "const it = [...document.querySelectorAll('.appointment:not(.ghost)')]
        .find(it => it.querySelector('strong').textContent === arguments[0]);
        return it && it.closest('[data-day]').dataset.day + ' ' + it.querySelector('span').textContent";
    text(page.run(script, vec![title.into()]).await)
}

fn text(value: Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Waits until an appointment is shown at a time.
async fn comes_to(page: &Window, title: &str, expected: &str) {
    page.comes_to(async || time(page, title).await, expected).await;
}

/// Where something is on screen.
type Point = (f64, f64);

/// The place of a minute of a day, scrolled to.
async fn minute(page: &Window, day: &str, minute: u32) -> Point {
    let script = "const day = document.querySelector(`.day[data-day='${arguments[0]}']`), box = day.getBoundingClientRect();
        return [box.left + box.width / 2, box.top + box.height * arguments[1] / day.dataset.minutes]";
    point(&page.run(script, vec![day.into(), minute.into()]).await)
}

/// The middle of what a selector finds.
async fn middle(page: &Window, selector: &str) -> Point {
    page.find(selector).await;
    let script = "const box = document.querySelector(arguments[0]).getBoundingClientRect();
        return [box.left + box.width / 2, box.top + box.height / 2]";
    point(&page.run(script, vec![selector.into()]).await)
}

fn point(value: &Value) -> Point {
    (value[0].as_f64().unwrap(), value[1].as_f64().unwrap())
}

async fn act(page: &Window, actions: impl IntoIterator<Item = PointerAction>) {
    let mouse = actions.into_iter().fold(MouseActions::new("mouse".to_owned()), MouseActions::then);
    page.client.perform_actions(mouse).await.unwrap();
}

fn to((x, y): Point) -> PointerAction {
    PointerAction::MoveTo { duration: None, x: x.round(), y: y.round() }
}

/// Takes hold of something, and goes elsewhere with it.
async fn holds(page: &Window, from: Point, over: Point) {
    let half = ((from.0 + over.0) / 2.0, (from.1 + over.1) / 2.0);
    act(page, [to(from), PointerAction::Down { button: 0 }, to(half), to(over)]).await;
}

async fn drops(page: &Window) {
    act(page, [PointerAction::Up { button: 0 }]).await;
}

async fn drags(page: &Window, from: Point, over: Point) {
    holds(page, from, over).await;
    drops(page).await;
}

/// Waits until nothing waits.
async fn is_confirmed(page: &Window) {
    page.until("return document.querySelector('.appointment[aria-busy]') === null").await;
}

/// Presses keys on an appointment.
async fn presses(page: &Window, keys: &str) {
    page.find(".appointment").await.send_keys(keys).await.unwrap();
}

#[tokio::test]
async fn appointments_are_moved_and_made_longer() {
    let Some(world) = World::new().await else { return };
    world.somebody("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.shows("Review").await;

    // To another day, and a quarter of an hour is as exact as it gets.
    let from = middle(&page, ".day .appointment strong").await;
    let over = minute(&page, "2026-11-26", 11 * 60 + 20).await;
    holds(&page, from, (over.0, from.1 + 40.0)).await;
    page.find(".day[data-day='2026-11-26'] .ghost").await;
    page.picture("drag").await;
    assert_eq!(time(&page, "Review").await, "2026-11-24 09:00–10:00", "it is held, not moved");
    drops(&page).await;
    comes_to(&page, "Review", "2026-11-26 09:45–10:45").await;
    page.undoes("Review is moved to Thu 26, 09:45–10:45.").await;
    comes_to(&page, "Review", "2026-11-24 09:00–10:00").await;

    // Its end alone.
    let from = middle(&page, ".day .appointment .end").await;
    drags(&page, from, minute(&page, "2026-11-24", 11 * 60 + 31).await).await;
    comes_to(&page, "Review", "2026-11-24 09:00–11:30").await;
    // A drag is no click, and one that goes nowhere is nothing.
    page.until("return document.querySelector('dialog') === null").await;

    // What is drawn where nothing is.
    let from = minute(&page, "2026-11-27", 9 * 60 + 5).await;
    drags(&page, from, minute(&page, "2026-11-27", 10 * 60 + 20).await).await;
    page.until("return document.getElementById('startsAt')?.value === '2026-11-27T09:00'").await;
    page.until("return document.getElementById('endsAt').value === '2026-11-27T10:30'").await;
    page.write("title", "Drawn").await;
    page.click("#save").await;
    comes_to(&page, "Drawn", "2026-11-27 09:00–10:30").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn the_ghost_is_red_where_something_is() {
    let Some(world) = World::new().await else { return };
    world.somebody("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    world.somebody("Taken", "2026-11-25T08:00:00Z", "2026-11-25T10:00:00Z").await;
    let page = world.window().await;
    page.shows("Review Taken").await;
    let from = middle(&page, ".day[data-day='2026-11-24'] .appointment strong").await;
    let over = minute(&page, "2026-11-25", 9 * 60 + 50).await;
    // Where everything may overlap, nothing is in the way.
    holds(&page, from, over).await;
    page.find(".ghost:not(.taken)").await;
    world.is_strict().await;
    page.find(".ghost.taken").await;
    page.picture("taken").await;
    act(&page, [to(minute(&page, "2026-11-26", 9 * 60 + 50).await)]).await;
    page.find(".ghost:not(.taken)").await;
    // Within its own time nothing is in the way but itself.
    act(&page, [to((from.0, from.1 + 20.0))]).await;
    page.find(".day[data-day='2026-11-24'] .ghost:not(.taken)").await;
    page.find("body").await.send_keys(&Key::Escape.to_string()).await.unwrap();
    page.until("return document.querySelector('.ghost') === null").await;
    drops(&page).await;
    assert_eq!(time(&page, "Review").await, "2026-11-24 09:00–10:00");
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn what_is_held_stays_in_the_hand_until_it_is_dropped() {
    let Some(world) = World::new().await else { return };
    world.somebody("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.shows("Review").await;
    let from = middle(&page, ".day .appointment strong").await;
    let over = minute(&page, "2026-11-26", 9 * 60).await;
    holds(&page, from, (over.0, from.1)).await;
    // Somebody gives it another name and another day; what else happens is seen at once.
    let id = world.only().await;
    let input = format!(
        r#"{{ id: "{id}", title: "Theirs", startsAt: "2026-11-28T08:00:00Z", endsAt: "2026-11-28T09:00:00Z" }}"#
    );
    let query =
        format!("mutation {{ updateAppointment(input: {input}) {{ error {{ message }} }} }}");
    world.ask(&query).await;
    world.somebody("Other", "2026-11-25T12:00:00Z", "2026-11-25T13:00:00Z").await;
    comes_to(&page, "Other", "2026-11-25 13:00–14:00").await;
    assert_eq!(time(&page, "Review").await, "2026-11-24 09:00–10:00");
    drops(&page).await;
    comes_to(&page, "Theirs", "2026-11-26 09:00–10:00").await;
    page.shows("Other Theirs").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn all_of_it_is_done_with_keys() {
    let Some(world) = World::new().await else { return };
    world.somebody("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.shows("Review").await;
    let (shift, alt, none) = (Key::Shift.to_string(), Key::Alt.to_string(), Key::Null.to_string());
    let (down, up, right) = (Key::Down.to_string(), Key::Up.to_string(), Key::Right.to_string());
    let enter = Key::Enter.to_string();
    presses(&page, &format!("{shift}{right}{down}{down}")).await;
    page.find(".day[data-day='2026-11-25'] .ghost").await;
    page.until("return document.querySelector('.said').textContent === 'Wednesday 25 November, 09:30–10:30'").await;
    presses(&page, &format!("{none}{enter}")).await;
    comes_to(&page, "Review", "2026-11-25 09:30–10:30").await;
    // One goes on where one was.
    is_confirmed(&page).await;
    page.until("return document.activeElement.classList.contains('appointment')").await;
    presses(&page, &format!("{shift}{alt}{down}{down}{down}{up}{none}{enter}")).await;
    comes_to(&page, "Review", "2026-11-25 09:30–11:00").await;
    is_confirmed(&page).await;
    // Away, and nothing has happened.
    presses(&page, &format!("{shift}{up}{none}{}", Key::Escape)).await;
    page.until("return document.querySelector('.ghost') === null").await;
    assert_eq!(time(&page, "Review").await, "2026-11-25 09:30–11:00");

    // From the key that opens the dialog to the one that saves.
    presses(&page, &enter).await;
    page.find("dialog[open]").await;
    let field = page.client.active_element().await.unwrap();
    field.send_keys(&format!("{}ed{enter}", Key::End)).await.unwrap();
    page.shows("Reviewed").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn whoever_looks_elsewhere_has_let_go() {
    let Some(world) = World::new().await else { return };
    // Two at one time, and the first of them is taken.
    world.somebody("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    world.somebody("Same", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.shows("Review Same").await;
    let (shift, right) = (Key::Shift.to_string(), Key::Right.to_string());
    presses(&page, &format!("{shift}{right}{right}{}", Key::Null)).await;
    page.find(".day[data-day='2026-11-26'] .ghost").await;
    let over = minute(&page, "2026-11-27", 12 * 60 + 5).await;
    act(&page, [to(over), PointerAction::Down { button: 0 }, PointerAction::Up { button: 0 }])
        .await;
    // The click means what it means anywhere, and nothing was moved.
    page.until("return document.getElementById('startsAt')?.value === '2026-11-27T12:00'").await;
    page.click("#close-it").await;
    page.until("return document.querySelector('.ghost') === null").await;
    assert_eq!(time(&page, "Review").await, "2026-11-24 09:00–10:00");
    assert_eq!(time(&page, "Same").await, "2026-11-24 09:00–10:00");
    // When a dialog is over one is where one was.
    page.run("document.getElementById('new').focus()", Vec::new()).await;
    page.click("#new").await;
    page.click("#close-it").await;
    page.until("return document.activeElement.id === 'new'").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn all_of_it_is_done_with_single_clicks() {
    let Some(world) = World::new().await else { return };
    world.somebody("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.shows("Review").await;
    page.open("Review").await;
    for nudge in [
        "A day later",
        "15 min later",
        "15 min later",
        "15 min earlier",
        "Longer",
        "Longer",
        "Shorter",
    ] {
        let script = "[...document.querySelectorAll('.nudges button')].find(it => it.textContent === arguments[0]).click()";
        page.run(script, vec![json!(nudge)]).await;
    }
    page.click("#save").await;
    comes_to(&page, "Review", "2026-11-25 09:15–10:30").await;

    // For the whole day, and for two of them.
    page.open("Review").await;
    page.click("#allDay").await;
    page.until("return document.getElementById('startsAt').value === '2026-11-25'").await;
    page.run("[...document.querySelectorAll('.nudges button')].at(-1).click()", Vec::new()).await;
    page.click("#save").await;
    page.find(".day-head[data-day='2026-11-25'] .appointment").await;
    page.find(".day-head[data-day='2026-11-26'] .appointment").await;
    comes_to(&page, "Review", "2026-11-25 all day").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn whole_days_and_cells_of_a_month_are_dragged() {
    let Some(world) = World::new().await else { return };
    world.somebody("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let holiday = r#"title: "Holiday", allDay: true, timeZone: "Asia/Tokyo",
        startsAt: "2026-11-24T15:00:00Z", endsAt: "2026-11-25T15:00:00Z""#;
    world.somebody_creates(holiday).await;
    let page = world.window().await;
    // The 25th is the 25th, also where it begins later than in Tokyo.
    page.find(".day-head[data-day='2026-11-25'] .appointment").await;
    let from = middle(&page, ".day-head .appointment").await;
    let over = middle(&page, ".day-head[data-day='2026-11-27']").await;
    holds(&page, from, over).await;
    page.find(".day-head.target[data-day='2026-11-27']").await;
    drops(&page).await;
    page.find(".day-head[data-day='2026-11-27'] .appointment:not([aria-busy])").await;
    comes_to(&page, "Holiday", "2026-11-27 all day").await;
    page.hears("Holiday is moved to Fri 27.").await;
    // A click beside it means the day.
    page.run("document.querySelector(`.day-head[data-day='2026-11-28']`).click()", Vec::new())
        .await;
    page.until("return document.getElementById('allDay')?.checked && document.getElementById('endsAt').value === '2026-11-28'").await;
    page.click("#close-it").await;

    page.click("#view-month").await;
    let from = middle(&page, "td[data-day='2026-11-24'] .appointment").await;
    let over = middle(&page, "td[data-day='2026-11-12']").await;
    holds(&page, from, over).await;
    page.find("td.target[data-day='2026-11-12']").await;
    drops(&page).await;
    comes_to(&page, "Review", "2026-11-12 09:00").await;
    page.ends_well().await;
    world.end().await;
}

#[tokio::test]
async fn a_finger_that_rests_takes_hold_and_one_that_does_not_scrolls() {
    let Some(world) = World::new().await else { return };
    world.somebody("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let url = format!("http://{}/?view=week&date=2026-11-24", world.proxy.address());
    let phone = Look { size: (390, 844), ..Look::default() };
    let page = world.browser.window(&url, phone).await;
    page.is_live().await;
    page.shows("Review").await;
    let touches = async |actions: Vec<PointerAction>| {
        let finger = TouchActions::new("finger".to_owned());
        let finger = actions.into_iter().fold(finger, TouchActions::then);
        page.client.perform_actions(finger).await.unwrap();
    };
    let from = middle(&page, ".day .appointment strong").await;
    let slowly = |(x, y): Point| PointerAction::MoveTo {
        duration: Some(Duration::from_millis(200)),
        x: x.round(),
        y: y.round(),
    };
    let over = (from.0, from.1 + 96.0);
    touches(vec![
        to(from),
        PointerAction::Down { button: 0 },
        PointerAction::Pause { duration: Duration::from_millis(600) },
        slowly(over),
        PointerAction::Up { button: 0 },
    ])
    .await;
    comes_to(&page, "Review", "2026-11-24 11:00–12:00").await;
    // Sideways it shows other days.
    let from = middle(&page, ".day .appointment strong").await;
    touches(vec![
        to((300.0, from.1 + 100.0)),
        PointerAction::Down { button: 0 },
        slowly((100.0, from.1 + 100.0)),
        PointerAction::Up { button: 0 },
    ])
    .await;
    page.until("return document.querySelector('.week').scrollLeft > 50").await;
    assert_eq!(time(&page, "Review").await, "2026-11-24 11:00–12:00");
    page.until("return document.querySelector('dialog') === null").await;
    page.ends_well().await;
    world.end().await;
}
