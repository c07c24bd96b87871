//! Drags: the new time of an appointment while it is moved, resized or drawn. Pure.

use appointments_client::{Appointment, DateTime, Shared};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use crate::time::display::Display;

/// Dragged times snap to multiples of this.
pub(crate) const STEP_MINUTES: i64 = 15;

/// A point in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) date: NaiveDate,
    /// The minutes since the day began. `None` is the day as a whole.
    pub(crate) minute: Option<u32>,
}

/// The part of an appointment that is dragged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Handle {
    /// An empty slot: a new appointment is drawn, in the calendar with this id.
    Slot(String),
    /// The whole appointment, to move it.
    Whole(Shared<Appointment>),
    /// The end of the appointment, to resize it.
    End(Shared<Appointment>),
}

/// A drag: where it began, and the time that the appointment would have.
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
                let start = floor(began.instant(display));
                (start, start + TimeDelta::minutes(STEP_MINUTES))
            }
            Handle::Whole(it) | Handle::End(it) => (it.starts_at, it.ends_at),
        };
        Self { handle, began, start, end }
    }

    /// Returns the dragged appointment, or `None` if a new one is drawn.
    pub(crate) fn appointment(&self) -> Option<&Shared<Appointment>> {
        match &self.handle {
            Handle::Slot(_) => None,
            Handle::Whole(it) | Handle::End(it) => Some(it),
        }
    }

    /// Returns the id of the calendar.
    pub(crate) fn calendar(&self) -> &str {
        match &self.handle {
            Handle::Slot(calendar) => calendar,
            Handle::Whole(it) | Handle::End(it) => it.calendar_id.as_str(),
        }
    }

    /// Returns whether the time has changed. It always has for a new appointment.
    pub(crate) fn has_moved(&self) -> bool {
        self.appointment().is_none_or(|it| (it.starts_at, it.ends_at) != (self.start, self.end))
    }

    /// Returns the drag with another handle and the same time.
    pub(crate) fn with_handle(self, handle: Handle) -> Self {
        Self { handle, ..self }
    }

    /// Returns the drag with the pointer at a spot. A resize ignores spots without a minute.
    pub(crate) fn drag_to(self, spot: Spot, display: &Display) -> Self {
        if spot.minute.is_none() && !matches!(self.handle, Handle::Whole(_)) {
            return self;
        }
        let (start, end) = match &self.handle {
            Handle::Slot(_) => {
                let one = floor(self.began.instant(display));
                let other = floor(spot.instant(display));
                (one.min(other), one.max(other) + TimeDelta::minutes(STEP_MINUTES))
            }
            Handle::Whole(it) => {
                let by = if self.began.minute.is_some() && spot.minute.is_some() {
                    let clock = &display.clock;
                    clock.to_wall(spot.instant(display))
                        - clock.to_wall(self.began.instant(display))
                } else {
                    spot.date - self.began.date
                };
                shift_appointment(it, (it.starts_at, it.ends_at), by, display)
            }
            Handle::End(it) => {
                let end = floor(spot.instant(display) + TimeDelta::minutes(STEP_MINUTES / 2));
                resize((it.starts_at, end), TimeDelta::zero())
            }
        };
        Self { start, end, ..self }
    }

    /// Returns the drag after an arrow key has moved it by days and minutes.
    pub(crate) fn move_by(self, days: i64, minutes: i64, display: &Display) -> Self {
        let time = (self.start, self.end);
        let by = TimeDelta::days(days) + TimeDelta::minutes(minutes);
        let (start, end) = match &self.handle {
            Handle::Slot(_) => time,
            Handle::Whole(it) => shift_appointment(it, time, by, display),
            Handle::End(_) => resize(time, by),
        };
        Self { start, end, ..self }
    }
}

impl Spot {
    fn instant(self, display: &Display) -> DateTime {
        let minutes = TimeDelta::minutes(self.minute.unwrap_or(0).into());
        display.clock.start_of_day(self.date) + minutes
    }
}

/// Shifts a time on the wall clock: 09:00 stays 09:00 across a clock change. An all-day time is
/// shifted by whole days.
pub(crate) fn shift_range(
    (start, end): (DateTime, DateTime),
    is_all_day: bool,
    by: TimeDelta,
    display: &Display,
) -> (DateTime, DateTime) {
    if is_all_day {
        let by = TimeDelta::days(by.num_days());
        let shift = |at| display.clock.start_of_day(display.date(at) + by);
        return (shift(start), shift(end));
    }
    if by.is_zero() {
        return (start, end);
    }
    let target = display.clock.to_wall(start) + by;
    // A shift by whole days keeps a time that is not a multiple of the step.
    let is_by_days = (by - TimeDelta::days(by.num_days())).is_zero();
    let shifted = display.clock.to_instant(if is_by_days { target } else { snap(target) });
    (shifted, shifted + (end - start))
}

/// Moves the end of a time. The time stays at least one step long.
pub(crate) fn resize((start, end): (DateTime, DateTime), by: TimeDelta) -> (DateTime, DateTime) {
    (start, (end + by).max(start + TimeDelta::minutes(STEP_MINUTES)))
}

