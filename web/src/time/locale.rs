//! The browser's locale: language, formats of dates and times, and the first day of the week.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike, Weekday};
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

use crate::text::labels::{AMERICAN, ENGLISH, GERMAN, Labels};

/// The page's languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
}

impl Language {
    /// Returns the code for HTML's `lang` attribute.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
}

/// A locale. It does not change while the page is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locale {
    pub(crate) language: Language,
    /// Whether English is spelled as in the United States.
    pub(crate) is_american: bool,
    pub(crate) first_weekday: Weekday,
    /// Whether hours are counted from 1 to 12 with am and pm.
    pub(crate) is_12_hour: bool,
}

impl Locale {
    /// Reads the locale from the browser. A language that the page does not have becomes English.
    fn of_browser() -> Self {
        let tag = tag();
        let is_german = tag.split('-').next() == Some("de");
        let options = options(&[("hour", "numeric")]);
        let format = Intl::DateTimeFormat::new(&list(&tag), &options).resolved_options();
        let is_12_hour = Reflect::get(&format, &"hour12".into()).is_ok_and(|it| it.is_truthy());
        let language = if is_german { Language::German } else { Language::English };
        let is_american = tag == "en-US";
        Self { language, is_american, first_weekday: first_weekday(), is_12_hour }
    }

    /// Returns the labels of the language.
    pub(crate) fn labels(self) -> &'static Labels {
        match self.language {
            Language::English if self.is_american => &AMERICAN,
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }

    /// Formats a time: `09:30`, or `9:30 am`.
    pub(crate) fn format_time(self, time: NaiveDateTime) -> String {
        if !self.is_12_hour {
            return format!("{:02}:{:02}", time.hour(), time.minute());
        }
        let (is_afternoon, hour) = time.hour12();
        format!("{hour}:{:02} {}", time.minute(), if is_afternoon { "pm" } else { "am" })
    }

    /// Formats a full hour: `09:00`, or `9 am`.
    pub(crate) fn format_hour(self, time: NaiveDateTime) -> String {
        let text = self.format_time(time);
        if self.is_12_hour { text.replace(":00", "") } else { text }
    }

    /// Formats a range of times: `09:00–10:30`.
    pub(crate) fn format_range(self, start: NaiveDateTime, end: NaiveDateTime) -> String {
        format!("{}–{}", self.format_time(start), self.format_time(end))
    }

    /// Formats the end of an appointment that began on an earlier day: `ends 06:00`.
    pub(crate) fn format_end(self, end: NaiveDateTime) -> String {
        let time = self.format_time(end);
        match self.language {
            Language::English => format!("ends {time}"),
            Language::German => format!("bis {time}"),
        }
    }
}

/// Returns the browser's locale. It is read once.
pub(crate) fn browser_locale() -> Locale {
    thread_local! {
        static LOCALE: Locale = Locale::of_browser();
    }
    LOCALE.with(|it| *it)
}

/// Returns the browser's language.
pub(crate) fn language() -> Language {
    browser_locale().language
}

/// Returns the labels in the browser's language.
pub(crate) fn labels() -> &'static Labels {
    browser_locale().labels()
}

/// Formats a day as the head of a column: `Tue 24`, or `Di., 24.`.
pub(crate) fn short_day(date: NaiveDate) -> String {
    let weekday = short_weekday(date);
    match language() {
        Language::English => format!("{weekday} {}", date.day()),
        Language::German => format!("{}., {}.", weekday.trim_end_matches('.'), date.day()),
    }
}

/// Formats a weekday: `Tue`.
pub(crate) fn short_weekday(date: NaiveDate) -> String {
    format_date(date, &[("weekday", "short")])
}

/// Formats a day for a message: `Tue 24 Nov`.
pub(crate) fn medium_day(date: NaiveDate) -> String {
    let text = format_date(date, &[("weekday", "short"), ("day", "numeric"), ("month", "short")]);
    // Some browsers put a comma after the weekday in British English, others do not.
    match browser_locale() {
        Locale { language: Language::English, is_american: false, .. } => text.replace(',', ""),
        _ => text,
    }
}

/// Formats a day as a heading: `Tuesday 24 November`.
pub(crate) fn long_day(date: NaiveDate) -> String {
    format_date(date, &[("weekday", "long"), ("day", "numeric"), ("month", "long")])
}

/// Formats a day with its year: `Tuesday 24 November 2026`.
pub(crate) fn full_day(date: NaiveDate) -> String {
    let options = [("weekday", "long"), ("day", "numeric"), ("month", "long"), ("year", "numeric")];
    format_date(date, &options)
}

/// Formats a month: `November 2026`.
pub(crate) fn month(date: NaiveDate) -> String {
    format_date(date, &[("month", "long"), ("year", "numeric")])
}

/// Formats a range of days: `23–29 November 2026`.
pub(crate) fn date_range(first: NaiveDate, last: NaiveDate) -> String {
    let options = [("day", "numeric"), ("month", "long"), ("year", "numeric")];
    let format = formatter(&options);
    let range = Reflect::get(&format, &"formatRange".into()).ok();
    let range = range.and_then(|it| it.dyn_into::<Function>().ok());
    let text = range.and_then(|it| it.call2(&format, &noon(first), &noon(last)).ok());
    let text = text.and_then(|it| it.as_string());
    text.unwrap_or_else(|| {
        format!("{} – {}", format_date(first, &options), format_date(last, &options))
    })
}

fn format_date(date: NaiveDate, options: &[(&str, &str)]) -> String {
    let text = formatter(options).format().call1(&JsValue::NULL, &noon(date));
    text.ok().and_then(|it| it.as_string()).unwrap_or_else(|| date.to_string())
}

/// Returns noon of a date in UTC. Dates have no zone, so they are formatted in UTC.
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
        // Setting a property of a plain object cannot fail.
        _ = Reflect::set(&options, &(*name).into(), &(*value).into());
    }
    options
}

fn list(tag: &str) -> Array {
    Array::of1(&tag.into())
}

/// Returns the first language of the browser that the page has, with its region, or `en-GB`.
fn tag() -> String {
    let languages = window().navigator().languages();
    let mut languages = languages.iter().filter_map(|it| it.as_string());
    let found = languages.find(|it| matches!(it.split('-').next(), Some("en" | "de")));
    found.unwrap_or_else(|| "en-GB".to_owned())
}

/// Returns the first day of the week in the browser's region, or Monday if it is unknown.
fn first_weekday() -> Weekday {
    let weekday = || {
        let tag = window().navigator().language()?;
        let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
        let constructor =
            Reflect::get(&intl, &"Locale".into()).ok()?.dyn_into::<Function>().ok()?;
        let locale = Reflect::construct(&constructor, &list(&tag)).ok()?;
        let week_info = Reflect::get(&locale, &"getWeekInfo".into()).ok()?;
        let week_info = match week_info.dyn_into::<Function>() {
            Ok(function) => function.call0(&locale).ok()?,
            Err(_) => Reflect::get(&locale, &"weekInfo".into()).ok()?,
        };
        let number = Reflect::get(&week_info, &"firstDay".into()).ok()?.as_f64()?;
        // The browser counts from Monday (1) to Sunday (7).
        Weekday::try_from((number as u8).checked_sub(1)?).ok()
    };
    weekday().unwrap_or(Weekday::Mon)
}
