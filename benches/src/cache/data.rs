//! The appointments of a year, as JSON of the server.

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};

/// The number of weeks over which the appointments are spread.
pub(crate) const WEEKS: i64 = 50;

/// Monday, 2026-01-05, in seconds since 1970.
const START: i64 = 1_767_571_200;

/// Formats an instant that is `minutes` after the start.
pub(crate) fn instant(minutes: i64) -> String {
    let start = DateTime::<Utc>::from_timestamp(START, 0).unwrap_or_default();
    let at = start + TimeDelta::minutes(minutes);
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Returns the start of appointment `number` of `n`, in minutes after the start of all.
pub(crate) fn minute(number: usize, n: usize) -> i64 {
    number as i64 * WEEKS * 7 * 24 * 60 / n as i64
}

/// Returns an id in the format of the server.
pub(crate) fn id(number: usize) -> String {
    format!("019b8d00-0000-7000-8000-{number:012}")
}

/// Returns an appointment. Every twentieth lasts a week, the others at most an hour.
pub(crate) fn appointment(number: usize, at: i64, revision: u64, title: &str) -> String {
    let minutes = if number.is_multiple_of(20) { 7 * 24 * 60 } else { 15 + number as i64 % 46 };
    format!(
        concat!(
            r#"{{"__typename":"Appointment","id":"{}","calendarId":"team","#,
            r#""title":"{} {}","location":"Room {}","startsAt":"{}","endsAt":"{}","#,
            r#""allDay":false,"timeZone":"Europe/Vienna","status":"CONFIRMED","attendees":["#,
            r#"{{"__typename":"Attendee","email":"ada.{}@example.org","#,
            r#""name":"Ada Example","response":"ACCEPTED"}},"#,
            r#"{{"__typename":"Attendee","email":"grace@example.org","#,
            r#""name":null,"response":"NEEDS_ACTION"}}],"#,
            r#""revision":{},"updatedAt":"2026-01-05T08:00:00Z"}}"#
        ),
        id(number),
        title,
        number,
        number % 40,
        instant(at),
        instant(at + minutes),
        number % 300,
        revision
    )
}

/// Returns the response to a query of `n` appointments at a revision.
pub(crate) fn response(n: usize, revision: u64) -> String {
    let mut text = String::with_capacity(n * 560 + 200);
    text.push_str(r#"{"data":{"appointmentsInRange":{"__typename":"AppointmentsInRange","#);
    _ = write!(text, r#""revision":{revision},"appointments":["#);
    for number in 0..n {
        if number > 0 {
            text.push(',');
        }
        text.push_str(&appointment(number, minute(number, n), 1, "Weekly review of project"));
    }
    text.push_str("]}}}");
    text
}

/// Returns an event of the change log.
pub(crate) fn event(revision: u64, appointment: &str) -> String {
    let change = format!(
        r#"{{"__typename":"AppointmentChange","revision":{revision},"appointment":{appointment}}}"#
    );
    format!(r#"{{"data":{{"appointmentChanges":{change}}}}}"#)
}
