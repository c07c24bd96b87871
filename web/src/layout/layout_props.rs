//! Props that all layouts share.

use appointments_client::DateTime;
use chrono::NaiveDate;
use leptos::prelude::*;

use crate::layout::day_layout::{Day, Segment};
use crate::layout::ghost::Ghost;
use crate::time::display::Display;

/// The visible days and the drag over them. Copies share their signals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayoutProps {
    pub(crate) days: Memo<Vec<Day>>,
    pub(crate) display: Signal<Display>,
    pub(crate) now: Signal<DateTime>,
    pub(crate) ghost: Memo<Option<Ghost>>,
    /// Whether all appointments of the days are loaded.
    pub(crate) is_complete: Signal<bool>,
    /// Whether some of the days may be out of date.
    pub(crate) is_stale: Signal<bool>,
}

impl LayoutProps {
    /// Returns the dates of the visible days.
    pub(crate) fn dates(self) -> Memo<Vec<NaiveDate>> {
        Memo::new(move |_| self.days.with(|all| all.iter().map(|it| it.date).collect()))
    }

    /// Returns the segments that `select` takes from a day.
    pub(crate) fn segments(
        self,
        date: NaiveDate,
        select: fn(&Day) -> Vec<Segment>,
    ) -> Memo<Vec<Segment>> {
        let is_date = move |it: &&Day| it.date == date;
        Memo::new(move |_| {
            self.days.with(|all| all.iter().find(is_date).map(select).unwrap_or_default())
        })
    }

    /// Returns whether a date is today.
    pub(crate) fn is_today(self, date: NaiveDate) -> Memo<bool> {
        let is_date = move |it: &Day| it.date == date && it.is_today;
        Memo::new(move |_| self.days.with(|all| all.iter().any(is_date)))
    }

    /// Returns the drag preview if it covers a part of a day.
    pub(crate) fn ghost_on(self, date: NaiveDate) -> Memo<Option<Ghost>> {
        Memo::new(move |_| {
            let ghost = self.ghost.get()?;
            self.display.with(|display| ghost.is_on(date, display)).then_some(ghost)
        })
    }
}
