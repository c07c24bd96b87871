//! What is shown, whatever way it is laid out.

use appointments_client::DateTime;
use chrono::NaiveDate;
use leptos::prelude::*;

use crate::layout::day_layout::{Day, Segment};
use crate::time::display::Display;
use crate::ui::ghost::Ghost;

/// Days, and what is going on over them. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct LayoutProps {
    pub(crate) days: Memo<Vec<Day>>,
    pub(crate) display: Signal<Display>,
    pub(crate) now: Signal<DateTime>,
    pub(crate) ghost: Memo<Option<Ghost>>,
    /// Whether all is known that is in them.
    pub(crate) is_complete: Signal<bool>,
    pub(crate) is_stale: Signal<bool>,
}

impl LayoutProps {
    /// The days that are shown.
    pub(crate) fn dates(self) -> Memo<Vec<NaiveDate>> {
        Memo::new(move |_| self.days.with(|all| all.iter().map(|it| it.date).collect()))
    }

    /// What is to be seen of one of them.
    pub(crate) fn segments(
        self,
        date: NaiveDate,
        of: fn(&Day) -> Vec<Segment>,
    ) -> Memo<Vec<Segment>> {
        let is_it = move |it: &&Day| it.date == date;
        Memo::new(move |_| self.days.with(|all| all.iter().find(is_it).map(of).unwrap_or_default()))
    }

    /// Whether it is today.
    pub(crate) fn is_today(self, date: NaiveDate) -> Memo<bool> {
        let is_it = move |it: &Day| it.date == date && it.is_today;
        Memo::new(move |_| self.days.with(|all| all.iter().any(is_it)))
    }

    /// What is dragged over a day, if anything is.
    pub(crate) fn ghost_on(self, date: NaiveDate) -> Memo<Option<Ghost>> {
        Memo::new(move |_| {
            let ghost = self.ghost.get()?;
            self.display.with(|display| ghost.is_on(date, display)).then_some(ghost)
        })
    }
}
