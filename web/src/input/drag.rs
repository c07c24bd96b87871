//! Drags: what an appointment becomes while it is moved, or made longer, or drawn where nothing is. Pure.

use appointments_client::{Appointment, DateTime, Shared};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use crate::time::display::Display;

/// Everything snaps to so many minutes.
pub(crate) const STEP_MINUTES: i64 = 15;

/// A place in a view: a day, and how many minutes of it have gone by; none of them means the day as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) date: NaiveDate,
    pub(crate) minute: Option<u32>,
}

/// What is held.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Handle {
    /// Nothing yet: something is drawn, in a calendar.
    Slot(String),
    Whole(Shared<Appointment>),
    End(Shared<Appointment>),
}

/// A drag: what is held, where that began, and when it would be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drag {
    pub(crate) handle: Handle,
    began: Spot,
    pub(crate) start: DateTime,
    pub(crate) end: DateTime,
}

impl Drag {
    pub(crate) fn new(handle: Handle, began: Spot, display: &Display) -> Self {
        let (start, end) = match &handle {
            Handle::Slot(_) => {
                let start = floor(began.at(display));
                (start, start + TimeDelta::minutes(STEP_MINUTES))
            }
            Handle::Whole(it) | Handle::End(it) => (it.starts_at, it.ends_at),
        };
        Self { handle, began, start, end }
    }

    /// What is moved or made longer, if it is not new.
    pub(crate) fn of(&self) -> Option<&Shared<Appointment>> {
        match &self.handle {
            Handle::Slot(_) => None,
            Handle::Whole(it) | Handle::End(it) => Some(it),
        }
    }

    /// The calendar in which it happens.
    pub(crate) fn calendar(&self) -> &str {
        match &self.handle {
            Handle::Slot(calendar) => calendar,
            Handle::Whole(it) | Handle::End(it) => it.calendar_id.as_str(),
        }
    }

    /// Whether anything would be different.
    pub(crate) fn has_moved(&self) -> bool {
        self.of().is_none_or(|it| (it.starts_at, it.ends_at) != (self.start, self.end))
    }

    /// The same, held elsewhere.
    pub(crate) fn with_handle(self, handle: Handle) -> Self {
        Self { handle, ..self }
    }

    /// Over another place. What has hours stays where it was over one that has none.
    pub(crate) fn over(self, spot: Spot, display: &Display) -> Self {
        if spot.minute.is_none() && !matches!(self.handle, Handle::Whole(_)) {
            return self;
        }
        let (start, end) = match &self.handle {
            Handle::Slot(_) => {
                let (one, other) = (floor(self.began.at(display)), floor(spot.at(display)));
                (one.min(other), one.max(other) + TimeDelta::minutes(STEP_MINUTES))
            }
            Handle::Whole(it) => {
                let way = self.began.minute.zip(spot.minute);
                let way = way.map_or(spot.date - self.began.date, |_| {
                    display.clock.to_wall(spot.at(display))
                        - display.clock.to_wall(self.began.at(display))
                });
                shift_appointment(it, (it.starts_at, it.ends_at), way, display)
            }
            Handle::End(it) => {
                let end = floor(spot.at(display) + TimeDelta::minutes(STEP_MINUTES / 2));
                resize((it.starts_at, end), TimeDelta::zero())
            }
        };
        Self { start, end, ..self }
    }

    /// So many days and minutes further, as keys do it.
    pub(crate) fn by(self, days: i64, minutes: i64, display: &Display) -> Self {
        let time = (self.start, self.end);
        let way = TimeDelta::days(days) + TimeDelta::minutes(minutes);
        let (start, end) = match &self.handle {
            Handle::Slot(_) => time,
            Handle::Whole(it) => shift_appointment(it, time, way, display),
            Handle::End(_) => resize(time, way),
        };
        Self { start, end, ..self }
    }
}

impl Spot {
    fn at(self, display: &Display) -> DateTime {
        display.clock.midnight(self.date) + TimeDelta::minutes(self.minute.unwrap_or(0).into())
    }
}

/// A time, so far from where it is on the clocks on the wall: an hour stays that hour, whatever happens to clocks on the way.
/// What lasts whole days goes by whole days.
pub(crate) fn shift_range(
    (start, end): (DateTime, DateTime),
    is_all_day: bool,
    way: TimeDelta,
    display: &Display,
) -> (DateTime, DateTime) {
    if is_all_day {
        let way = TimeDelta::days(way.num_days());
        let further = |at| display.clock.midnight(display.date(at) + way);
        return (further(start), further(end));
    }
    if way.is_zero() {
        return (start, end);
    }
    let there = display.clock.to_wall(start) + way;
    // (By whole days, an hour between two steps stays that hour.)
    let is_by_days = (way - TimeDelta::days(way.num_days())).is_zero();
    let moved = display.clock.from_wall(if is_by_days { there } else { snapped(there) });
    (moved, moved + (end - start))
}

/// A time that is longer, or shorter, but not too short to be held.
pub(crate) fn resize((start, end): (DateTime, DateTime), by: TimeDelta) -> (DateTime, DateTime) {
    (start, (end + by).max(start + TimeDelta::minutes(STEP_MINUTES)))
}

/// An appointment that would be so far from a time; its whole days are those of its own zone.
fn shift_appointment(
    it: &Appointment,
    time: (DateTime, DateTime),
    way: TimeDelta,
    display: &Display,
) -> (DateTime, DateTime) {
    if it.all_day {
        return shift_range(time, true, way, &display.in_zone(it.time_zone.as_str()));
    }
    shift_range(time, false, way, display)
}