/// Shifts a time of an appointment. All-day appointments are shifted in their own zone.
fn shift_appointment(
    it: &Appointment,
    time: (DateTime, DateTime),
    by: TimeDelta,
    display: &Display,
) -> (DateTime, DateTime) {
    if it.all_day {
        return shift_range(time, true, by, &display.in_zone(it.time_zone.as_str()));
    }
    shift_range(time, false, by, display)
}

/// Rounds a local time to the nearest step.
fn snap(time: NaiveDateTime) -> NaiveDateTime {
    let seconds = i64::from(time.num_seconds_from_midnight());
    let past = TimeDelta::seconds(seconds % (STEP_MINUTES * 60));
    let step = TimeDelta::minutes(STEP_MINUTES);
    let before = time - past;
    if past * 2 < step { before } else { before + step }
}

/// Rounds an instant down to a step. The offsets of all zones are multiples of it.
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
    fn a_drag_snaps_and_keeps_the_length() {
        let display = display("UTC");
        let review = Shared::new(appointment("a", "09:07", "10:00"));
        let drag = Drag::new(Handle::Whole(review.clone()), spot(24, 560), &display);
        assert!(
            !drag.clone().drag_to(spot(24, 560), &display).has_moved(),
            "the pointer is where it began"
        );
        check(
            &drag.clone().drag_to(spot(25, 592), &display),
            "2026-11-25T09:45",
            "2026-11-25T10:38",
        );
        check(&drag.drag_to(spot(23, 5), &display), "2026-11-22T23:45", "2026-11-23T00:38");
        let drag = Drag::new(Handle::End(review.clone()), spot(24, 598), &display);
        check(
            &drag.clone().drag_to(spot(24, 620), &display),
            "2026-11-24T09:07",
            "2026-11-24T10:15",
        );
        check(
            &drag.clone().drag_to(spot(24, 100), &display),
            "2026-11-24T09:07",
            "2026-11-24T09:22",
        );
        check(&drag.clone().move_by(0, 30, &display), "2026-11-24T09:07", "2026-11-24T10:30");
        // A day as a whole has no time for an end. A move by whole days does not snap.
        let day = Spot { minute: None, ..spot(26, 0) };
        check(&drag.clone().drag_to(day, &display), "2026-11-24T09:07", "2026-11-24T10:00");
        let drag = drag.with_handle(Handle::Whole(review));
        check(&drag.drag_to(day, &display), "2026-11-26T09:07", "2026-11-26T10:00");
    }

    #[test]
    fn a_new_appointment_is_drawn_in_both_directions() {
        let display = display("UTC");
        let drag = Drag::new(Handle::Slot("mine".to_owned()), spot(24, 607), &display);
        check(&drag, "2026-11-24T10:00", "2026-11-24T10:15");
        check(
            &drag.clone().drag_to(spot(24, 650), &display),
            "2026-11-24T10:00",
            "2026-11-24T11:00",
        );
        check(&drag.drag_to(spot(24, 560), &display), "2026-11-24T09:15", "2026-11-24T10:15");
    }

    #[test]
    fn a_move_keeps_the_local_time() {
        // Clocks in Vienna go forward in the night to 29 March.
        let vienna = display("Europe/Vienna");
        let mut late = appointment("a", "09:00", "10:00");
        late.starts_at = "2026-03-28T20:00:00Z".parse().expect("an instant");
        late.ends_at = "2026-03-28T21:00:00Z".parse().expect("an instant");
        let date = |day| NaiveDate::from_ymd_opt(2026, 3, day).expect("a day");
        let began = Spot { date: date(28), minute: Some(21 * 60 + 30) };
        let drag = Drag::new(Handle::Whole(Shared::new(late.clone())), began, &vienna);
        // 29 March has 23 hours.
        let over = Spot { date: date(29), minute: Some(20 * 60 + 30) };
        check(&drag.clone().drag_to(over, &vienna), "2026-03-29T19:00", "2026-03-29T20:00");
        check(&drag.clone().move_by(1, 0, &vienna), "2026-03-29T19:00", "2026-03-29T20:00");
        let whole = Spot { date: date(30), minute: None };
        check(&drag.drag_to(whole, &vienna), "2026-03-30T19:00", "2026-03-30T20:00");

        // All-day appointments keep the days of their own zone.
        late.all_day = true;
        late.time_zone = appointments_client::TimeZone::new("Europe/Vienna");
        late.starts_at = "2026-03-28T23:00:00Z".parse().expect("an instant");
        late.ends_at = "2026-03-29T22:00:00Z".parse().expect("an instant");
        let whole = |day| Spot { date: date(day), minute: None };
        let tokyo = display("Asia/Tokyo");
        let drag = Drag::new(Handle::Whole(Shared::new(late.clone())), whole(29), &tokyo);
        check(&drag.drag_to(whole(28), &tokyo), "2026-03-27T23:00", "2026-03-28T23:00");

        // The last day may end at a midnight that the clock skips.
        late.time_zone = appointments_client::TimeZone::new("America/Santiago");
        late.starts_at = "2026-09-05T04:00:00Z".parse().expect("an instant");
        late.ends_at = "2026-09-06T04:00:00Z".parse().expect("an instant");
        let drag = Drag::new(Handle::Whole(Shared::new(late)), whole(5), &tokyo);
        check(&drag.move_by(1, 0, &tokyo), "2026-09-06T04:00", "2026-09-07T03:00");
    }
}
