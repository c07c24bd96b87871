//! Drags: what an appointment becomes while it is moved, or made longer, or drawn where nothing is. Pure.

use appointments_client::{Appointment, DateTime, Shared};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use crate::time::display::Sight;

/// Everything snaps to so many minutes.
pub(crate) const STEP: i64 = 15;

/// A place in a view: a day, and how many minutes of it have gone by; none of them means the day as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) date: NaiveDate,
    pub(crate) minute: Option<u32>,
}

/// What is held.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Grip {
    /// Nothing yet: something is drawn, in a calendar.
    Slot(String),
    Whole(Shared<Appointment>),
    End(Shared<Appointment>),
}

/// A drag: what is held, where that began, and when it would be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drag {
    pub(crate) grip: Grip,
    began: Spot,
    pub(crate) start: DateTime,
    pub(crate) end: DateTime,
}

impl Drag {
    pub(crate) fn new(grip: Grip, began: Spot, sight: &Sight) -> Self {
        let (start, end) = match &grip {
            Grip::Slot(_) => {
                let start = floor(began.at(sight));
                (start, start + TimeDelta::minutes(STEP))
            }
            Grip::Whole(it) | Grip::End(it) => (it.starts_at, it.ends_at),
        };
        Self { grip, began, start, end }
    }

    /// What is moved or made longer, if it is not new.
    pub(crate) fn of(&self) -> Option<&Shared<Appointment>> {
        match &self.grip {
            Grip::Slot(_) => None,
            Grip::Whole(it) | Grip::End(it) => Some(it),
        }
    }

    /// The calendar in which it happens.
    pub(crate) fn calendar(&self) -> &str {
        match &self.grip {
            Grip::Slot(calendar) => calendar,
            Grip::Whole(it) | Grip::End(it) => it.calendar_id.inner(),
        }
    }

    /// Whether anything would be different.
    pub(crate) fn has_moved(&self) -> bool {
        self.of().is_none_or(|it| (it.starts_at, it.ends_at) != (self.start, self.end))
    }

    /// The same, held elsewhere.
    pub(crate) fn held_by(self, grip: Grip) -> Self {
        Self { grip, ..self }
    }

    /// Over another place. What has hours stays where it was over one that has none.
    pub(crate) fn over(self, spot: Spot, sight: &Sight) -> Self {
        if spot.minute.is_none() && !matches!(self.grip, Grip::Whole(_)) {
            return self;
        }
        let (start, end) = match &self.grip {
            Grip::Slot(_) => {
                let (one, other) = (floor(self.began.at(sight)), floor(spot.at(sight)));
                (one.min(other), one.max(other) + TimeDelta::minutes(STEP))
            }
            Grip::Whole(it) => {
                let way = self.began.minute.zip(spot.minute);
                let way = way.map_or(spot.date - self.began.date, |_| {
                    sight.clocks.wall(spot.at(sight)) - sight.clocks.wall(self.began.at(sight))
                });
                carried(it, (it.starts_at, it.ends_at), way, sight)
            }
            Grip::End(it) => {
                let end = floor(spot.at(sight) + TimeDelta::minutes(STEP / 2));
                longer((it.starts_at, end), TimeDelta::zero())
            }
        };
        Self { start, end, ..self }
    }

    /// So many days and minutes further, as keys do it.
    pub(crate) fn by(self, days: i64, minutes: i64, sight: &Sight) -> Self {
        let time = (self.start, self.end);
        let way = TimeDelta::days(days) + TimeDelta::minutes(minutes);
        let (start, end) = match &self.grip {
            Grip::Slot(_) => time,
            Grip::Whole(it) => carried(it, time, way, sight),
            Grip::End(_) => longer(time, way),
        };
        Self { start, end, ..self }
    }
}

impl Spot {
    fn at(self, sight: &Sight) -> DateTime {
        sight.clocks.midnight(self.date) + TimeDelta::minutes(self.minute.unwrap_or(0).into())
    }
}

/// A time, so far from where it is on the clocks on the wall: an hour stays that hour, whatever happens to clocks on the way.
/// What lasts whole days goes by whole days.
pub(crate) fn moved(
    (start, end): (DateTime, DateTime),
    is_all_day: bool,
    way: TimeDelta,
    sight: &Sight,
) -> (DateTime, DateTime) {
    if is_all_day {
        let way = TimeDelta::days(way.num_days());
        let further = |at| sight.clocks.midnight(sight.date(at) + way);
        return (further(start), further(end));
    }
    if way.is_zero() {
        return (start, end);
    }
    let there = sight.clocks.wall(start) + way;
    // (By whole days, an hour between two steps stays that hour.)
    let is_by_days = (way - TimeDelta::days(way.num_days())).is_zero();
    let moved = sight.clocks.at_wall(if is_by_days { there } else { snapped(there) });
    (moved, moved + (end - start))
}

/// A time that is longer, or shorter, but not too short to be held.
pub(crate) fn longer((start, end): (DateTime, DateTime), by: TimeDelta) -> (DateTime, DateTime) {
    (start, (end + by).max(start + TimeDelta::minutes(STEP)))
}

