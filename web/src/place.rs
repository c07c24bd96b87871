//! A week: which days it has, how it is named in the address, and what people call it. Pure.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Seven days from a Monday on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Week {
    pub(crate) monday: NaiveDate,
}

impl Week {
    /// The week that a day is in.
    pub(crate) fn of(day: NaiveDate) -> Self {
        Self { monday: day.week(Weekday::Mon).checked_first_day().unwrap_or(day) }
    }

    /// What an address says (`?week=2026-11-23`), if it names a day that has a week on either side.
    pub(crate) fn from_address(query: &str) -> Option<Self> {
        let mut named =
            query.trim_start_matches('?').split('&').filter_map(|it| it.split_once('='));
        let (_, day) = named.find(|(name, _)| *name == "week")?;
        let day: NaiveDate = day.parse().ok()?;
        (1900..2200).contains(&day.year()).then(|| Self::of(day))
    }

    /// What stands in the address for it.
    pub(crate) fn to_address(self) -> String {
        format!("?week={}", self.monday)
    }

    pub(crate) fn next(self) -> Self {
        Self { monday: self.monday.checked_add_days(Days::new(7)).unwrap_or(self.monday) }
    }

    pub(crate) fn previous(self) -> Self {
        Self { monday: self.monday.checked_sub_days(Days::new(7)).unwrap_or(self.monday) }
    }

    /// Its days, and the Monday after.
    pub(crate) fn days(self) -> [NaiveDate; 8] {
        std::array::from_fn(|at| {
            self.monday.checked_add_days(Days::new(at as u64)).unwrap_or(self.monday)
        })
    }

    /// What people call it: `23 – 29 November 2026`.
    pub(crate) fn title(self) -> String {
        let [first, .., last, _] = self.days();
        let start = match (first.year() == last.year(), first.month() == last.month()) {
            (true, true) => first.format("%-d"),
            (true, false) => first.format("%-d %B"),
            _ => first.format("%-d %B %Y"),
        };
        format!("{start} – {}", last.format("%-d %B %Y"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Option<&str>) {
        assert_eq!(Week::from_address(address).map(Week::title).as_deref(), expected);
    }

    #[test]
    fn the_address_names_a_week() {
        check("?week=2026-11-23", Some("23 – 29 November 2026"));
        check("?a=b&week=2026-11-29", Some("23 – 29 November 2026"));
        check("?week=2026-12-01", Some("30 November – 6 December 2026"));
        check("?week=2027-01-01", Some("28 December 2026 – 3 January 2027"));
        check("?week=nonsense", None);
        check("?week=9999-01-01", None);
        check("", None);
        let week = Week::from_address("?week=2026-11-25").expect("a week");
        assert_eq!(week.to_address(), "?week=2026-11-23");
        assert_eq!(week.next().previous(), week);
    }
}
