//! Gestures: mouse, touch and keyboard, and the buttons of the dialog.

use std::time::Duration;

use fantoccini::actions::{InputSource, MouseActions, PointerAction, TouchActions};
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::browser::{Look, Window};
use crate::world::World;

/// Returns the day and the formatted time of a visible appointment.
async fn time(page: &Window, title: &str) -> String {
    let script = "const it = [...document.querySelectorAll('.appointment:not(.ghost)')]
        .find(it => it.querySelector('strong').textContent === arguments[0]);
        return it && it.closest('[data-day]').dataset.day
            + ' ' + it.querySelector('span').textContent";
    text(page.run(script, vec![title.into()]).await)
}

fn text(value: Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Waits until an appointment is shown at a time.
async fn expect_time(page: &Window, title: &str, expected: &str) {
    page.expect_eventually(async || time(page, title).await, expected).await;
}

/// A point of the window, in pixels.
type Point = (f64, f64);

/// Returns the point of a minute of a day.
async fn minute(page: &Window, day: &str, minute: u32) -> Point {
    let script = "const day = document.querySelector(`.day[data-day='${arguments[0]}']`);
        const box = day.getBoundingClientRect();
        return [box.left + box.width / 2, 
            box.top + box.height * arguments[1] / day.dataset.minutes]";
    point(&page.run(script, vec![day.into(), minute.into()]).await)
}

/// Returns the center of an element.
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

/// Presses the mouse at a point and moves it to another.
async fn drag_over(page: &Window, from: Point, over: Point) {
    let half = ((from.0 + over.0) / 2.0, (from.1 + over.1) / 2.0);
    act(page, [to(from), PointerAction::Down { button: 0 }, to(half), to(over)]).await;
}

async fn release(page: &Window) {
    act(page, [PointerAction::Up { button: 0 }]).await;
}

async fn drag(page: &Window, from: Point, over: Point) {
    drag_over(page, from, over).await;
    release(page).await;
}

/// Waits until no appointment is pending.
async fn expect_confirmed(page: &Window) {
    page.expect_absent(".appointment[aria-busy]").await;
}

/// Presses keys on the first appointment.
async fn press_keys(page: &Window, keys: &str) {
    page.find(".appointment").await.send_keys(keys).await.unwrap();
}

#[tokio::test]
async fn a_mouse_drag_moves_resizes_and_draws() {
    let Some(world) = World::new().await else { return };
    world.create_appointment("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.expect_appointments("Review").await;

    // A move to another day snaps to 15 minutes.
    let from = middle(&page, ".day .appointment strong").await;
    let over = minute(&page, "2026-11-26", 11 * 60 + 20).await;
    drag_over(&page, from, (over.0, from.1 + 40.0)).await;
    page.find(".day[data-day='2026-11-26'] .ghost").await;
    page.take_picture("drag").await;
    assert_eq!(
        time(&page, "Review").await,
        "2026-11-24 09:00–10:00",
        "the appointment is not moved yet"
    );
    release(&page).await;
    expect_time(&page, "Review", "2026-11-26 09:45–10:45").await;
    page.undo("Moved “Review” to Thu 26 Nov, 09:45–10:45").await;
    expect_time(&page, "Review", "2026-11-24 09:00–10:00").await;

    // A drag of the end resizes.
    let from = middle(&page, ".day .appointment .end").await;
    drag(&page, from, minute(&page, "2026-11-24", 11 * 60 + 31).await).await;
    expect_time(&page, "Review", "2026-11-24 09:00–11:30").await;
    // A drag is not a click, so no dialog opens.
    page.expect_absent("dialog").await;

    // A drag over an empty slot draws a new appointment.
    let from = minute(&page, "2026-11-27", 9 * 60 + 5).await;
    drag(&page, from, minute(&page, "2026-11-27", 10 * 60 + 20).await).await;
    page.expect_value("#startsAt", "2026-11-27T09:00").await;
    page.expect_value("#endsAt", "2026-11-27T10:30").await;
    page.fill("title", "Drawn").await;
    page.click("#save").await;
    expect_time(&page, "Drawn", "2026-11-27 09:00–10:30").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn the_preview_is_red_over_a_taken_slot() {
    let Some(world) = World::new().await else { return };
    world.create_appointment("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    world.create_appointment("Taken", "2026-11-25T08:00:00Z", "2026-11-25T10:00:00Z").await;
    let page = world.window().await;
    page.expect_appointments("Review Taken").await;
    let from = middle(&page, ".day[data-day='2026-11-24'] .appointment strong").await;
    let over = minute(&page, "2026-11-25", 9 * 60 + 50).await;
    // While overlaps are allowed, nothing is taken.
    drag_over(&page, from, over).await;
    page.find(".ghost:not(.taken)").await;
    world.make_strict().await;
    page.find(".ghost.taken").await;
    page.take_picture("taken").await;
    act(&page, [to(minute(&page, "2026-11-26", 9 * 60 + 50).await)]).await;
    page.find(".ghost:not(.taken)").await;
    // An appointment does not conflict with itself.
    act(&page, [to((from.0, from.1 + 20.0))]).await;
    page.find(".day[data-day='2026-11-24'] .ghost:not(.taken)").await;
    page.find("body").await.send_keys(&Key::Escape.to_string()).await.unwrap();
    page.expect_absent(".ghost").await;
    release(&page).await;
    assert_eq!(time(&page, "Review").await, "2026-11-24 09:00–10:00");
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn a_drag_ignores_changes_by_others_until_it_is_dropped() {
    let Some(world) = World::new().await else { return };
    world.create_appointment("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.expect_appointments("Review").await;
    let from = middle(&page, ".day .appointment strong").await;
    let over = minute(&page, "2026-11-26", 9 * 60).await;
    drag_over(&page, from, (over.0, from.1)).await;
    // Another user renames and moves the dragged appointment, and creates another one.
    let id = world.only_appointment_id().await;
    let input = format!(
        r#"{{ id: "{id}", title: "Theirs",
            startsAt: "2026-11-28T08:00:00Z", endsAt: "2026-11-28T09:00:00Z" }}"#
    );
    let query =
        format!("mutation {{ updateAppointment(input: {input}) {{ error {{ message }} }} }}");
    world.query(&query).await;
    world.create_appointment("Other", "2026-11-25T12:00:00Z", "2026-11-25T13:00:00Z").await;
    expect_time(&page, "Other", "2026-11-25 13:00–14:00").await;
    assert_eq!(time(&page, "Review").await, "2026-11-24 09:00–10:00");
    release(&page).await;
    expect_time(&page, "Theirs", "2026-11-26 09:00–10:00").await;
    page.expect_appointments("Other Theirs").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn keys_move_resize_and_edit() {
    let Some(world) = World::new().await else { return };
    world.create_appointment("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.expect_appointments("Review").await;
    let (shift, alt, none) = (Key::Shift.to_string(), Key::Alt.to_string(), Key::Null.to_string());
    let (down, up, right) = (Key::Down.to_string(), Key::Up.to_string(), Key::Right.to_string());
    let enter = Key::Enter.to_string();
    press_keys(&page, &format!("{shift}{right}{down}{down}")).await;
    page.find(".day[data-day='2026-11-25'] .ghost").await;
    page.expect_text(".announcement", "Wednesday 25 November, 09:30–10:30").await;
    press_keys(&page, &format!("{none}{enter}")).await;
    expect_time(&page, "Review", "2026-11-25 09:30–10:30").await;
    // The focus stays on the appointment.
    expect_confirmed(&page).await;
    page.wait_until("return document.activeElement.classList.contains('appointment')").await;
    press_keys(&page, &format!("{shift}{alt}{down}{down}{down}{up}{none}{enter}")).await;
    expect_time(&page, "Review", "2026-11-25 09:30–11:00").await;
    expect_confirmed(&page).await;
    // Escape cancels the drag.
    press_keys(&page, &format!("{shift}{up}{none}{}", Key::Escape)).await;
    page.expect_absent(".ghost").await;
    assert_eq!(time(&page, "Review").await, "2026-11-25 09:30–11:00");

    // The dialog works with keys alone.
    press_keys(&page, &enter).await;
    page.find("dialog[open]").await;
    let field = page.client.active_element().await.unwrap();
    field.send_keys(&format!("{}ed{enter}", Key::End)).await.unwrap();
    page.expect_appointments("Reviewed").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn a_click_elsewhere_ends_a_drag_by_keys() {
    let Some(world) = World::new().await else { return };
    // Two appointments have the same time, and keys drag the first.
    world.create_appointment("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    world.create_appointment("Same", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.expect_appointments("Review Same").await;
    let (shift, right) = (Key::Shift.to_string(), Key::Right.to_string());
    press_keys(&page, &format!("{shift}{right}{right}{}", Key::Null)).await;
    page.find(".day[data-day='2026-11-26'] .ghost").await;
    let over = minute(&page, "2026-11-27", 12 * 60 + 5).await;
    act(&page, [to(over), PointerAction::Down { button: 0 }, PointerAction::Up { button: 0 }])
        .await;
    // The click opens the form, and nothing was moved.
    page.expect_value("#startsAt", "2026-11-27T12:00").await;
    page.click("#close-it").await;
    page.expect_absent(".ghost").await;
    assert_eq!(time(&page, "Review").await, "2026-11-24 09:00–10:00");
    assert_eq!(time(&page, "Same").await, "2026-11-24 09:00–10:00");
    // A closed dialog returns the focus.
    page.run("document.getElementById('new').focus()", Vec::new()).await;
    page.click("#new").await;
    page.click("#close-it").await;
    page.wait_until("return document.activeElement.id === 'new'").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn buttons_in_the_dialog_move_and_resize() {
    let Some(world) = World::new().await else { return };
    world.create_appointment("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let page = world.window().await;
    page.expect_appointments("Review").await;
    page.open("Review").await;
    for nudge in [
        "+1 day",
        "+15 min",
        "+15 min",
        "−15 min",
        "15 min longer",
        "15 min longer",
        "15 min shorter",
    ] {
        let script = "[...document.querySelectorAll('.nudges button')]
            .find(it => it.textContent === arguments[0]).click()";
        page.run(script, vec![json!(nudge)]).await;
    }
    page.click("#save").await;
    expect_time(&page, "Review", "2026-11-25 09:15–10:30").await;

    // The appointment becomes all-day, and then two days long.
    page.open("Review").await;
    page.click("#allDay").await;
    page.expect_value("#startsAt", "2026-11-25").await;
    page.run("[...document.querySelectorAll('.nudges button')].at(-1).click()", Vec::new()).await;
    page.click("#save").await;
    page.find(".day-head[data-day='2026-11-25'] .appointment").await;
    page.find(".day-head[data-day='2026-11-26'] .appointment").await;
    expect_time(&page, "Review", "2026-11-25 all day").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn all_day_appointments_and_month_cells_can_be_dragged() {
    let Some(world) = World::new().await else { return };
    world.create_appointment("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let holiday = r#"title: "Holiday", allDay: true, timeZone: "Asia/Tokyo",
        startsAt: "2026-11-24T15:00:00Z", endsAt: "2026-11-25T15:00:00Z""#;
    world.create_appointment_with(holiday).await;
    let page = world.window().await;
    // An all-day appointment keeps its date in all zones.
    page.find(".day-head[data-day='2026-11-25'] .appointment").await;
    let from = middle(&page, ".day-head .appointment").await;
    let over = middle(&page, ".day-head[data-day='2026-11-27']").await;
    drag_over(&page, from, over).await;
    page.find(".day-head.target[data-day='2026-11-27']").await;
    release(&page).await;
    page.find(".day-head[data-day='2026-11-27'] .appointment:not([aria-busy])").await;
    expect_time(&page, "Holiday", "2026-11-27 all day").await;
    page.expect_toast("Moved “Holiday” to Fri 27 Nov").await;
    // A click on the head of a day opens the form of an all-day appointment.
    page.run("document.querySelector(`.day-head[data-day='2026-11-28']`).click()", Vec::new())
        .await;
    page.expect_value("#endsAt", "2026-11-28").await;
    page.wait_until("return document.getElementById('allDay').checked").await;
    page.click("#close-it").await;

    page.click("#view-month").await;
    let from = middle(&page, "td[data-day='2026-11-24'] .appointment").await;
    let over = middle(&page, "td[data-day='2026-11-12']").await;
    drag_over(&page, from, over).await;
    page.find("td.target[data-day='2026-11-12']").await;
    release(&page).await;
    expect_time(&page, "Review", "2026-11-12 09:00").await;
    page.expect_no_errors().await;
    world.stop().await;
}

#[tokio::test]
async fn a_long_press_drags_and_a_swipe_scrolls() {
    let Some(world) = World::new().await else { return };
    world.create_appointment("Review", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z").await;
    let url = format!("http://{}/?view=week&date=2026-11-24", world.proxy.address());
    let phone = Look { size: (390, 844), ..Look::default() };
    let page = world.browser.window(&url, phone).await;
    page.expect_live().await;
    page.expect_appointments("Review").await;
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
    expect_time(&page, "Review", "2026-11-24 11:00–12:00").await;
    // A swipe scrolls to other days.
    let from = middle(&page, ".day .appointment strong").await;
    touches(vec![
        to((300.0, from.1 + 100.0)),
        PointerAction::Down { button: 0 },
        slowly((100.0, from.1 + 100.0)),
        PointerAction::Up { button: 0 },
    ])
    .await;
    page.wait_until("return document.querySelector('.week').scrollLeft > 50").await;
    assert_eq!(time(&page, "Review").await, "2026-11-24 11:00–12:00");
    page.expect_absent("dialog").await;
    page.expect_no_errors().await;
    world.stop().await;
}
