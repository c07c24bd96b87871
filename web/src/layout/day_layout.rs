//! The appointments of each day as segments, in minutes since the day began. Pure.

use std::sync::Arc;

use appointments_client::{Appointment, DateTime, RangeView, Shared};
use chrono::{NaiveDate, TimeDelta, Timelike};

use crate::layout::lanes::{Lane, lanes};
use crate::time::display::Display;

/// The shortest segment that is drawn. Shorter ones are drawn as long as this, to be readable.
const MIN_DRAWN_MINUTES: u32 = 25;
/// The step in which full hours are searched. All clock changes are multiples of it.
const LABEL_STEP_MINUTES: usize = 15;

/// A calendar's appointments and its CSS colour.
#[derive(Debug)]
pub(crate) struct ColoredView<'v> {
    pub(crate) color: Arc<str>,
    pub(crate) view: &'v RangeView,
}

/// The appointments of one day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Day {
    pub(crate) date: NaiveDate,
    pub(crate) is_today: bool,
    pub(crate) all_day: Vec<Segment>,
    /// The segments with hours, ordered by start.
    pub(crate) timed: Vec<Segment>,
}

/// The part of an appointment that is in one day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) appointment: Shared<Appointment>,
    /// The formatted time: `09:00–10:30`, `all day`, `ends 06:00` or `continues`.
    pub(crate) time: Arc<str>,
    /// The CSS colour of the calendar.
    pub(crate) color: Arc<str>,
    pub(crate) is_pending: bool,
    /// The minute at which the segment is drawn; 0 for an all-day appointment.
    pub(crate) from: u32,
    /// The minute until which the segment is drawn; 0 for an all-day appointment.
    pub(crate) until: u32,
    /// Whether the appointment ends in this day.
    pub(crate) is_last: bool,
    pub(crate) lane: Lane,
}

impl Day {
    /// Returns all segments in the order of a list: all-day appointments first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Segment> {
        self.all_day.iter().chain(&self.timed)
    }
}

/// Lays out the appointments of consecutive days. `dragged` is drawn as it was when the drag
/// began, whatever has changed since.
pub(crate) fn layout_days(
    dates: &[NaiveDate],
    today: NaiveDate,
    views: &[ColoredView<'_>],
    dragged: Option<&Shared<Appointment>>,
    display: &Display,
) -> Vec<Day> {
    let mut days: Vec<Day> = dates
        .iter()
        .map(|&date| Day { date, is_today: date == today, all_day: Vec::new(), timed: Vec::new() })
        .collect();
    let bounds: Vec<(DateTime, DateTime)> = dates
        .iter()
        .map(|it| (display.clock.start_of_day(*it), display.clock.end_of_day(*it)))
        .collect();
    for ColoredView { color, view } in views {
        for it in &view.appointments {
            let it = dragged.filter(|dragged| dragged.id == it.id).unwrap_or(it);
            let segment = Segment {
                appointment: it.clone(),
                time: display.format_time(it).into(),
                color: color.clone(),
                is_pending: view.is_pending(&it.id),
                from: 0,
                until: 0,
                is_last: false,
                lane: Lane { number: 0, count: 1 },
            };
            if it.all_day {
                add_all_day(&mut days, &segment, display);
            } else {
                add_timed(&mut days, &bounds, &segment, display);
            }
        }
    }
    for day in &mut days {
        day.timed.sort_by_key(|it| it.from);
        let spans: Vec<_> = day.timed.iter().map(|it| (it.from, it.until)).collect();
        day.timed.iter_mut().zip(lanes(&spans)).for_each(|(it, lane)| it.lane = lane);
    }
    days
}

/// Adds an all-day appointment to each of its days.
fn add_all_day(days: &mut [Day], segment: &Segment, display: &Display) {
    let it = &segment.appointment;
    let (first, last) = display.day_span((it.starts_at, it.ends_at), &it.time_zone);
    for day in days.iter_mut().filter(|day| first <= day.date && day.date <= last) {
        day.all_day.push(Segment { is_last: day.date == last, ..segment.clone() });
    }
}

/// Adds an appointment with hours to each day that it overlaps. `bounds` are the days' starts and
/// ends.
fn add_timed(
    days: &mut [Day],
    bounds: &[(DateTime, DateTime)],
    segment: &Segment,
    display: &Display,
) {
    let it = &segment.appointment;
    for (day, (start, end)) in days.iter_mut().zip(bounds) {
        if it.starts_at >= *end || it.ends_at <= *start {
            continue;
        }
        let from = minutes(it.starts_at.max(*start) - *start);
        let drawn_end = minutes(it.ends_at.min(*end) - *start).max(from + MIN_DRAWN_MINUTES);
        let time = if it.starts_at < *start {
            display.format_continuation(it.ends_at, *end).into()
        } else {
            segment.time.clone()
        };
        day.timed.push(Segment {
            time,
            from,
            until: drawn_end.min(minutes(*end - *start)),
            is_last: it.ends_at <= *end,
            ..segment.clone()
        });
    }
}

/// The length of a day, and the positions of its full hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HourScale {
    /// The length of the day. It is not 24 hours on days with a clock change.
    pub(crate) minutes: u32,
    /// The minute and the label of each full hour of the wall clock.
    pub(crate) labels: Vec<(u32, String)>,
}

