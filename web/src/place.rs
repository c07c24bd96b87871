//! Where one is: which view, around which day, and of which calendars; in the address, so that a link leads there. Pure.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

/// How time is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Day,
    Week,
    Month,
    /// A list.
    Agenda,
}

impl View {
    pub(crate) const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Agenda];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Agenda => "agenda",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Day => "Day",
            Self::Week => "Week",
            Self::Month => "Month",
            Self::Agenda => "Agenda",
        }
    }
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) view: View,
    /// Any day of the stretch.
    pub(crate) date: NaiveDate,
    /// The calendars that are shown, by id; none: all of them.
    pub(crate) only: Option<Vec<String>>,
}

impl Place {
    /// What an address says, such as `?view=week&date=2026-11-23&calendars=…`. What it does not say, or what makes no
    /// sense, is as in `otherwise`.
    pub(crate) fn from_address(query: &str, otherwise: Self) -> Self {
        let mut place = otherwise;
        let said = query.trim_start_matches('?').split('&').filter_map(|it| it.split_once('='));
        for (name, value) in said {
            match name {
                "view" => {
                    let named = View::ALL.into_iter().find(|it| it.name() == value);
                    place.view = named.unwrap_or(place.view);
                }
                "date" => place = place.clone().at(value.parse().unwrap_or(place.date)),
                "calendars" => {
                    let ids = value.split(',').filter(|it| !it.is_empty());
                    place.only = Some(ids.map(str::to_owned).collect());
                }
                _ => {}
            }
        }
        place
    }

    /// What stands in the address for it.
    pub(crate) fn to_address(&self) -> String {
        let calendars = self.only.as_ref().map(|it| format!("&calendars={}", it.join(",")));
        let calendars = calendars.unwrap_or_default();
        format!("?view={}&date={}{calendars}", self.view.name(), self.date)
    }