/// An appointment that would be so far from a time; its whole days are those of its own zone.
fn carried(
    it: &Appointment,
    time: (DateTime, DateTime),
    way: TimeDelta,
    sight: &Sight,
) -> (DateTime, DateTime) {
    if it.all_day {
        return moved(time, true, way, &sight.within(&it.time_zone.0));
    }
    moved(time, false, way, sight)
}

/// The nearest time to which things snap.
fn snapped(wall: NaiveDateTime) -> NaiveDateTime {
    let past = TimeDelta::seconds(i64::from(wall.num_seconds_from_midnight()) % (STEP * 60));
    let before = wall - past;
    if past * 2 < TimeDelta::minutes(STEP) { before } else { before + TimeDelta::minutes(STEP) }
}

/// The last time to which things snap. (Zones differ by multiples of it.)
fn floor(at: DateTime) -> DateTime {
    at - TimeDelta::seconds(at.timestamp().rem_euclid(STEP * 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::availability::tests::appointment;
    use crate::layout::day_layout::tests::sight;

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
        let sight = sight("UTC");
        let held = Shared::new(appointment("a", "09:07", "10:00"));
        let drag = Drag::new(Grip::Whole(held.clone()), spot(24, 560), &sight);
        assert!(!drag.clone().over(spot(24, 560), &sight).has_moved(), "it is where it was");
        check(&drag.clone().over(spot(25, 592), &sight), "2026-11-25T09:45", "2026-11-25T10:38");
        check(&drag.over(spot(23, 5), &sight), "2026-11-22T23:45", "2026-11-23T00:38");
        let drag = Drag::new(Grip::End(held.clone()), spot(24, 598), &sight);
        check(&drag.clone().over(spot(24, 620), &sight), "2026-11-24T09:07", "2026-11-24T10:15");
        check(&drag.clone().over(spot(24, 100), &sight), "2026-11-24T09:07", "2026-11-24T09:22");
        check(&drag.clone().by(0, 30, &sight), "2026-11-24T09:07", "2026-11-24T10:30");
        // Days have no hour for an end; and by whole days nothing snaps.
        let day = Spot { minute: None, ..spot(26, 0) };
        check(&drag.clone().over(day, &sight), "2026-11-24T09:07", "2026-11-24T10:00");
        let drag = drag.held_by(Grip::Whole(held));
        check(&drag.over(day, &sight), "2026-11-26T09:07", "2026-11-26T10:00");
    }

    #[test]
    fn what_is_drawn_goes_both_ways() {
        let sight = sight("UTC");
        let drag = Drag::new(Grip::Slot("mine".to_owned()), spot(24, 607), &sight);
        check(&drag, "2026-11-24T10:00", "2026-11-24T10:15");
        check(&drag.clone().over(spot(24, 650), &sight), "2026-11-24T10:00", "2026-11-24T11:00");
        check(&drag.over(spot(24, 560), &sight), "2026-11-24T09:15", "2026-11-24T10:15");
    }

    #[test]
    fn an_hour_stays_that_hour() {
        // Clocks in Vienna go forward in the night to the 29th of March.
        let sight = sight("Europe/Vienna");
        let mut late = appointment("a", "09:00", "10:00");
        late.starts_at = "2026-03-28T20:00:00Z".parse().expect("an instant");
        late.ends_at = "2026-03-28T21:00:00Z".parse().expect("an instant");
        let date = |day| NaiveDate::from_ymd_opt(2026, 3, day).expect("a day");
        let began = Spot { date: date(28), minute: Some(21 * 60 + 30) };
        let drag = Drag::new(Grip::Whole(Shared::new(late.clone())), began, &sight);
        // (Of the 29th an hour is missing.)
        let over = Spot { date: date(29), minute: Some(20 * 60 + 30) };
        check(&drag.clone().over(over, &sight), "2026-03-29T19:00", "2026-03-29T20:00");
        check(&drag.clone().by(1, 0, &sight), "2026-03-29T19:00", "2026-03-29T20:00");
        let whole = Spot { date: date(30), minute: None };
        check(&drag.over(whole, &sight), "2026-03-30T19:00", "2026-03-30T20:00");

        // Whole days are those of their own zone.
        late.all_day = true;
        late.time_zone = appointments_client::TimeZone::new("Europe/Vienna");
        late.starts_at = "2026-03-28T23:00:00Z".parse().expect("an instant");
        late.ends_at = "2026-03-29T22:00:00Z".parse().expect("an instant");
        let whole = |day| Spot { date: date(day), minute: None };
        let there = crate::layout::day_layout::tests::sight("Asia/Tokyo");
        let drag = Drag::new(Grip::Whole(Shared::new(late.clone())), whole(29), &there);
        check(&drag.over(whole(28), &there), "2026-03-27T23:00", "2026-03-28T23:00");

        // Also where the last of them is over at a midnight that does not exist.
        late.time_zone = appointments_client::TimeZone::new("America/Santiago");
        late.starts_at = "2026-09-05T04:00:00Z".parse().expect("an instant");
        late.ends_at = "2026-09-06T04:00:00Z".parse().expect("an instant");
        let drag = Drag::new(Grip::Whole(Shared::new(late)), whole(5), &there);
        check(&drag.by(1, 0, &there), "2026-09-06T04:00", "2026-09-07T03:00");
    }
}