impl HourScale {
    /// Returns the scale of a day.
    pub(crate) fn of(date: NaiveDate, display: &Display) -> Self {
        let start = display.clock.start_of_day(date);
        let length = minutes(display.clock.end_of_day(date) - start);
        let label = |at: u32| {
            let time = display.clock.to_wall(start + TimeDelta::minutes(at.into()));
            (time.minute() == 0).then(|| (at, display.locale.format_hour(time)))
        };
        let labels = (0..length).step_by(LABEL_STEP_MINUTES).filter_map(label).collect();
        Self { minutes: length, labels }
    }

    /// Returns the minute of an instant in a day, or `None` if it is on another day.
    pub(crate) fn minute(date: NaiveDate, at: DateTime, display: &Display) -> Option<u32> {
        let is_on_day = display.date(at) == date;
        is_on_day.then(|| minutes(at - display.clock.start_of_day(date)))
    }
}

fn minutes(length: TimeDelta) -> u32 {
    u32::try_from(length.num_minutes()).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::Weekday;

    use super::*;
    use crate::time::locale::{Language, Locale};
    use crate::time::wall_clock::tests::clock;

    /// Returns the display settings of a zone, in British English.
    pub(crate) fn display(zone: &str) -> Display {
        let locale = Locale {
            language: Language::English,
            is_american: false,
            first_weekday: Weekday::Mon,
            is_12_hour: false,
        };
        Display::new(clock(zone), locale)
    }

    #[track_caller]
    fn check(zone: &str, date: &str, length: u32, labels: &str) {
        let hours = HourScale::of(date.parse().expect("a day"), &display(zone));
        let written = hours.labels.iter().map(|(at, label)| format!("{at}={label}"));
        assert_eq!(hours.minutes, length);
        let written = written.collect::<Vec<_>>().join(" ");
        assert!(written.contains(labels), "{written}");
    }

    #[test]
    fn labels_are_at_full_hours_of_the_wall_clock() {
        check("Europe/Berlin", "2026-11-24", 24 * 60, "0=00:00 60=01:00 120=02:00 180=03:00");
        check("Europe/Berlin", "2026-03-29", 23 * 60, "60=01:00 120=03:00 180=04:00");
        check("Europe/Berlin", "2026-10-25", 25 * 60, "120=02:00 180=02:00 240=03:00");
        // At 02:00 the clock goes back to 01:30.
        check("Australia/Lord_Howe", "2026-04-05", 24 * 60 + 30, "60=01:00 150=02:00 210=03:00");
        check("America/Sao_Paulo", "2018-11-04", 23 * 60, "0=01:00 60=02:00");
        check("Pacific/Apia", "2011-12-30", 0, "");
    }
}
