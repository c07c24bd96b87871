//! The card of the drag preview.

use chrono::NaiveDate;
use leptos::prelude::*;

use crate::layout::ghost::Ghost;
use crate::time::display::Display;
use crate::ui::card::percent;

/// Draws the part of the preview that is in a day's column. `minutes` is the length of the day.
#[component]
pub(crate) fn GhostCard(
    date: NaiveDate,
    minutes: Signal<u32>,
    ghost: Memo<Option<Ghost>>,
    display: Signal<Display>,
) -> impl IntoView {
    move || {
        let ghost = ghost.get()?;
        let display = display.get();
        let (from, until) = ghost.minutes_in(date, &display)?;
        let minutes = minutes.get();
        Some(view! {
            <div
                class="appointment ghost"
                class:taken=ghost.is_taken
                style:--color=ghost.color.to_string()
                style:top=percent(from, minutes)
                style:height=percent(until - from, minutes)
            >
                <strong>{ghost.title.clone()}</strong>
                <span>{display.format_range(ghost.start, ghost.end)}</span>
            </div>
        })
    }
}
