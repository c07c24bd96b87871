//! What is looked at: where, by which clocks, which calendars, and what is known of them.

use std::sync::Arc;
use std::time::Duration;

use appointments_client::{Appointment, Client, DateTime, RangeView, Shared};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::input::drag::Drag;
use crate::layout::day_layout::{Day, Tinted, days};
use crate::state::calendar_list::{Listed, find_calendars};
use crate::state::draft::Draft;
use crate::state::range_data::Views;
use crate::state::route::{Place, View};
use crate::time::browser_time;
use crate::time::display::Sight;
use crate::time::locale::here;
use crate::ui::ghost::Ghost;

/// The line of the present moves so often.
const MINUTE: Duration = Duration::from_secs(20);
/// A window that is narrower than so many pixels begins with one day.
const NARROW: f64 = 600.0;
/// In the morning.
const MORNING: u32 = 9;

/// What is looked at. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct Outlook {
    looks: RwSignal<Sight>,
    at: RwSignal<Place>,
    /// By which clocks.
    pub(crate) sight: Signal<Sight>,
    pub(crate) place: Signal<Place>,
    pub(crate) calendars: RwSignal<Vec<Listed>>,
    pub(crate) views: Views,
    pub(crate) now: Signal<DateTime>,
    /// The calendars that are shown.
    pub(crate) shown: Memo<Vec<Listed>>,
    ids: Memo<Vec<String>>,
    dates: Memo<Vec<NaiveDate>>,
}

impl Outlook {
    /// What the address says, as long as the page is open.
    pub(crate) fn new() -> Self {
        let looks = RwSignal::new(Sight::new(browser_time::clocks(browser_time::chosen()), here()));
        let at = RwSignal::new(place_of_address(&looks.get_untracked()));
        let (sight, place): (Signal<Sight>, Signal<Place>) = (looks.into(), at.into());
        let calendars = RwSignal::new(Vec::<Listed>::new());
        let now = RwSignal::new(browser_time::now());
        let shown = Memo::new(move |_| {
            let place = place.get();
            let is_shown = |it: &&Listed| place.shows(&it.id);
            calendars.with(|all| all.iter().filter(is_shown).cloned().collect::<Vec<_>>())
        });
        // (What a calendar is called does not matter to those who watch it.)
        let ids = Memo::new(move |_| {
            shown.with(|all| all.iter().map(|it| it.id.clone()).collect::<Vec<_>>())
        });
        let dates = Memo::new(move |_| place.with(|it| it.days(here().first)));
        set_interval(move || now.set(browser_time::now()), MINUTE);
        // Back and forward of the browser.
        let _ = window_event_listener(leptos::ev::popstate, move |_| {
            at.set(place_of_address(&sight.get_untracked()));
        });
        let (views, now) = (Views::new(), now.into());
        Self { looks, at, sight, place, calendars, views, now, shown, ids, dates }
    }

    /// Follows all of it, and says of each change that there was one.
    pub(crate) fn follow(self, client: Client, on_change: Callback<()>) {
        find_calendars(client.clone(), self.calendars);
        let watched = Memo::new(move |_| {
            let (dates, sight) = (self.dates.get(), self.sight.get());
            // What lasts a whole day elsewhere may be over before that day begins here, or begin when it is over.
            let first = dates.first().and_then(|it| it.pred_opt());
            let last = dates.last().and_then(|it| it.succ_opt());
            let stretch = |(first, last)| (sight.clocks.midnight(first), sight.clocks.end(last));
            (self.ids.get(), first.zip(last).map(stretch))
        });
        self.views.watch(client, watched, on_change);
    }

