//! The hour grid: a column of hours for each day.

use appointments_client::DateTime;
use chrono::{NaiveDate, TimeDelta};
use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::input::drag::STEP_MINUTES;
use crate::input::hit_test::card_of;
use crate::layout::day_layout::HourScale;
use crate::layout::layout_props::LayoutProps;
use crate::time::locale::{labels, short_day};
use crate::ui::card::{CardContext, Cards, Shape, percent};
use crate::ui::ghost::GhostCard;

/// The grid is first scrolled to this hour.
const FIRST_VISIBLE_HOUR: i32 = 7;
/// The length of a day without a clock change.
const DAY_MINUTES: u32 = 24 * 60;

/// The days side by side.
#[component]
pub(crate) fn HourGrid(
    layout: LayoutProps,
    cards: CardContext,
    /// Receives the time of a click on an empty part of a column.
    on_slot: Callback<DateTime>,
    /// Receives the day of a click on an empty part of a head.
    on_all_day: Callback<NaiveDate>,
) -> impl IntoView {
    let LayoutProps { display, is_stale, .. } = layout;
    let scroller = NodeRef::<Div>::new();
    Effect::new(move |_| {
        if let Some(element) = scroller.get() {
            element.set_scroll_top(element.scroll_height() * FIRST_VISIBLE_HOUR / 24);
        }
    });
    let dates = layout.dates();
    // The axis has the hours of a regular day. A day with a clock change shows its own hours.
    let axis = Memo::new(move |_| {
        let display = display.get();
        let scales =
            dates.with(|all| all.iter().map(|it| HourScale::of(*it, &display)).collect::<Vec<_>>());
        let regular = scales.iter().find(|it| it.minutes == DAY_MINUTES).or(scales.first());
        regular.cloned().unwrap_or(HourScale { minutes: DAY_MINUTES, labels: Vec::new() })
    });
    let head = move |date: NaiveDate| view! { <Head date layout cards on_all_day /> };
    let column = move |date: NaiveDate| view! { <Column date layout axis cards on_slot /> };
    let name = move || {
        if dates.with(Vec::len) == 1 { labels().day_grid } else { labels().week_grid }
    };
    view! {
        <div class="week" class:stale=is_stale style:--days=move || dates.get().len().to_string()>
            <div class="heads">
                <span class="corner"></span>
                <For each=move || dates.get() key=|it| *it children=head />
            </div>
            <div class="scrolls" node_ref=scroller tabindex="0" role="region" aria-label=name>
                <div class="hours" aria-hidden="true" style:height=move || axis.with(height)>
                    {move || axis.with(hour_labels)}
                </div>
                <For each=move || dates.get() key=|it| *it children=column />
            </div>
        </div>
    }
}

/// The name of a day, and its all-day appointments.
#[component]
fn Head(
    date: NaiveDate,
    layout: LayoutProps,
    cards: CardContext,
    on_all_day: Callback<NaiveDate>,
) -> impl IntoView {
    let segments = layout.segments(date, |it| it.all_day.clone());
    let is_today = layout.is_today(date);
    let ghost = layout.ghost_on(date);
    let is_target = move || ghost.with(|it| it.as_ref().is_some_and(|it| it.dates.is_some()));
    let click = move |event: MouseEvent| {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        if target.is_some_and(|it| card_of(&it).is_none()) {
            on_all_day.run(date);
        }
    };
    view! {
        <div
            class="day-head"
            class:target=is_target
            aria-current=move || is_today.get().then_some("date")
            data-day=date.to_string()
            on:click=click
        >
            <h2>{short_day(date)}</h2>
            <Cards segments shape=Shape::Block(DAY_MINUTES.into()) cards />
        </div>
    }
}

/// The hours of a day. `axis` is the scale at the left of the grid.
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
    let scale = Memo::new(move |_| display.with(|it| HourScale::of(date, it)));
    let minutes = Memo::new(move |_| scale.with(|it| it.minutes));
    let segments = layout.segments(date, |it| it.timed.clone());
    let now_line = move || {
        let minute = display.with(|it| HourScale::minute(date, now.get(), it))?;
        Some(view! { <div class="now" style:top=percent(minute, minutes.get())></div> })
    };
    let click = move |event: MouseEvent| {
        if let Some(minute) = clicked_minute(&event, minutes.get_untracked()) {
            let start = display.with_untracked(|it| it.clock.start_of_day(date));
            on_slot.run(start + TimeDelta::minutes(minute));
        }
    };
    let own_labels = move || {
        let is_regular = axis.with(|axis| scale.with(|it| it == axis));
        (!is_regular).then(|| scale.with(hour_labels))
    };
    view! {
        <div
            class="day"
            data-day=date.to_string()
            data-minutes=move || minutes.get()
            style:height=move || scale.with(height)
            on:click=click
        >
            <div class="lines" aria-hidden="true">{move || scale.with(hour_lines)}</div>
            <div class="hours own" aria-hidden="true">{own_labels}</div>
            <Cards segments shape=Shape::Block(minutes.into()) cards />
            <GhostCard date minutes=minutes.into() ghost display />
            {now_line}
        </div>
    }
}

/// Returns the minute of a click on the empty part of a column, rounded down to a step. `None` if
/// the click was on something in the column.
fn clicked_minute(event: &MouseEvent, minutes: u32) -> Option<i64> {
    let column = event.current_target()?.dyn_into::<HtmlElement>().ok()?;
    let target = event.target()?.dyn_into::<HtmlElement>().ok()?;
    if !target.is_same_node(Some(&column)) {
        return None;
    }
    let height = column.offset_height().max(1);
    let minute = event.offset_y().max(0) * minutes.cast_signed() / height;
    Some(i64::from(minute) / STEP_MINUTES * STEP_MINUTES)
}

/// Returns the CSS height of a day.
fn height(scale: &HourScale) -> String {
    format!("calc({} / 60 * var(--hour))", scale.minutes)
}

fn hour_labels(scale: &HourScale) -> impl IntoView + use<> {
    let label = |(at, label): &(u32, String)| {
        view! { <span style:top=percent(*at, scale.minutes)>{label.clone()}</span> }
    };
    scale.labels.iter().map(label).collect_view()
}

fn hour_lines(scale: &HourScale) -> impl IntoView + use<> {
    let line = |(at, _): &(u32, String)| view! { <i style:top=percent(*at, scale.minutes)></i> };
    scale.labels.iter().map(line).collect_view()
}
