//! Days side by side: a column of hours for each, appointments where their time is.

use appointments_client::DateTime;
use chrono::{NaiveDate, TimeDelta};
use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::input::drag::STEP;
use crate::input::hit_test::appointment;
use crate::layout::day_layout::Hours;
use crate::layout::layout_props::Shown;
use crate::time::locale::{labels, short_day};
use crate::ui::card::{Cards, Entries, Shape, percent};
use crate::ui::ghost::GhostCard;

/// Where the view begins when it is first seen.
const MORNING: i32 = 7;
/// How long a day is that does not change its clocks.
const DAY: u32 = 24 * 60;

/// Days, one or a week of them. `on_slot` is told the time of a click where nothing is, `on_whole` the day of one above.
#[component]
pub(crate) fn HourGrid(
    shown: Shown,
    cards: Cards,
    on_slot: Callback<DateTime>,
    on_whole: Callback<NaiveDate>,
) -> impl IntoView {
    let Shown { sight, is_stale, .. } = shown;
    let scrolls = NodeRef::<Div>::new();
    Effect::new(move |_| {
        if let Some(element) = scrolls.get() {
            element.set_scroll_top(element.scroll_height() * MORNING / 24);
        }
    });
    let dates = shown.dates();
    // Clocks change on hardly any day; such a one has hours of its own.
    let axis = Memo::new(move |_| {
        let sight = sight.get();
        let hours =
            dates.with(|all| all.iter().map(|it| Hours::of(*it, &sight)).collect::<Vec<_>>());
        let regular = hours.iter().find(|it| it.minutes == DAY).or(hours.first());
        regular.cloned().unwrap_or(Hours { minutes: DAY, labels: Vec::new() })
    });
    let head = move |date: NaiveDate| view! { <Head date shown cards on_whole /> };
    let column = move |date: NaiveDate| view! { <Column date shown axis cards on_slot /> };
    let hours = move || axis.with(labels_of);
    view! {
        <div class="week" class:stale=is_stale style:--days=move || dates.get().len().to_string()>
            <div class="heads">
                <span class="corner"></span>
                <For each=move || dates.get() key=|it| *it children=head />
            </div>
            <div class="scrolls" node_ref=scrolls tabindex="0" role="region" aria-label=labels().hours>
                <div class="hours" aria-hidden="true" style:height=move || axis.with(height)>
                    {hours}
                </div>
                <For each=move || dates.get() key=|it| *it children=column />
            </div>
        </div>
    }
}

/// A day's name, and what lasts all of it.
#[component]
fn Head(
    date: NaiveDate,
    shown: Shown,
    cards: Cards,
    on_whole: Callback<NaiveDate>,
) -> impl IntoView {
    let pieces = shown.pieces(date, |it| it.all_day.clone());
    let (is_today, ghost) = (shown.is_today(date), shown.ghost_on(date));
    let today = move || is_today.get().then_some("date");
    let is_target = move || ghost.with(|it| it.as_ref().is_some_and(|it| it.dates.is_some()));
    let click = move |event: MouseEvent| {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        if target.is_some_and(|it| appointment(&it).is_none()) {
            on_whole.run(date);
        }
    };
    view! {
        <div
            class="day-head"
            class:target=is_target
            aria-current=today
            data-day=date.to_string()
            on:click=click
        >
            <h2>{short_day(date)}</h2>
            <Entries pieces shape=Shape::Block(DAY.into()) cards />
        </div>
    }
}

#[component]
fn Column(
    date: NaiveDate,
    shown: Shown,
    axis: Memo<Hours>,
    cards: Cards,
    on_slot: Callback<DateTime>,
) -> impl IntoView {
    let Shown { sight, now, .. } = shown;
    let ghost = shown.ghost_on(date);
    let hours = Memo::new(move |_| sight.with(|it| Hours::of(date, it)));
    let minutes = Memo::new(move |_| hours.with(|it| it.minutes));
    let length = move || minutes.get();
    let pieces = shown.pieces(date, |it| it.pieces.clone());
    let present = move || {
        let minute = sight.with(|it| Hours::minute(date, now.get(), it))?;
        Some(view! { <div class="now" style:top=percent(minute, length())></div> })
    };
    let click = move |event: MouseEvent| {
        let column = event.current_target().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        // A click on an appointment is none on what is behind it.
        let target = event.target().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        let (Some(column), Some(target)) = (column, target) else { return };
        if target.is_same_node(Some(&column)) {
            let height = column.offset_height().max(1);
            let minutes = event.offset_y().max(0) * length().cast_signed() / height;
            let minutes = i64::from(minutes) / STEP * STEP;
            let midnight = sight.with(|it| it.clocks.midnight(date));
            on_slot.run(midnight + TimeDelta::minutes(minutes));
        }
    };
    let own = move || {
        let is_regular = axis.with(|axis| hours.with(|it| it == axis));
        (!is_regular).then(|| hours.with(labels_of))
    };
    view! {
        <div
            class="day"
            data-day=date.to_string()
            data-minutes=length
            style:height=move || hours.with(height)
            on:click=click
        >
            <div class="lines" aria-hidden="true">{move || hours.with(lines_of)}</div>
            <div class="hours own" aria-hidden="true">{own}</div>
            <Entries pieces shape=Shape::Block(minutes.into()) cards />
            <GhostCard date minutes=minutes.into() ghost sight />
            {present}
        </div>
    }
}

/// So high is a day.
fn height(hours: &Hours) -> String {
    format!("calc({} / 60 * var(--hour))", hours.minutes)
}

/// Hours, where they are.
fn labels_of(hours: &Hours) -> impl IntoView + use<> {
    let label = |(at, label): &(u32, String)| {
        view! { <span style:top=percent(*at, hours.minutes)>{label.clone()}</span> }
    };
    hours.labels.iter().map(label).collect_view()
}

/// A line at each of them.
fn lines_of(hours: &Hours) -> impl IntoView + use<> {
    let line = |(at, _): &(u32, String)| view! { <i style:top=percent(*at, hours.minutes)></i> };
    hours.labels.iter().map(line).collect_view()
}
