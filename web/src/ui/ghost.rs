//! The ghost: where what is dragged would be.

use std::sync::Arc;

use appointments_client::DateTime;
use chrono::NaiveDate;
use leptos::prelude::*;

use crate::input::drag::Drag;
use crate::time::display::Display;
use crate::time::locale::long_day;
use crate::ui::card::percent;

/// Where something would be, and whether that is taken as far as is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ghost {
    pub(crate) title: String,
    pub(crate) color: Arc<str>,
    pub(crate) start: DateTime,
    pub(crate) end: DateTime,
    /// The first and the last day, if it lasts whole days.
    pub(crate) dates: Option<(NaiveDate, NaiveDate)>,
    pub(crate) is_taken: bool,
}

impl Ghost {
    /// Of a drag, in the colour of its calendar.
    pub(crate) fn new(drag: &Drag, color: Arc<str>, is_taken: bool, display: &Display) -> Self {
        let (start, end) = (drag.start, drag.end);
        let title = drag.of().map(|it| it.title.clone()).unwrap_or_default();
        let whole = drag.of().filter(|it| it.all_day);
        let dates = whole.map(|it| display.day_span((start, end), &it.time_zone));
        Self { title, color, start, end, dates, is_taken }
    }

    /// When it would be, for those who do not see it.
    pub(crate) fn said(&self, display: &Display) -> String {
        let (first, last) =
            self.dates.unwrap_or((display.date(self.start), display.date(self.end)));
        match self.dates {
            Some(_) if first == last => long_day(first),
            Some(_) => format!("{} – {}", long_day(first), long_day(last)),
            None => format!("{}, {}", long_day(first), display.stretch(self.start, self.end)),
        }
    }

    /// The days on which it would be.
    pub(crate) fn is_on(&self, date: NaiveDate, display: &Display) -> bool {
        match self.dates {
            Some((first, last)) => first <= date && date <= last,
            None => {
                let clock = &display.clock;
                self.start < clock.end(date) && self.end > clock.midnight(date)
            }
        }
    }

    /// From when until when it would be in a day, in minutes; none if it is not, or lasts all of it.
    fn minutes_in(&self, date: NaiveDate, display: &Display) -> Option<(u32, u32)> {
        if self.dates.is_some() || !self.is_on(date, display) {
            return None;
        }
        let (start, end) = (display.clock.midnight(date), display.clock.end(date));
        let minutes = |at: DateTime| u32::try_from((at - start).num_minutes()).unwrap_or_default();
        Some((minutes(self.start.max(start)), minutes(self.end.min(end))))
    }
}

/// What of it is in a column that is so many minutes long.
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
                <span>{display.stretch(ghost.start, ghost.end)}</span>
            </div>
        })
    }
}
