//! Days side by side: a column of hours for each, appointments where their time is.

use appointments_client::{Appointment, DateTime, Shared};
use chrono::{NaiveDate, NaiveTime};
use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::card::{Card, key, percent};
use crate::days::{DAY, Day, minute};
use crate::zone;

/// Where the view begins when it is first seen.
const MORNING: i32 = 7;
/// A click means a time in steps of so many minutes.
const STEP: u32 = 15;

/// Days, one or a week of them. `on_slot` is told the time of a click where nothing is, `on_open` the appointment that
/// was clicked.
#[component]
pub(crate) fn HourGrid(
    days: Memo<Vec<Day>>,
    now: Signal<DateTime>,
    is_stale: Signal<bool>,
    on_slot: Callback<DateTime>,
    on_open: Callback<Shared<Appointment>>,
) -> impl IntoView {
    let scrolls = NodeRef::<Div>::new();
    Effect::new(move |_| {
        if let Some(element) = scrolls.get() {
            element.set_scroll_top(element.scroll_height() * MORNING / 24);
        }
    });
    let head = move |day: Day| {
        let today = day.is_today.then_some("date");
        view! {
            <div class="day-head" aria-current=today>
                <h2>{day.date.format("%a %-d").to_string()}</h2>
                {day.all_day.into_iter().map(|it| view! { <Card piece=it on_open /> }).collect_view()}
            </div>
        }
    };
    let column = move |date: NaiveDate| view! { <Column date days now on_slot on_open /> };
    let dates = move || days.with(|all| all.iter().map(|it| it.date).collect::<Vec<_>>());
    let hours = (0..24).map(|it| view! { <span>{format!("{it:02}:00")}</span> }).collect_view();
    view! {
        <div class="week" class:stale=is_stale style:--days=move || dates().len().to_string()>
            <div class="heads">
                <span class="corner"></span>
                {move || days.get().into_iter().map(head).collect_view()}
            </div>
            <div class="scrolls" node_ref=scrolls tabindex="0" role="region" aria-label="Hours">
                <div class="hours" aria-hidden="true">{hours}</div>
                <For each=dates key=|it| *it children=column />
            </div>
        </div>
    }
}

#[component]
fn Column(
    date: NaiveDate,
    days: Memo<Vec<Day>>,
    now: Signal<DateTime>,
    on_slot: Callback<DateTime>,
    on_open: Callback<Shared<Appointment>>,
) -> impl IntoView {
    let day = Memo::new(move |_| days.with(|all| all.iter().find(|it| it.date == date).cloned()));
    let pieces = move || day.get().map(|it| it.pieces).unwrap_or_default();
    let is_today = move || day.with(|it| it.as_ref().is_some_and(|it| it.is_today));
    let click = move |event: MouseEvent| {
        let column = event.current_target().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        // A click on an appointment is none on what is behind it.
        let target = event.target().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        let (Some(column), Some(target)) = (column, target) else { return };
        if target.is_same_node(Some(&column)) {
            let height = column.offset_height().max(1);
            let minutes = event.offset_y().max(0) * DAY.cast_signed() / height;
            on_slot.run(at_minute(date, minutes.cast_unsigned() / STEP * STEP));
        }
    };
    view! {
        <div class="day" data-day=date.to_string() on:click=click>
            <For each=pieces key=key children=move |it| view! { <Card piece=it on_open /> } />
            <Show when=is_today>
                <div class="now" style:top=move || percent(minute(now.get()), DAY)></div>
            </Show>
        </div>
    }
}

fn at_minute(date: NaiveDate, minutes: u32) -> DateTime {
    let time = NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0);
    zone::at_wall(date.and_time(time.unwrap_or_default()))
}
