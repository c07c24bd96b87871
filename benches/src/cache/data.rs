//! Appointments of a year, as a server answers them.

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};

/// Weeks that the appointments lie in.
pub(crate) const WEEKS: i64 = 50;

/// Monday, the 5th of January 2026.
const BEGIN: i64 = 1_767_571_200;

/// A moment so many minutes after the begin, as the contract writes it.
pub(crate) fn instant(minutes: i64) -> String {
    let at =
        DateTime::<Utc>::from_timestamp(BEGIN, 0).unwrap_or_default() + TimeDelta::minutes(minutes);
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Where an appointment lies: minutes from the begin, of number `number` among `n`.
pub(crate) fn minute(number: usize, n: usize) -> i64 {
    number as i64 * WEEKS * 7 * 24 * 60 / n as i64
}

/// An id of the form that the server gives.
pub(crate) fn id(number: usize) -> String {
    format!("019b8d00-0000-7000-8000-{number:012}")
}

/// One appointment. Every twentieth lasts a week, the others an hour or less.
pub(crate) fn appointment(number: usize, at: i64, revision: u64, title: &str) -> String {
    let lasts = if number.is_multiple_of(20) { 7 * 24 * 60 } else { 15 + number as i64 % 46 };
    let (id, starts, ends) = (id(number), instant(at), instant(at + lasts));
    format!(
        concat!(
            r#"{{"__typename":"Appointment","id":"{}","calendarId":"team","title":"{} {}","location":"Room {}","#,
            r#""startsAt":"{}","endsAt":"{}","allDay":false,"timeZone":"Europe/Vienna","status":"CONFIRMED","attendees":["#,
            r#"{{"__typename":"Attendee","email":"ada.{}@example.org","name":"Ada Example","response":"ACCEPTED"}},"#,
            r#"{{"__typename":"Attendee","email":"grace@example.org","name":null,"response":"NEEDS_ACTION"}}],"#,
            r#""revision":{},"updatedAt":"2026-01-05T08:00:00Z"}}"#
        ),
        id,
        title,
        number,
        number % 40,
        starts,
        ends,
        number % 300,
        revision
    )
}

/// The answer to a query of all of them, read at a revision.
pub(crate) fn answer(n: usize, at: u64) -> String {
    let mut text = String::with_capacity(n * 560 + 200);
    text.push_str(r#"{"data":{"appointmentsInRange":{"__typename":"AppointmentsInRange","#);
    _ = write!(text, r#""revision":{at},"appointments":["#);
    for number in 0..n {
        if number > 0 {
            text.push(',');
        }
        text.push_str(&appointment(number, minute(number, n), 1, "Weekly review of project"));
    }
    text.push_str("]}}}");
    text
}

/// An event of the log.
pub(crate) fn event(revision: u64, appointment: &str) -> String {
    format!(
        r#"{{"data":{{"appointmentChanges":{{"__typename":"AppointmentChange","revision":{revision},"appointment":{appointment}}}}}}}"#
    )
}
