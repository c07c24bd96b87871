//! The text of the form's date and time fields: formatting and parsing. Pure.

use appointments_client::DateTime;
use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use crate::time::display::Display;

/// The format of a browser's `datetime-local` field.
const TIME_FORMAT: &str = "%Y-%m-%dT%H:%M";
/// The format of a browser's `date` field.
const DAY_FORMAT: &str = "%Y-%m-%d";

/// Formats the start and the end of an appointment. An all-day appointment has its first and its
/// last day.
pub(super) fn format_fields(
    (start, end): (DateTime, DateTime),
    is_all_day: bool,
    display: &Display,
) -> (String, String) {
    let format = |at, format| display.clock.to_wall(at).format(format).to_string();
    if is_all_day {
        return (format(start, DAY_FORMAT), format(end - TimeDelta::seconds(1), DAY_FORMAT));
    }
    (format(start, TIME_FORMAT), format(end, TIME_FORMAT))
}

pub(super) fn format_day(day: NaiveDate) -> String {
    day.format(DAY_FORMAT).to_string()
}

/// Parses a time field. Some browsers add seconds, which are ignored.
pub(super) fn parse_time(text: &str) -> Option<NaiveDateTime> {
    let text = text.get(..16).unwrap_or(text);
    NaiveDateTime::parse_from_str(text, TIME_FORMAT).ok().filter(|it| is_plausible(it.year()))
}

pub(super) fn parse_day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, DAY_FORMAT).ok().filter(|it| is_plausible(it.year()))
}

/// Rejects years that are only typed in part, such as 0020.
fn is_plausible(year: i32) -> bool {
    (1900..2200).contains(&year)
}
