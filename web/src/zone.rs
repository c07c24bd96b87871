//! The browser's clock and zone. Instants are UTC everywhere else; here they become days and hours on the wall.

use appointments_client::DateTime;
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use js_sys::{Array, Date, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// The present.
pub(crate) fn now() -> DateTime {
    instant(&Date::new_0())
}

/// What clocks on the wall show at an instant.
pub(crate) fn wall(at: DateTime) -> NaiveDateTime {
    let date = Date::new(&JsValue::from_f64(at.timestamp_millis() as f64));
    let day = NaiveDate::from_ymd_opt(
        i32::try_from(date.get_full_year()).unwrap_or_default(),
        date.get_month() + 1,
        date.get_date(),
    );
    let time = NaiveTime::from_hms_opt(date.get_hours(), date.get_minutes(), date.get_seconds());
    day.unwrap_or_default().and_time(time.unwrap_or_default())
}

/// The instant at which clocks on the wall show this: the first where they show it twice, and where they never do, what
/// it would be without the jump.
pub(crate) fn at_wall(wall: NaiveDateTime) -> DateTime {
    let month = i32::try_from(wall.month0()).unwrap_or_default();
    let number = |it: u32| i32::try_from(it).unwrap_or_default();
    instant(&Date::new_with_year_month_day_hr_min_sec(
        u32::try_from(wall.year()).unwrap_or_default(),
        month,
        number(wall.day()),
        number(wall.hour()),
        number(wall.minute()),
        number(wall.second()),
    ))
}

/// When a day begins.
pub(crate) fn midnight(day: NaiveDate) -> DateTime {
    at_wall(day.and_time(NaiveTime::MIN))
}

/// The zone's name, as IANA has it.
pub(crate) fn name() -> String {
    let format = Intl::DateTimeFormat::new(&Array::new(), &Object::new());
    let options = format.resolved_options();
    let name = Reflect::get(options.unchecked_ref(), &"timeZone".into()).ok();
    name.and_then(|it| it.as_string()).unwrap_or_else(|| "UTC".to_owned())
}

fn instant(date: &Date) -> DateTime {
    DateTime::from_timestamp_millis(date.get_time() as i64).unwrap_or_default()
}
