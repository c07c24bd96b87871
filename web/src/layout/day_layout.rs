//! What stands in each day: segments of appointments, in minutes since the day began. Pure.

use std::sync::Arc;

use appointments_client::{Appointment, DateTime, RangeView, Shared};
use chrono::{NaiveDate, TimeDelta, Timelike};

use crate::layout::lanes::{Lane, lanes};
use crate::time::display::Display;

/// What is shorter is drawn so long, so that it can be read.
const MIN_DRAWN_MINUTES: u32 = 25;
/// WallClock change by so many minutes at least, and by multiples of them.
const LABEL_STEP_MINUTES: u32 = 15;

/// What a calendar has, and the colour in which that is shown.
pub(crate) struct ColoredView<'v> {
    pub(crate) color: Arc<str>,
    pub(crate) view: &'v RangeView,
}

/// One day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Day {
    pub(crate) date: NaiveDate,
    pub(crate) is_today: bool,
    pub(crate) all_day: Vec<Segment>,
    pub(crate) segments: Vec<Segment>,
}

/// The part of an appointment that is in a day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) appointment: Shared<Appointment>,
    /// When it is, as it is written.
    pub(crate) hours: Arc<str>,
    pub(crate) color: Arc<str>,
    pub(crate) is_pending: bool,
    /// From when until when it is drawn.
    pub(crate) from: u32,
    pub(crate) until: u32,
    /// Whether it is over in this day.
    pub(crate) is_last: bool,
    pub(crate) lane: Lane,
}

impl Day {
    /// All of it, in the order in which it is listed: whole days first.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Segment> {
        self.all_day.iter().chain(&self.segments)
    }
}

/// What is shown in each of some days. `held` is shown as it is here, whatever has become of it.
pub(crate) fn days(
    dates: &[NaiveDate],
    today: NaiveDate,
    shown: &[ColoredView<'_>],
    held: Option<&Shared<Appointment>>,
    display: &Display,
) -> Vec<Day> {
    let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return Vec::new() };
    let empty = |&date: &NaiveDate| Day {
        date,
        is_today: date == today,
        all_day: Vec::new(),
        segments: Vec::new(),
    };
    let mut days: Vec<_> = dates.iter().map(empty).collect();
    let stretches: Vec<_> =
        dates.iter().map(|it| (display.clock.midnight(*it), display.clock.end(*it))).collect();
    for ColoredView { color, view } in shown {
        for it in &view.appointments {
            let it = held.filter(|held| held.id == it.id).unwrap_or(it);
            let whole: Arc<str> = display.hours(it).into();
            let segment = |from, until, is_last, hours| Segment {
                appointment: it.clone(),
                hours,
                color: color.clone(),
                is_pending: view.is_pending(&it.id),
                from,
                until,
                is_last,
                lane: Lane { number: 0, of: 1 },
            };
            if it.all_day {
                let (from, until) = display.day_span((it.starts_at, it.ends_at), &it.time_zone);
                if from <= *last && until >= *first {
                    let within = days.iter_mut().filter(|it| from <= it.date && it.date <= until);
                    within.for_each(|day| {
                        day.all_day.push(segment(0, 0, day.date == until, whole.clone()));
                    });
                }
                continue;
            }
            for (day, (start, end)) in days.iter_mut().zip(&stretches) {
                if it.starts_at < *end && it.ends_at > *start {
                    let from = minutes(it.starts_at.max(*start) - *start);
                    let until =
                        minutes(it.ends_at.min(*end) - *start).max(from + MIN_DRAWN_MINUTES);
                    let until = until.min(minutes(*end - *start));
                    let hours = if it.starts_at < *start {
                        display.format_continuation(it.ends_at, *end).into()
                    } else {
                        whole.clone()
                    };
                    day.segments.push(segment(from, until, it.ends_at <= *end, hours));
                }
            }
        }
    }
    for day in &mut days {
        day.segments.sort_by_key(|it| it.from);
        let stretches: Vec<_> = day.segments.iter().map(|it| (it.from, it.until)).collect();
        day.segments.iter_mut().zip(lanes(&stretches)).for_each(|(it, lane)| it.lane = lane);
    }
    days
}

/// How long a day is, and where in it clocks show a full hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HourScale {
    pub(crate) minutes: u32,
    pub(crate) labels: Vec<(u32, String)>,
}

impl HourScale {
    /// Of a day, which may be one on which clocks are changed.
    pub(crate) fn of(date: NaiveDate, display: &Display) -> Self {
        let (start, end) = (display.clock.midnight(date), display.clock.end(date));
        let length = minutes(end - start);
        let label = |at: u32| {
            let wall = display.clock.to_wall(start + TimeDelta::minutes(at.into()));
            (wall.minute() == 0).then(|| (at, display.locale.full_hour(wall)))
        };
        let labels = (0..length).step_by(LABEL_STEP_MINUTES as usize).filter_map(label).collect();
        Self { minutes: length, labels }
    }

    /// Where in the day an instant is, if it is in it.
    pub(crate) fn minute(date: NaiveDate, at: DateTime, display: &Display) -> Option<u32> {
        let is_within = display.date(at) == date;
        is_within.then(|| minutes(at - display.clock.midnight(date)))
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

    /// One looks from a zone, in English.
    pub(crate) fn display(zone: &str) -> Display {
        let locale = Locale { language: Language::English, first: Weekday::Mon, is_12_hour: false };
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
    fn every_label_is_right() {
        check("Europe/Berlin", "2026-11-24", 24 * 60, "0=00:00 60=01:00 120=02:00 180=03:00");
        check("Europe/Berlin", "2026-03-29", 23 * 60, "60=01:00 120=03:00 180=04:00");
        check("Europe/Berlin", "2026-10-25", 25 * 60, "120=02:00 180=02:00 240=03:00");
        // From two o'clock on clocks show half past one.
        check("Australia/Lord_Howe", "2026-04-05", 24 * 60 + 30, "60=01:00 150=02:00 210=03:00");
        check("America/Sao_Paulo", "2018-11-04", 23 * 60, "0=01:00 60=02:00");
        check("Pacific/Apia", "2011-12-30", 0, "");
    }
}