    /// In another view.
    pub(crate) fn seen_as(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// At another day; the same one if that is further away than anybody plans.
    pub(crate) fn at(self, date: NaiveDate) -> Self {
        if (1900..2200).contains(&date.year()) { Self { date, ..self } } else { self }
    }

    /// Whether a calendar is shown.
    pub(crate) fn shows(&self, calendar: &str) -> bool {
        self.only.as_ref().is_none_or(|it| it.iter().any(|it| it == calendar))
    }

    /// With a calendar shown, or hidden if it was shown; `all` are those that there are.
    pub(crate) fn toggled(self, calendar: &str, all: &[String]) -> Self {
        let is_shown = |it: &String| self.shows(it) != (it == calendar);
        let shown: Vec<_> = all.iter().filter(|it| is_shown(it)).cloned().collect();
        Self { only: (shown.len() < all.len()).then_some(shown), ..self }
    }

    pub(crate) fn next(self) -> Self {
        let date = match self.view {
            View::Day => self.date.checked_add_days(Days::new(1)),
            View::Week => self.date.checked_add_days(Days::new(7)),
            View::Month | View::Agenda => self.date.checked_add_months(Months::new(1)),
        };
        match date {
            Some(date) => self.at(date),
            None => self,
        }
    }

    pub(crate) fn previous(self) -> Self {
        let date = match self.view {
            View::Day => self.date.checked_sub_days(Days::new(1)),
            View::Week => self.date.checked_sub_days(Days::new(7)),
            View::Month | View::Agenda => self.date.checked_sub_months(Months::new(1)),
        };
        match date {
            Some(date) => self.at(date),
            None => self,
        }
    }

    /// The days that are laid out. A month comes in whole weeks.
    pub(crate) fn days(&self) -> Vec<NaiveDate> {
        let first = self.date.with_day(1).unwrap_or(self.date);
        let last = first + Months::new(1) - Days::new(1);
        let (from, until) = match self.view {
            View::Day => (self.date, self.date),
            View::Week => (monday(self.date), sunday(self.date)),
            View::Month => (monday(first), sunday(last)),
            View::Agenda => (first, last),
        };
        from.iter_days().take_while(|it| *it <= until).collect()
    }

    /// What people call it: `23 – 29 November 2026`.
    pub(crate) fn title(&self) -> String {
        match self.view {
            View::Day => self.date.format("%A, %-d %B %Y").to_string(),
            View::Week => week(monday(self.date), sunday(self.date)),
            View::Month | View::Agenda => self.date.format("%B %Y").to_string(),
        }
    }
}

fn monday(date: NaiveDate) -> NaiveDate {
    date.week(Weekday::Mon).first_day()
}

fn sunday(date: NaiveDate) -> NaiveDate {
    date.week(Weekday::Mon).last_day()
}

fn week(first: NaiveDate, last: NaiveDate) -> String {
    let start = match (first.year() == last.year(), first.month() == last.month()) {
        (true, true) => first.format("%-d"),
        (true, false) => first.format("%-d %B"),
        _ => first.format("%-d %B %Y"),
    };
    format!("{start} – {}", last.format("%-d %B %Y"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(address: &str) -> Place {
        let date = NaiveDate::from_ymd_opt(2026, 11, 25).expect("a day");
        Place::from_address(address, Place { view: View::Week, date, only: None })
    }

    #[track_caller]
    fn check(address: &str, title: &str, days: (&str, &str)) {
        let place = place(address);
        assert_eq!(place.title(), title);
        let all = place.days();
        let (first, last) = (all.first().expect("a day"), all.last().expect("a day"));
        assert_eq!((first.to_string().as_str(), last.to_string().as_str()), days);
    }

    #[test]
    fn the_address_says_where_one_is() {
        let week = "23 – 29 November 2026";
        check("?view=week&date=2026-11-23", week, ("2026-11-23", "2026-11-29"));
        check("?a=b&date=2026-11-29", week, ("2026-11-23", "2026-11-29"));
        let over = "30 November – 6 December 2026";
        check("?date=2026-12-01", over, ("2026-11-30", "2026-12-06"));
        let over = "28 December 2026 – 3 January 2027";
        check("?date=2027-01-01", over, ("2026-12-28", "2027-01-03"));
        let day = "Tuesday, 24 November 2026";
        check("?view=day&date=2026-11-24", day, ("2026-11-24", "2026-11-24"));
        check("?view=month", "November 2026", ("2026-10-26", "2026-12-06"));
        check("?view=month&date=2027-02-10", "February 2027", ("2027-02-01", "2027-02-28"));
        check("?view=agenda&date=2028-02-29", "February 2028", ("2028-02-01", "2028-02-29"));
        for nonsense in ["", "?date=nonsense&view=year", "?date=9999-01-01", "?date=-1-01-01"] {
            check(nonsense, week, ("2026-11-23", "2026-11-29"));
        }
        for address in ["?view=day&date=2026-11-24", "?view=week&date=2026-01-01&calendars=a,b"] {
            assert_eq!(place(address).to_address(), address);
        }
    }

    #[test]
    fn one_goes_by_what_is_seen() {
        let date = |it: Place| it.date.to_string();
        assert_eq!(date(place("?view=day").next()), "2026-11-26");
        assert_eq!(date(place("?view=week").next()), "2026-12-02");
        assert_eq!(date(place("?view=month&date=2026-01-31").next()), "2026-02-28");
        assert_eq!(date(place("?view=agenda&date=2026-03-31").previous()), "2026-02-28");
        assert_eq!(date(place("?date=2199-12-31").next()), "2199-12-31", "so far and no further");
    }

    #[test]
    fn calendars_are_shown_and_hidden() {
        let all = ["a".to_owned(), "b".to_owned()];
        let without = place("").toggled("a", &all);
        assert_eq!(without.only, Some(vec!["b".to_owned()]));
        assert!(!without.shows("a") && without.shows("b"));
        let none = without.clone().toggled("b", &all);
        assert!(none.to_address().ends_with("&calendars="));
        assert_eq!(place(&none.to_address()), none);
        assert_eq!(without.toggled("a", &all).only, None, "all of them, and those that come");
    }
}
