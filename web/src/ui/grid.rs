//! Days side by side: a column of hours for each, appointments where their time is.

use appointments_client::DateTime;
use chrono::{NaiveDate, TimeDelta};
use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::input::drag::STEP_MINUTES;
use crate::input::hit_test::appointment;
use crate::layout::day_layout::HourScale;
use crate::layout::layout_props::LayoutProps;
use crate::time::locale::{labels, short_day};
use crate::ui::card::{CardContext, Cards, Shape, percent};
use crate::ui::ghost::GhostCard;

/// Where the view begins when it is first seen.
const FIRST_VISIBLE_HOUR: i32 = 7;
/// How long a day is that does not change its clock.
const DAY_MINUTES: u32 = 24 * 60;

/// Days, one or a week of them. `on_slot` is told the time of a click where nothing is, `on_whole` the day of one above.
#[component]
pub(crate) fn HourGrid(
    layout: LayoutProps,
    cards: CardContext,
    on_slot: Callback<DateTime>,
    on_whole: Callback<NaiveDate>,
) -> impl IntoView {
    let LayoutProps { display, is_stale, .. } = layout;
    let scrolls = NodeRef::<Div>::new();
    Effect::new(move |_| {
        if let Some(element) = scrolls.get() {
            element.set_scroll_top(element.scroll_height() * FIRST_VISIBLE_HOUR / 24);
        }
    });
    let dates = layout.dates();
    // WallClock change on hardly any day; such a one has hours of its own.
    let axis = Memo::new(move |_| {
        let display = display.get();
        let hours =
            dates.with(|all| all.iter().map(|it| HourScale::of(*it, &display)).collect::<Vec<_>>());
        let regular = hours.iter().find(|it| it.minutes == DAY_MINUTES).or(hours.first());
        regular.cloned().unwrap_or(HourScale { minutes: DAY_MINUTES, labels: Vec::new() })
    });
    let head = move |date: NaiveDate| view! { <Head date layout cards on_whole /> };
    let column = move |date: NaiveDate| view! { <Column date layout axis cards on_slot /> };
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
    layout: LayoutProps,
    cards: CardContext,
    on_whole: Callback<NaiveDate>,
) -> impl IntoView {
    let segments = layout.segments(date, |it| it.all_day.clone());
    let (is_today, ghost) = (layout.is_today(date), layout.ghost_on(date));
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
            <Cards segments shape=Shape::Block(DAY_MINUTES.into()) cards />
        </div>
    }
}

#[component]
fn Column(
    date: NaiveDate,
    layout: LayoutProps,
    axis: Memo<HourScale>,
    cards: CardContext,
    on_slot: Callback<DateTime>,
) -> impl IntoView {
    let LayoutProps { display, now, .. } = layout;
    let ghost = layout.ghost_on(date);
    let hours = Memo::new(move |_| display.with(|it| HourScale::of(date, it)));
    let minutes = Memo::new(move |_| hours.with(|it| it.minutes));
    let length = move || minutes.get();
    let segments = layout.segments(date, |it| it.segments.clone());
    let present = move || {
        let minute = display.with(|it| HourScale::minute(date, now.get(), it))?;
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
            let minutes = i64::from(minutes) / STEP_MINUTES * STEP_MINUTES;
            let midnight = display.with(|it| it.clock.midnight(date));
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
            <Cards segments shape=Shape::Block(minutes.into()) cards />
            <GhostCard date minutes=minutes.into() ghost display />
            {present}
        </div>
    }
}

/// So high is a day.
fn height(hours: &HourScale) -> String {
    format!("calc({} / 60 * var(--hour))", hours.minutes)
}

/// HourScale, where they are.
fn labels_of(hours: &HourScale) -> impl IntoView + use<> {
    let label = |(at, label): &(u32, String)| {
        view! { <span style:top=percent(*at, hours.minutes)>{label.clone()}</span> }
    };
    hours.labels.iter().map(label).collect_view()
}

/// A line at each of them.
fn lines_of(hours: &HourScale) -> impl IntoView + use<> {
    let line = |(at, _): &(u32, String)| view! { <i style:top=percent(*at, hours.minutes)></i> };
    hours.labels.iter().map(line).collect_view()
}
