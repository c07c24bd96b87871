//! The week: a column for each day, appointments where their time is.

use appointments_client::{Appointment, DateTime, Shared};
use chrono::{NaiveDate, NaiveTime};
use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::days::{DAY, Day, Piece, minute};
use crate::zone;

/// Where the view begins when it is first seen.
const MORNING: i32 = 7;
/// A click means a time in steps of so many minutes.
const STEP: u32 = 15;

/// The week, as it is shown. `on_slot` is told the time of a click where nothing is, `on_open` the appointment that
/// was clicked.
#[component]
pub(crate) fn WeekGrid(
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
    let dates = move || days.get().iter().map(|it| it.date).collect::<Vec<_>>();
    let hours = (0..24).map(|it| view! { <span>{format!("{it:02}:00")}</span> }).collect_view();
    view! {
        <div class="week" class:stale=is_stale>
            <div class="heads">
                <span class="corner"></span>
                {move || days.get().into_iter().map(head).collect_view()}
            </div>
            <div class="scrolls" node_ref=scrolls tabindex="0" role="region" aria-label="Hours of the week">
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
    let day = Memo::new(move |_| days.get().into_iter().find(|it| it.date == date));
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
    // Another piece if anything that is seen of it is other, so that only that is drawn anew.
    let key = |it: &Piece| {
        let title = it.appointment.title.clone();
        let id = it.appointment.id.inner().to_owned();
        let status = format!("{:?}", it.appointment.status);
        let at = it.appointment.starts_at;
        (id, title, status, at, it.is_pending, (it.from, it.until, it.lane.number, it.lane.of))
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

/// An appointment in a day.
#[component]
fn Card(piece: Piece, on_open: Callback<Shared<Appointment>>) -> impl IntoView {
    let Piece { appointment, is_pending, from, until, lane } = piece;
    let (start, end) = (zone::wall(appointment.starts_at), zone::wall(appointment.ends_at));
    let time = match appointment.all_day {
        true => "all day".to_owned(),
        false => format!("{}–{}", start.format("%H:%M"), end.format("%H:%M")),
    };
    let is_cancelled = appointment.status == appointments_client::AppointmentStatus::Cancelled;
    let busy = is_pending.then_some("true");
    let id = appointment.id.inner().to_owned();
    let title = appointment.title.clone();
    let of = u32::try_from(lane.of.max(1)).unwrap_or(1);
    let number = u32::try_from(lane.number).unwrap_or_default();
    view! {
        <button
            type="button"
            class="appointment"
            class:pending=is_pending
            class:cancelled=is_cancelled
            aria-busy=busy
            data-appointment=id
            style:top=percent(from, DAY)
            style:height=percent(until - from, DAY)
            style:left=percent(number, of)
            style:width=percent(1, of)
            on:click=move |_| on_open.run(appointment.clone())
        >
            <strong>{title}</strong>
            <span>{time}</span>
        </button>
    }
}

fn percent(part: u32, whole: u32) -> String {
    format!("{:.4}%", f64::from(part) * 100.0 / f64::from(whole))
}

fn at_minute(date: NaiveDate, minutes: u32) -> DateTime {
    let time = NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0);
    zone::at_wall(date.and_time(time.unwrap_or_default()))
}
