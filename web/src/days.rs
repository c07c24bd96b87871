//! What stands in each day: pieces of appointments, in minutes on the wall.

use std::sync::Arc;

use appointments_client::{Appointment, DateTime, RangeView, Shared};
use chrono::{NaiveDate, Timelike};

use crate::lanes::{Lane, lanes};
use crate::zone;

/// Minutes of a day, as clocks on the wall count them.
pub(crate) const DAY: u32 = 24 * 60;
/// What is shorter is drawn so long, so that it can be read.
const SHORTEST: u32 = 25;

/// What a calendar has, and the colour in which that is shown.
pub(crate) struct Tinted<'v> {
    pub(crate) color: Arc<str>,
    pub(crate) view: &'v RangeView,
}

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
    pub(crate) color: Arc<str>,
    pub(crate) is_pending: bool,
    /// From when until when it is drawn.
    pub(crate) from: u32,
    pub(crate) until: u32,
    pub(crate) lane: Lane,
}

impl Day {
    /// All of it, in the order in which it is listed: whole days first.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Piece> {
        self.all_day.iter().chain(&self.pieces)
    }
}

/// What is shown in each of some days.
pub(crate) fn days(dates: &[NaiveDate], shown: &[Tinted<'_>], now: DateTime) -> Vec<Day> {
    let today = zone::wall(now).date();
    let day = |&date: &NaiveDate| {
        let next = date.succ_opt().unwrap_or(date);
        let (start, end) = (zone::midnight(date), zone::midnight(next));
        let (mut all_day, mut pieces) = (Vec::new(), Vec::new());
        for Tinted { color, view } in shown {
            let here =
                view.appointments.iter().filter(|it| it.starts_at < end && it.ends_at > start);
            for it in here {
                let piece = Piece {
                    color: color.clone(),
                    is_pending: view.is_pending(&it.id),
                    from: minute(it.starts_at.max(start)),
                    until: until(it.starts_at.max(start), it.ends_at.min(end), end),
                    appointment: it.clone(),
                    lane: Lane { number: 0, of: 1 },
                };
                if it.all_day { all_day.push(piece) } else { pieces.push(piece) }
            }
        }
        pieces.sort_by_key(|it| it.from);
        let stretches: Vec<_> = pieces.iter().map(|it| (it.from, it.until)).collect();
        pieces.iter_mut().zip(lanes(&stretches)).for_each(|(it, lane)| it.lane = lane);
        Day { date, is_today: date == today, all_day, pieces }
    };
    dates.iter().map(day).collect()
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