/// The nearest time to which things snap.
fn snapped(wall: NaiveDateTime) -> NaiveDateTime {
    let past =
        TimeDelta::seconds(i64::from(wall.num_seconds_from_midnight()) % (STEP_MINUTES * 60));
    let before = wall - past;
    if past * 2 < TimeDelta::minutes(STEP_MINUTES) {
        before
    } else {
        before + TimeDelta::minutes(STEP_MINUTES)
    }
}

/// The last time to which things snap. (Zones differ by multiples of it.)
fn floor(at: DateTime) -> DateTime {
    at - TimeDelta::seconds(at.timestamp().rem_euclid(STEP_MINUTES * 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::availability::tests::appointment;
    use crate::layout::day_layout::tests::display;

    fn spot(day: u32, minute: u32) -> Spot {
        Spot { date: NaiveDate::from_ymd_opt(2026, 11, day).expect("a day"), minute: Some(minute) }
    }

    #[track_caller]
    fn check(drag: &Drag, start: &str, end: &str) {
        assert_eq!(
            (drag.start.to_rfc3339(), drag.end.to_rfc3339()),
            (start.to_owned() + ":00+00:00", end.to_owned() + ":00+00:00")
        );
    }

    #[test]
    fn it_snaps_and_keeps_its_length() {
        let display = display("UTC");
        let held = Shared::new(appointment("a", "09:07", "10:00"));
        let drag = Drag::new(Handle::Whole(held.clone()), spot(24, 560), &display);
        assert!(!drag.clone().over(spot(24, 560), &display).has_moved(), "it is where it was");
        check(&drag.clone().over(spot(25, 592), &display), "2026-11-25T09:45", "2026-11-25T10:38");
        check(&drag.over(spot(23, 5), &display), "2026-11-22T23:45", "2026-11-23T00:38");
        let drag = Drag::new(Handle::End(held.clone()), spot(24, 598), &display);
        check(&drag.clone().over(spot(24, 620), &display), "2026-11-24T09:07", "2026-11-24T10:15");
        check(&drag.clone().over(spot(24, 100), &display), "2026-11-24T09:07", "2026-11-24T09:22");
        check(&drag.clone().by(0, 30, &display), "2026-11-24T09:07", "2026-11-24T10:30");
        // Days have no hour for an end; and by whole days nothing snaps.
        let day = Spot { minute: None, ..spot(26, 0) };
        check(&drag.clone().over(day, &display), "2026-11-24T09:07", "2026-11-24T10:00");
        let drag = drag.with_handle(Handle::Whole(held));
        check(&drag.over(day, &display), "2026-11-26T09:07", "2026-11-26T10:00");
    }

    #[test]
    fn what_is_drawn_goes_both_ways() {
        let display = display("UTC");
        let drag = Drag::new(Handle::Slot("mine".to_owned()), spot(24, 607), &display);
        check(&drag, "2026-11-24T10:00", "2026-11-24T10:15");
        check(&drag.clone().over(spot(24, 650), &display), "2026-11-24T10:00", "2026-11-24T11:00");
        check(&drag.over(spot(24, 560), &display), "2026-11-24T09:15", "2026-11-24T10:15");
    }

    #[test]
    fn an_hour_stays_that_hour() {
        // WallClock in Vienna go forward in the night to the 29th of March.
        let display = display("Europe/Vienna");
        let mut late = appointment("a", "09:00", "10:00");
        late.starts_at = "2026-03-28T20:00:00Z".parse().expect("an instant");
        late.ends_at = "2026-03-28T21:00:00Z".parse().expect("an instant");
        let date = |day| NaiveDate::from_ymd_opt(2026, 3, day).expect("a day");
        let began = Spot { date: date(28), minute: Some(21 * 60 + 30) };
        let drag = Drag::new(Handle::Whole(Shared::new(late.clone())), began, &display);
        // (Of the 29th an hour is missing.)
        let over = Spot { date: date(29), minute: Some(20 * 60 + 30) };
        check(&drag.clone().over(over, &display), "2026-03-29T19:00", "2026-03-29T20:00");
        check(&drag.clone().by(1, 0, &display), "2026-03-29T19:00", "2026-03-29T20:00");
        let whole = Spot { date: date(30), minute: None };
        check(&drag.over(whole, &display), "2026-03-30T19:00", "2026-03-30T20:00");

        // Whole days are those of their own zone.
        late.all_day = true;
        late.time_zone = appointments_client::TimeZone::new("Europe/Vienna");
        late.starts_at = "2026-03-28T23:00:00Z".parse().expect("an instant");
        late.ends_at = "2026-03-29T22:00:00Z".parse().expect("an instant");
        let whole = |day| Spot { date: date(day), minute: None };
        let there = crate::layout::day_layout::tests::display("Asia/Tokyo");
        let drag = Drag::new(Handle::Whole(Shared::new(late.clone())), whole(29), &there);
        check(&drag.over(whole(28), &there), "2026-03-27T23:00", "2026-03-28T23:00");

        // Also where the last of them is over at a midnight that does not exist.
        late.time_zone = appointments_client::TimeZone::new("America/Santiago");
        late.starts_at = "2026-09-05T04:00:00Z".parse().expect("an instant");
        late.ends_at = "2026-09-06T04:00:00Z".parse().expect("an instant");
        let drag = Drag::new(Handle::Whole(Shared::new(late)), whole(5), &there);
        check(&drag.by(1, 0, &there), "2026-09-06T04:00", "2026-09-07T03:00");
    }
}