    /// Goes elsewhere, so that the browser finds the way back.
    pub(crate) fn go(self, to: Place) {
        if let Ok(history) = window().history() {
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&to.to_address()));
        }
        self.at.set(to);
    }

    /// Looks by the clocks of another zone, also the next time.
    pub(crate) fn look_from(self, zone: String) {
        browser_time::keep(&zone);
        self.looks.set(Sight::new(browser_time::clocks(zone), here()));
    }

    /// Shows a calendar, or hides it.
    pub(crate) fn toggle(self, calendar: &str) {
        let all = self.calendars.with_untracked(|all| all.iter().map(|it| it.id.clone()).collect());
        let all: Vec<String> = all;
        self.go(self.place.get_untracked().toggled(calendar, &all));
    }

    /// The calendar that something new is meant for: one that is shown, if there is one.
    pub(crate) fn meant(self) -> Option<String> {
        let shown = self.shown.with_untracked(|all| default_of(all));
        shown.or_else(|| self.calendars.with_untracked(|all| default_of(all)))
    }

    /// Something new at a time; none where there is no calendar for it.
    pub(crate) fn draft_at(self, start: DateTime) -> Option<Draft> {
        let end = start + TimeDelta::hours(1);
        Some(Draft::new(self.meant()?, start, end, self.sight.get_untracked()))
    }

    /// Something new in the morning of a day.
    pub(crate) fn draft_on(self, day: NaiveDate) -> Option<Draft> {
        self.draft_at(self.sight.with_untracked(|it| it.clocks.at_wall(hour_of(day, MORNING))))
    }

    /// Something new for a whole day.
    pub(crate) fn draft_of_day(self, day: NaiveDate) -> Option<Draft> {
        Some(Draft::of_day(self.meant()?, day, self.sight.get_untracked()))
    }

    /// The time that something new is meant for: the next hour, if one looks at today; else the morning of the day that one
    /// looks at.
    pub(crate) fn meant_time(self) -> DateTime {
        let (sight, day) = (self.sight.get_untracked(), self.place.with_untracked(|it| it.date));
        let now = sight.clocks.wall(browser_time::now());
        let is_today = self.dates.with_untracked(|it| it.contains(&now.date()));
        let next = hour_of(now.date(), now.hour()) + TimeDelta::hours(1);
        sight.clocks.at_wall(if is_today { next } else { hour_of(day, MORNING) })
    }

    /// Whether all is known that is looked at.
    pub(crate) fn is_complete(self) -> Signal<bool> {
        Signal::derive(move || {
            let is_any = self.calendars.with(|it| !it.is_empty());
            is_any && self.views.all(&self.ids.get(), |it| it.is_complete)
        })
    }

    /// Why not all of it can be known, if the server has said so.
    pub(crate) fn problem(self) -> Signal<Option<String>> {
        Signal::derive(move || {
            let first =
                |all: &[(usize, &RangeView)]| all.iter().find_map(|(_, it)| it.problem.clone());
            self.views.of(&self.ids.get(), first)
        })
    }

    /// Whether something of it may be out of date.
    pub(crate) fn is_stale(self) -> Signal<bool> {
        Signal::derive(move || !self.views.all(&self.ids.get(), |it| !it.is_stale))
    }

    /// What stands in each day. What is `held` is shown as it was when it was taken.
    pub(crate) fn days(self, held: Memo<Option<Shared<Appointment>>>) -> Memo<Vec<Day>> {
        Memo::new(move |_| {
            let (sight, held) = (self.sight.get(), held.get());
            let color = |it: &Listed| Arc::<str>::from(it.color.as_str());
            let colors = self.shown.with(|all| all.iter().map(color).collect::<Vec<_>>());
            let today = sight.date(self.now.get());
            self.views.of(&self.ids.get(), |known| {
                let tinted = known.iter().filter_map(|(at, view)| {
                    Some(Tinted { color: colors.get(*at)?.clone(), view })
                });
                let tinted: Vec<_> = tinted.collect();
                self.dates.with(|dates| days(dates, today, &tinted, held.as_ref(), &sight))
            })
        })
    }

    /// Where what is dragged would be.
    pub(crate) fn ghost(self, drag: RwSignal<Option<Drag>>) -> Memo<Option<Ghost>> {
        Memo::new(move |_| {
            let (drag, sight) = (drag.get()?, self.sight.get());
            let of = |all: &Vec<Listed>| all.iter().find(|it| it.id == drag.calendar()).cloned();
            let calendar = self.calendars.with(of)?;
            let but = drag.of().map(|it| it.id.inner());
            let time = (drag.start, drag.end);
            let is_taken = calendar.is_strict && self.views.is_taken(&calendar.id, time, but);
            Some(Ghost::new(&drag, calendar.color.as_str().into(), is_taken, &sight))
        })
    }
}

/// A full hour of a day.
fn hour_of(day: NaiveDate, hour: u32) -> NaiveDateTime {
    day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default())
}

/// The calendar that is meant when none is named, or else the first.
fn default_of(all: &[Listed]) -> Option<String> {
    all.iter().find(|it| it.is_default).or(all.first()).map(|it| it.id.clone())
}

/// What the address says; a week around today where it says nothing, and on a phone a day.
fn place_of_address(sight: &Sight) -> Place {
    let width = window().inner_width().ok().and_then(|it| it.as_f64());
    let view = if width.is_some_and(|it| it < NARROW) { View::Day } else { View::Week };
    let date = sight.date(browser_time::now());
    let query = window().location().search().unwrap_or_default();
    Place::from_address(&query, Place { view, date, only: None })
}
