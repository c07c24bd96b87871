//! Days side by side: a column of hours for each, appointments where their time is.

use appointments_client::DateTime;
use chrono::{NaiveDate, TimeDelta};
use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::card::{Card, Cards, key, percent};
use crate::days::{Day, Hours};
use crate::ghost::{Ghost, GhostCard};
use crate::locale::{labels, short_day};
use crate::sight::Sight;

/// Where the view begins when it is first seen.
const MORNING: i32 = 7;
/// A click means a time in steps of so many minutes.
const STEP: u32 = 15;
/// How long a day is that does not change its clocks.
const DAY: u32 = 24 * 60;

/// What a grid of hours shows. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) days: Memo<Vec<Day>>,
    pub(crate) sight: Signal<Sight>,
    pub(crate) now: Signal<DateTime>,
    pub(crate) ghost: Memo<Option<Ghost>>,
    pub(crate) is_stale: Signal<bool>,
}

/// Days, one or a week of them. `on_slot` is told the time of a click where nothing is, `on_whole` the day of one above.
#[component]
pub(crate) fn HourGrid(
    shown: Shown,
    cards: Cards,
    on_slot: Callback<DateTime>,
    on_whole: Callback<NaiveDate>,
) -> impl IntoView {
    let Shown { days, sight, is_stale, .. } = shown;
    let scrolls = NodeRef::<Div>::new();
    Effect::new(move |_| {
        if let Some(element) = scrolls.get() {
            element.set_scroll_top(element.scroll_height() * MORNING / 24);
        }
    });
    let dates =
        Memo::new(move |_| days.with(|all| all.iter().map(|it| it.date).collect::<Vec<_>>()));
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
    let Shown { sight, ghost, .. } = shown;
    let day = of(shown.days, date);
    let pieces =
        move || day.with(|it| it.as_ref().map(|it| it.all_day.clone()).unwrap_or_default());
    let today = move || day.with(|it| it.as_ref().is_some_and(|it| it.is_today)).then_some("date");
    let click = move |event: MouseEvent| {
        if event.target() == event.current_target() {
            on_whole.run(date);
        }
    };
    let is_target = move || {
        ghost.with(|it| {
            it.as_ref()
                .is_some_and(|it| it.dates.is_some() && sight.with(|sight| it.is_on(date, sight)))
        })
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
            <For
                each=pieces
                key=key
                children=move |piece| view! { <Card piece minutes=DAY cards /> }
            />
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
    let Shown { sight, now, ghost, .. } = shown;
    let day = of(shown.days, date);
    let hours = Memo::new(move |_| sight.with(|it| Hours::of(date, it)));
    let length = move || hours.with(|it| it.minutes);
    let pieces = move || {
        let pieces = day.with(|it| it.as_ref().map(|it| it.pieces.clone()).unwrap_or_default());
        pieces.into_iter().map(|it| (length(), it)).collect::<Vec<_>>()
    };
    let card = move |(minutes, piece)| view! { <Card piece minutes cards /> };
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
            let minutes = i64::from(minutes.cast_unsigned() / STEP * STEP);
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
            <For each=pieces key=|(length, it)| (*length, key(it)) children=card />
            <GhostCard date hours=hours.into() ghost sight />
            {present}
        </div>
    }
}

/// A day of those that are shown.
fn of(days: Memo<Vec<Day>>, date: NaiveDate) -> Memo<Option<Day>> {
    Memo::new(move |_| days.with(|all| all.iter().find(|it| it.date == date).cloned()))
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
