//! Instants as collections compare them: microseconds, and how they are read from a field.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use crate::record::Value;

/// Reads RFC 3339 instants, dates, local date-times (as UTC) and integers (as they are).
pub(crate) fn from_value(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(number),
        Value::Text(text) => from_text(text),
        _ => None,
    }
}

pub(crate) fn from_json(value: &serde_json::Value) -> Option<i64> {
    value.as_i64().or_else(|| from_text(value.as_str()?))
}

fn from_text(text: &str) -> Option<i64> {
    if let Some(instant) = canonical(text) {
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

/// `2026-11-23T09:30:00Z`, the form in which servers answer, without the general parser: an answer
/// of 100,000 entities has 200,000 of them.
fn canonical(text: &str) -> Option<i64> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let is_canonical = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')];
    if is_canonical.iter().any(|(at, mark)| bytes[*at] != *mark) {
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
    fn what_an_instant_may_look_like() {
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
