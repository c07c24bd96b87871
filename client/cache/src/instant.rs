//! Instants: the fields of intervals, read as microseconds since 1970-01-01T00:00Z.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use crate::record::Value;

/// Reads a stored value: an RFC 3339 timestamp, a date, a local date-time (taken as UTC), or an
/// integer (returned unchanged). Returns `None` for other values.
pub(crate) fn from_value(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(number),
        Value::Text(text) => from_text(text),
        _ => None,
    }
}

/// Reads a JSON value by the rules of [`from_value`].
pub(crate) fn from_json(value: &serde_json::Value) -> Option<i64> {
    value.as_i64().or_else(|| from_text(value.as_str()?))
}

fn from_text(text: &str) -> Option<i64> {
    if let Some(instant) = parse_canonical(text) {
        return Some(instant);
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.timestamp_micros());
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros());
    }
    Some(text.parse::<NaiveDateTime>().ok()?.and_utc().timestamp_micros())
}

/// Parses the form `2026-11-23T09:30:00Z` without the general parser, which is slower. Servers send
/// this form, and a response with 100,000 entities holds 200,000 instants.
fn parse_canonical(text: &str) -> Option<i64> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')];
    if marks.iter().any(|(at, mark)| bytes[*at] != *mark) {
        return None;
    }
    let number = |at: std::ops::Range<usize>| {
        bytes[at].iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
        })
    };
    let day = NaiveDate::from_ymd_opt(number(0..4)?.cast_signed(), number(5..7)?, number(8..10)?)?;
    let instant = day.and_hms_opt(number(11..13)?, number(14..16)?, number(17..19)?)?;
    Some(instant.and_utc().timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(from_text(text).map(|it| it / 1_000_000), expected, "{text}");
    }

    #[test]
    fn timestamps_dates_and_local_date_times_are_read() {
        check("1970-01-01T00:01:00Z", Some(60));
        check("1970-01-01T02:01:00+02:00", Some(60));
        check("1970-01-01T00:01:00.5Z", Some(60));
        check("1970-01-01T00:01:00", Some(60));
        check("1970-01-02", Some(86_400));
        check("1900-01-01T00:00:00Z", Some(-2_208_988_800));
        for text in ["", "tomorrow", "2026-02-29T00:00:00Z", "2026-02-03T25:00:00Z", "é"] {
            check(text, None);
        }
    }
}
