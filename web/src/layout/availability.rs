//! Conflicts and free times among known appointments. Pure.
//!
//! Appointments that are not loaded are ignored, so the server may still report a conflict.

use appointments_client::{Appointment, AppointmentStatus, DateTime, Shared};
use chrono::TimeDelta;

/// Returns the appointments that overlap a time. `except` is the id of the appointment that is to
/// take the time. Cancelled appointments do not count.
pub(crate) fn conflicts<'a>(
    all: &'a [Shared<Appointment>],
    (start, end): (DateTime, DateTime),
    except: Option<&'a str>,
) -> impl Iterator<Item = &'a Shared<Appointment>> {
    all.iter().filter(move |it| {
        let is_other = except.is_none_or(|except| it.id.as_str() != except);
        let is_active = it.status != AppointmentStatus::Cancelled;
        is_other && is_active && it.starts_at < end && it.ends_at > start
    })
}

/// Returns the first instant from `start` on with `length` of free time before `until`.
pub(crate) fn next_free(
    all: &[Shared<Appointment>],
    start: DateTime,
    length: TimeDelta,
    except: Option<&str>,
    until: DateTime,
) -> Option<DateTime> {
    let mut at = start;
    while at + length <= until {
        match conflicts(all, (at, at + length), except).map(|it| it.ends_at).max() {
            None => return Some(at),
            Some(end) => at = end,
        }
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use appointments_client::{Appointment, TimeZone};

    use super::*;

    pub(crate) fn at(text: &str) -> DateTime {
        format!("2026-11-24T{text}:00Z").parse().expect("an hour")
    }

    /// Returns an appointment on 24 November 2026, in UTC.
    pub(crate) fn appointment(id: &str, start: &str, end: &str) -> Appointment {
        Appointment {
            id: id.into(),
            calendar_id: "mine".into(),
            title: id.to_owned(),
            description: None,
            location: None,
            starts_at: at(start),
            ends_at: at(end),
            all_day: false,
            time_zone: TimeZone::new("UTC"),
            status: AppointmentStatus::Confirmed,
            attendees: Vec::new(),
            revision: 1,
        }
    }

    #[track_caller]
    fn check(start: &str, minutes: i64, except: Option<&str>, expected: Option<&str>) {
        let mut cancelled = appointment("off", "12:00", "13:00");
        cancelled.status = AppointmentStatus::Cancelled;
        let all = [
            appointment("a", "09:00", "10:00"),
            appointment("b", "09:30", "11:00"),
            appointment("c", "11:30", "12:00"),
            cancelled,
        ];
        let all: Vec<_> = all.into_iter().map(Shared::new).collect();
        let length = TimeDelta::minutes(minutes);
        let found = next_free(&all, at(start), length, except, at("14:00"));
        assert_eq!(found, expected.map(at));
    }

    #[test]
    fn the_next_free_time_is_after_the_conflicts() {
        check("08:00", 60, None, Some("08:00"));
        check("08:30", 60, None, Some("12:00"));
        check("08:30", 30, None, Some("08:30"));
        check("09:15", 30, None, Some("11:00"));
        check("09:15", 45, Some("c"), Some("11:00"));
        // Cancelled appointments take no time, and times after `until` are not offered.
        check("09:00", 120, None, Some("12:00"));
        check("09:00", 121, None, None);
    }
}
