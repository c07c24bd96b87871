//! The route: the view, the date and the visible calendars, as the page's address has them. Pure.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

/// A layout of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Day,
    Week,
    Month,
    /// A list of the appointments of a month.
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
}

/// The view, the date and the calendars that the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) view: View,
    /// A day of the visible range.
    pub(crate) date: NaiveDate,
    /// The ids of the visible calendars. `None` shows all.
    pub(crate) only: Option<Vec<String>>,
}

impl Route {
    /// Parses an address such as `?view=week&date=2026-11-23&calendars=…`. Missing and invalid
    /// parts come from `default`.
    pub(crate) fn from_address(query: &str, default: Self) -> Self {
        let mut route = default;
        let parameters =
            query.trim_start_matches('?').split('&').filter_map(|it| it.split_once('='));
        for (name, value) in parameters {
            match name {
                "view" => {
                    let named = View::ALL.into_iter().find(|it| it.name() == value);
                    route.view = named.unwrap_or(route.view);
                }
                "date" => route = route.clone().with_date(value.parse().unwrap_or(route.date)),
                "calendars" => {
                    let ids = value.split(',').filter(|it| !it.is_empty());
                    route.only = Some(ids.map(str::to_owned).collect());
                }
                _ => {}
            }
        }
        route
    }

    /// Returns the query part of the address.
    pub(crate) fn to_address(&self) -> String {
        let calendars = self.only.as_ref().map(|it| format!("&calendars={}", it.join(",")));
        let calendars = calendars.unwrap_or_default();
        format!("?view={}&date={}{calendars}", self.view.name(), self.date)
    }

    /// Returns the route with another view.
    pub(crate) fn with_view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Returns the route with another date. Dates before 1901 or after 2198 are ignored.
    pub(crate) fn with_date(self, date: NaiveDate) -> Self {
        if (1901..2199).contains(&date.year()) { Self { date, ..self } } else { self }
    }

    /// Returns whether a calendar is visible.
    pub(crate) fn shows(&self, calendar: &str) -> bool {
        self.only.as_ref().is_none_or(|it| it.iter().any(|it| it == calendar))
    }

    /// Returns the route with one calendar shown or hidden. `all` are the ids of all calendars.
    pub(crate) fn toggled(self, calendar: &str, all: &[String]) -> Self {
        let is_visible = |it: &String| self.shows(it) != (it == calendar);
        let visible: Vec<_> = all.iter().filter(|it| is_visible(it)).cloned().collect();
        Self { only: (visible.len() < all.len()).then_some(visible), ..self }
    }

    /// Returns the route of the next day, week or month.
    pub(crate) fn next(self) -> Self {
        let date = match self.view {
            View::Day => self.date.checked_add_days(Days::new(1)),
            View::Week => self.date.checked_add_days(Days::new(7)),
            View::Month | View::Agenda => self.date.checked_add_months(Months::new(1)),
        };
        match date {
            Some(date) => self.with_date(date),
            None => self,
        }
    }

    /// Returns the route of the previous day, week or month.
    pub(crate) fn previous(self) -> Self {
        let date = match self.view {
            View::Day => self.date.checked_sub_days(Days::new(1)),
            View::Week => self.date.checked_sub_days(Days::new(7)),
            View::Month | View::Agenda => self.date.checked_sub_months(Months::new(1)),
        };
        match date {
            Some(date) => self.with_date(date),
            None => self,
        }
    }

    /// Returns the visible days. A week begins with `start`, and a month has whole weeks.
    pub(crate) fn days(&self, start: Weekday) -> Vec<NaiveDate> {
        let week = |it: NaiveDate| it.week(start);
        let first = self.date.with_day(1).unwrap_or(self.date);
        let last = first + Months::new(1) - Days::new(1);
        let (from, until) = match self.view {
            View::Day => (self.date, self.date),
            View::Week => (week(self.date).first_day(), week(self.date).last_day()),
            View::Month => (week(first).first_day(), week(last).last_day()),
            View::Agenda => (first, last),
        };
        from.iter_days().take_while(|it| *it <= until).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(address: &str) -> Route {
        let date = NaiveDate::from_ymd_opt(2026, 11, 25).expect("a day");
        Route::from_address(address, Route { view: View::Week, date, only: None })
    }

    #[track_caller]
    fn check(address: &str, start: Weekday, days: (&str, &str)) {
        let all = route(address).days(start);
        let (first, last) = (all.first().expect("a day"), all.last().expect("a day"));
        assert_eq!((first.to_string().as_str(), last.to_string().as_str()), days);
    }

    #[test]
    fn the_address_sets_the_visible_days() {
        let start = Weekday::Mon;
        let week = ("2026-11-23", "2026-11-29");
        check("?view=week&date=2026-11-23", start, week);
        check("?a=b&date=2026-11-29", start, week);
        check("?date=2026-11-29", Weekday::Sun, ("2026-11-29", "2026-12-05"));
        check("?date=2026-12-01", start, ("2026-11-30", "2026-12-06"));
        check("?date=2027-01-01", start, ("2026-12-28", "2027-01-03"));
        check("?view=day&date=2026-11-24", start, ("2026-11-24", "2026-11-24"));
        check("?view=month", start, ("2026-10-26", "2026-12-06"));
        check("?view=month", Weekday::Sun, ("2026-11-01", "2026-12-05"));
        check("?view=month&date=2027-02-10", start, ("2027-02-01", "2027-02-28"));
        check("?view=agenda&date=2028-02-29", start, ("2028-02-01", "2028-02-29"));
        for nonsense in ["", "?date=nonsense&view=year", "?date=9999-01-01", "?date=-1-01-01"] {
            check(nonsense, start, week);
        }
        for address in ["?view=day&date=2026-11-24", "?view=week&date=2026-01-01&calendars=a,b"] {
            assert_eq!(route(address).to_address(), address);
        }
    }

    #[test]
    fn next_and_previous_step_by_the_view() {
        let date = |it: Route| it.date.to_string();
        assert_eq!(date(route("?view=day").next()), "2026-11-26");
        assert_eq!(date(route("?view=week").next()), "2026-12-02");
        assert_eq!(date(route("?view=month&date=2026-01-31").next()), "2026-02-28");
        assert_eq!(date(route("?view=agenda&date=2026-03-31").previous()), "2026-02-28");
        assert_eq!(date(route("?date=2198-12-31").next()), "2198-12-31", "the last date");
    }

    #[test]
    fn calendars_can_be_shown_and_hidden() {
        let all = ["a".to_owned(), "b".to_owned()];
        let without = route("").toggled("a", &all);
        assert_eq!(without.only, Some(vec!["b".to_owned()]));
        assert!(!without.shows("a") && without.shows("b"));
        let none = without.clone().toggled("b", &all);
        assert!(none.to_address().ends_with("&calendars="));
        assert_eq!(route(&none.to_address()), none);
        assert_eq!(without.toggled("a", &all).only, None, "all calendars, and later ones");
    }
}
