//! How people write here: their language, their dates, and on which day their week begins.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike, Weekday};
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

use crate::text::labels::{ENGLISH, GERMAN, Labels};

/// The languages in which the page speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
}

impl Language {
    /// As HTML has it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
}

/// How people write here. It does not change as long as the page is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locale {
    pub(crate) language: Language,
    /// The day on which a week begins.
    pub(crate) first: Weekday,
    /// Whether the hours are counted to twelve, twice.
    pub(crate) is_12_hour: bool,
}

impl Locale {
    /// As the browser has it. Whoever speaks a language that the page does not is spoken to in English.
    fn of_browser() -> Self {
        let tag = tag();
        let german = tag.split('-').next() == Some("de");
        let options = options(&[("hour", "numeric")]);
        let format = Intl::DateTimeFormat::new(&list(&tag), &options).resolved_options();
        let is_12_hour = Reflect::get(&format, &"hour12".into()).is_ok_and(|it| it.is_truthy());
        let language = if german { Language::German } else { Language::English };
        Self { language, first: first_day(), is_12_hour }
    }

    /// What everything is called.
    pub(crate) fn labels(self) -> &'static Labels {
        match self.language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }

    /// `09:30`, or `9:30 am`.
    pub(crate) fn hour(self, wall: NaiveDateTime) -> String {
        let (hour, minute) = (wall.hour(), wall.minute());
        if !self.is_12_hour {
            return format!("{hour:02}:{minute:02}");
        }
        let (is_after, hour) = wall.hour12();
        format!("{hour}:{minute:02} {}", if is_after { "pm" } else { "am" })
    }

    /// `09:00`, or `9 am`.
    pub(crate) fn full_hour(self, wall: NaiveDateTime) -> String {
        if self.is_12_hour { self.hour(wall).replace(":00", "") } else { self.hour(wall) }
    }

    /// `09:00–10:30`.
    pub(crate) fn hours(self, start: NaiveDateTime, end: NaiveDateTime) -> String {
        format!("{}–{}", self.hour(start), self.hour(end))
    }

    /// `until 06:00`.
    pub(crate) fn until(self, end: NaiveDateTime) -> String {
        let hour = self.hour(end);
        match self.language {
            Language::English => format!("until {hour}"),
            Language::German => format!("bis {hour}"),
        }
    }
}

/// As the browser has it; it is asked once.
pub(crate) fn here() -> Locale {
    thread_local! {
        static HERE: Locale = Locale::of_browser();
    }
    HERE.with(|it| *it)
}

/// What everything is called here.
pub(crate) fn labels() -> &'static Labels {
    here().labels()
}

/// `Tue 24`.
pub(crate) fn short_day(date: NaiveDate) -> String {
    format!("{} {}", short_weekday(date), date.day())
}

/// `Tue`.
pub(crate) fn short_weekday(date: NaiveDate) -> String {
    write(date, &[("weekday", "short")])
}

/// `Tuesday 24 November`, as it stands in a list.
pub(crate) fn long_day(date: NaiveDate) -> String {
    write(date, &[("weekday", "long"), ("day", "numeric"), ("month", "long")])
}

/// `Tuesday 24 November 2026`.
pub(crate) fn full_day(date: NaiveDate) -> String {
    let options = [("weekday", "long"), ("day", "numeric"), ("month", "long"), ("year", "numeric")];
    write(date, &options)
}

/// `November 2026`.
pub(crate) fn month(date: NaiveDate) -> String {
    write(date, &[("month", "long"), ("year", "numeric")])
}

/// `23–29 November 2026`.
pub(crate) fn stretch(first: NaiveDate, last: NaiveDate) -> String {
    let options = [("day", "numeric"), ("month", "long"), ("year", "numeric")];
    let format = formatter(&options);
    let range = Reflect::get(&format, &"formatRange".into()).ok();
    let range = range.and_then(|it| it.dyn_into::<Function>().ok());
    let written = range.and_then(|it| it.call2(&format, &noon(first), &noon(last)).ok());
    let written = written.and_then(|it| it.as_string());
    written.unwrap_or_else(|| format!("{} – {}", write(first, &options), write(last, &options)))
}

fn write(date: NaiveDate, options: &[(&str, &str)]) -> String {
    let written = formatter(options).format().call1(&JsValue::NULL, &noon(date));
    written.ok().and_then(|it| it.as_string()).unwrap_or_else(|| date.to_string())
}

/// Dates have no zone: they are taken to be in the middle of their days in UTC, and written there.
fn noon(date: NaiveDate) -> Date {
    let noon = date.and_hms_opt(12, 0, 0).unwrap_or_default().and_utc();
    Date::new(&JsValue::from_f64(noon.timestamp_millis() as f64))
}

fn formatter(of: &[(&str, &str)]) -> Intl::DateTimeFormat {
    let with_zone: Vec<_> = of.iter().copied().chain([("timeZone", "UTC")]).collect();
    Intl::DateTimeFormat::new(&list(&tag()), &options(&with_zone))
}

fn options(of: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (name, value) in of {
        // (A plain object takes anything.)
        _ = Reflect::set(&options, &(*name).into(), &(*value).into());
    }
    options
}

fn list(tag: &str) -> Array {
    Array::of1(&tag.into())
}

/// The first language of the browser that the page speaks, with its country; `en-GB` if there is none.
fn tag() -> String {
    let spoken = window().navigator().languages();
    let mut spoken = spoken.iter().filter_map(|it| it.as_string());
    let found = spoken.find(|it| matches!(it.split('-').next(), Some("en" | "de")));
    found.unwrap_or_else(|| "en-GB".to_owned())
}

/// On which day the week begins where the browser's user lives; Monday where it does not say.
fn first_day() -> Weekday {
    let said = || {
        let tag = window().navigator().language()?;
        let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
        let constructor =
            Reflect::get(&intl, &"Locale".into()).ok()?.dyn_into::<Function>().ok()?;
        let locale = Reflect::construct(&constructor, &list(&tag)).ok()?;
        let info = Reflect::get(&locale, &"getWeekInfo".into()).ok()?;
        let info = match info.dyn_into::<Function>() {
            Ok(info) => info.call0(&locale).ok()?,
            Err(_) => Reflect::get(&locale, &"weekInfo".into()).ok()?,
        };
        let number = Reflect::get(&info, &"firstDay".into()).ok()?.as_f64()?;
        // (From Monday as 1 on, and Sunday is 7.)
        Weekday::try_from((number as u8).checked_sub(1)?).ok()
    };
    said().unwrap_or(Weekday::Mon)
}
