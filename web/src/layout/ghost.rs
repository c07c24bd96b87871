//! The drag preview ("ghost"): when a dragged appointment would take place. Pure.

use std::sync::Arc;

use appointments_client::DateTime;
use chrono::NaiveDate;

use crate::input::drag::Drag;
use crate::time::display::Display;
use crate::time::locale::long_day;

/// The preview of a drag.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ghost {
    /// The title; empty for a new appointment.
    pub(crate) title: String,
    /// The CSS colour of the calendar.
    pub(crate) color: Arc<str>,
    pub(crate) start: DateTime,
    pub(crate) end: DateTime,
    /// The first and the last day of an all-day appointment, else `None`.
    pub(crate) dates: Option<(NaiveDate, NaiveDate)>,
    /// Whether a known appointment already takes the time.
    pub(crate) is_taken: bool,
}

impl Ghost {
    /// Creates the preview of a drag, in the colour of its calendar.
    pub(crate) fn new(drag: &Drag, color: Arc<str>, is_taken: bool, display: &Display) -> Self {
        let title = drag.appointment().map(|it| it.title.clone()).unwrap_or_default();
        let all_day = drag.appointment().filter(|it| it.all_day);
        let dates = all_day.map(|it| display.day_span((drag.start, drag.end), &it.time_zone));
        Self { title, color, start: drag.start, end: drag.end, dates, is_taken }
    }

    /// Returns the day and time of the preview, for screen readers.
    pub(crate) fn announcement(&self, display: &Display) -> String {
        match self.dates {
            Some((first, last)) if first == last => long_day(first),
            Some((first, last)) => format!("{} – {}", long_day(first), long_day(last)),
            None => {
                let day = long_day(display.date(self.start));
                format!("{day}, {}", display.format_range(self.start, self.end))
            }
        }
    }

    /// Returns whether the preview covers a part of a day.
    pub(crate) fn is_on(&self, date: NaiveDate, display: &Display) -> bool {
        match self.dates {
            Some((first, last)) => first <= date && date <= last,
            None => {
                let clock = &display.clock;
                self.start < clock.end_of_day(date) && self.end > clock.start_of_day(date)
            }
        }
    }

    /// Returns the start and the end of the preview in a day's column, in minutes since the day
    /// began. `None` if the preview is all-day or on other days.
    pub(crate) fn minutes_in(&self, date: NaiveDate, display: &Display) -> Option<(u32, u32)> {
        if self.dates.is_some() || !self.is_on(date, display) {
            return None;
        }
        let start = display.clock.start_of_day(date);
        let end = display.clock.end_of_day(date);
        let minutes = |at: DateTime| u32::try_from((at - start).num_minutes()).unwrap_or_default();
        Some((minutes(self.start.max(start)), minutes(self.end.min(end))))
    }
}
