//! What stands in each day of a week: pieces of appointments, in minutes on the wall.

use appointments_client::{Appointment, DateTime, RangeView, Shared};
use chrono::{NaiveDate, Timelike};

use crate::lanes::{Lane, lanes};
use crate::week::Week;
use crate::zone;

/// Minutes of a day, as clocks on the wall count them.
pub(crate) const DAY: u32 = 24 * 60;
/// What is shorter is drawn so long, so that it can be read.
const SHORTEST: u32 = 25;

/// One day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Day {
    pub(crate) date: NaiveDate,
    pub(crate) is_today: bool,
    pub(crate) all_day: Vec<Piece>,
    pub(crate) pieces: Vec<Piece>,
}

/// The part of an appointment that is in a day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) appointment: Shared<Appointment>,
    pub(crate) is_pending: bool,
    /// From when until when it is drawn.
    pub(crate) from: u32,
    pub(crate) until: u32,
    pub(crate) lane: Lane,
}

/// The days of a week, and what is shown in them.
pub(crate) fn days(week: Week, shown: &RangeView, now: DateTime) -> Vec<Day> {
    let today = zone::wall(now).date();
    let bounds = week.days();
    let day = |pair: &[NaiveDate]| {
        let (date, next) = (pair[0], pair[1]);
        let (start, end) = (zone::midnight(date), zone::midnight(next));
        let here = shown.appointments.iter().filter(|it| it.starts_at < end && it.ends_at > start);
        let (all_day, timed): (Vec<_>, Vec<_>) = here.partition(|it| it.all_day);
        let piece = |it: &Shared<Appointment>| Piece {
            is_pending: shown.is_pending(&it.id),
            from: minute(it.starts_at.max(start)),
            until: until(it.starts_at.max(start), it.ends_at.min(end), end),
            appointment: it.clone(),
            lane: Lane { number: 0, of: 1 },
        };
        let mut pieces: Vec<Piece> = timed.into_iter().map(piece).collect();
        pieces.sort_by_key(|it| it.from);
        let stretches: Vec<_> = pieces.iter().map(|it| (it.from, it.until)).collect();
        pieces.iter_mut().zip(lanes(&stretches)).for_each(|(it, lane)| it.lane = lane);
        let all_day = all_day.into_iter().map(piece).collect();
        Day { date, is_today: date == today, all_day, pieces }
    };
    bounds.windows(2).map(day).collect()
}

/// The minute of its day that clocks on the wall show.
pub(crate) fn minute(at: DateTime) -> u32 {
    let wall = zone::wall(at);
    wall.hour() * 60 + wall.minute()
}

/// Until when a piece is drawn. Where clocks go back it may end earlier than it starts: then by its length.
fn until(start: DateTime, end: DateTime, midnight: DateTime) -> u32 {
    let from = minute(start);
    let until = if end == midnight { DAY } else { minute(end) };
    let length = u32::try_from((end - start).num_minutes()).unwrap_or_default();
    let until = if until > from { until } else { from + length };
    until.max(from + SHORTEST).min(DAY)
}
