//! What is looked at: where, by which clock, which calendars, and what is known of them.

use std::sync::Arc;
use std::time::Duration;

use appointments_client::{Appointment, Client, DateTime, RangeView, Shared};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::input::drag::Drag;
use crate::layout::day_layout::{ColoredView, Day, days};
use crate::state::calendar_list::{CalendarItem, watch_calendars};
use crate::state::draft::Draft;
use crate::state::range_data::RangeData;
use crate::state::route::{Route, View};
use crate::time::browser_time;
use crate::time::display::Display;
use crate::time::locale::here;
use crate::ui::ghost::Ghost;

/// The line of the present moves so often.
const NOW_REFRESH_INTERVAL: Duration = Duration::from_secs(20);
/// A window that is narrower than so many pixels begins with one day.
const NARROW_WINDOW_PX: f64 = 600.0;
/// In the morning.
const DEFAULT_START_HOUR: u32 = 9;

/// What is looked at. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct ViewState {
    looks: RwSignal<Display>,
    at: RwSignal<Route>,
    /// By which clock.
    pub(crate) display: Signal<Display>,
    pub(crate) route: Signal<Route>,
    pub(crate) calendars: RwSignal<Vec<CalendarItem>>,
    pub(crate) views: RangeData,
    pub(crate) now: Signal<DateTime>,
    /// The calendars that are shown.
    pub(crate) shown: Memo<Vec<CalendarItem>>,
    ids: Memo<Vec<String>>,
    dates: Memo<Vec<NaiveDate>>,
}

impl ViewState {
    /// What the address says, as long as the page is open.
    pub(crate) fn new() -> Self {
        let looks =
            RwSignal::new(Display::new(browser_time::clock(browser_time::chosen()), here()));
        let at = RwSignal::new(route_of_address(&looks.get_untracked()));
        let (display, route): (Signal<Display>, Signal<Route>) = (looks.into(), at.into());
        let calendars = RwSignal::new(Vec::<CalendarItem>::new());
        let now = RwSignal::new(browser_time::now());
        let shown = Memo::new(move |_| {
            let route = route.get();
            let is_shown = |it: &&CalendarItem| route.shows(&it.id);
            calendars.with(|all| all.iter().filter(is_shown).cloned().collect::<Vec<_>>())
        });
        // (What a calendar is called does not matter to those who watch it.)
        let ids = Memo::new(move |_| {
            shown.with(|all| all.iter().map(|it| it.id.clone()).collect::<Vec<_>>())
        });
        let dates = Memo::new(move |_| route.with(|it| it.days(here().first)));
        set_interval(move || now.set(browser_time::now()), NOW_REFRESH_INTERVAL);
        // Back and forward of the browser.
        let _ = window_event_listener(leptos::ev::popstate, move |_| {
            at.set(route_of_address(&display.get_untracked()));
        });
        let (views, now) = (RangeData::new(), now.into());
        Self { looks, at, display, route, calendars, views, now, shown, ids, dates }
    }

    /// Follows all of it, and says of each change that there was one.
    pub(crate) fn follow(self, client: Client, on_change: Callback<()>) {
        watch_calendars(client.clone(), self.calendars);
        let watched = Memo::new(move |_| {
            let (dates, display) = (self.dates.get(), self.display.get());
            // What lasts a whole day elsewhere may be over before that day begins here, or begin when it is over.
            let first = dates.first().and_then(|it| it.pred_opt());
            let last = dates.last().and_then(|it| it.succ_opt());
            let stretch = |(first, last)| (display.clock.midnight(first), display.clock.end(last));
            (self.ids.get(), first.zip(last).map(stretch))
        });
        self.views.watch(client, watched, on_change);
    }

    /// Goes elsewhere, so that the browser finds the way back.
    pub(crate) fn navigate(self, to: Route) {
        if let Ok(history) = window().history() {
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&to.to_address()));
        }
        self.at.set(to);
    }

    /// Looks by the clocks of another zone, also the next time.
    pub(crate) fn set_time_zone(self, zone: String) {
        browser_time::keep(&zone);
        self.looks.set(Display::new(browser_time::clock(zone), here()));
    }

    /// Shows a calendar, or hides it.
    pub(crate) fn toggle(self, calendar: &str) {
        let all = self.calendars.with_untracked(|all| all.iter().map(|it| it.id.clone()).collect());
        let all: Vec<String> = all;
        self.navigate(self.route.get_untracked().toggled(calendar, &all));
    }

    /// The calendar that something new is meant for: one that is shown, if there is one.
    pub(crate) fn default_calendar(self) -> Option<String> {
        let shown = self.shown.with_untracked(|all| default_of(all));
        shown.or_else(|| self.calendars.with_untracked(|all| default_of(all)))
    }

    /// Something new at a time; none where there is no calendar for it.
    pub(crate) fn draft_at(self, start: DateTime) -> Option<Draft> {
        let end = start + TimeDelta::hours(1);
        Some(Draft::new(self.default_calendar()?, start, end, self.display.get_untracked()))
    }

    /// Something new in the morning of a day.
    pub(crate) fn draft_on(self, day: NaiveDate) -> Option<Draft> {
        self.draft_at(
            self.display.with_untracked(|it| it.clock.from_wall(hour_of(day, DEFAULT_START_HOUR))),
        )
    }

    /// Something new for a whole day.
    pub(crate) fn draft_of_day(self, day: NaiveDate) -> Option<Draft> {
        Some(Draft::of_day(self.default_calendar()?, day, self.display.get_untracked()))
    }

    /// The time that something new is meant for: the next hour, if one looks at today; else the morning of the day that one
    /// looks at.
    pub(crate) fn default_start(self) -> DateTime {
        let (display, day) =
            (self.display.get_untracked(), self.route.with_untracked(|it| it.date));
        let now = display.clock.to_wall(browser_time::now());
        let is_today = self.dates.with_untracked(|it| it.contains(&now.date()));
        let next = hour_of(now.date(), now.hour()) + TimeDelta::hours(1);
        display.clock.from_wall(if is_today { next } else { hour_of(day, DEFAULT_START_HOUR) })
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
            let (display, held) = (self.display.get(), held.get());
            let color = |it: &CalendarItem| Arc::<str>::from(it.color.as_str());
            let colors = self.shown.with(|all| all.iter().map(color).collect::<Vec<_>>());
            let today = display.date(self.now.get());
            self.views.of(&self.ids.get(), |known| {
                let colored = known.iter().filter_map(|(at, view)| {
                    Some(ColoredView { color: colors.get(*at)?.clone(), view })
                });
                let colored: Vec<_> = colored.collect();
                self.dates.with(|dates| days(dates, today, &colored, held.as_ref(), &display))
            })
        })
    }

    /// Where what is dragged would be.
    pub(crate) fn ghost(self, drag: RwSignal<Option<Drag>>) -> Memo<Option<Ghost>> {
        Memo::new(move |_| {
            let (drag, display) = (drag.get()?, self.display.get());
            let of =
                |all: &Vec<CalendarItem>| all.iter().find(|it| it.id == drag.calendar()).cloned();
            let calendar = self.calendars.with(of)?;
            let but = drag.of().map(|it| it.id.as_str());
            let time = (drag.start, drag.end);
            let is_taken = calendar.is_strict && self.views.is_taken(&calendar.id, time, but);
            Some(Ghost::new(&drag, calendar.color.as_str().into(), is_taken, &display))
        })
    }
}

/// A full hour of a day.
fn hour_of(day: NaiveDate, hour: u32) -> NaiveDateTime {
    day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default())
}

/// The calendar that is meant when none is named, or else the first.
fn default_of(all: &[CalendarItem]) -> Option<String> {
    all.iter().find(|it| it.is_default).or(all.first()).map(|it| it.id.clone())
}

/// What the address says; a week around today where it says nothing, and on a phone a day.
fn route_of_address(display: &Display) -> Route {
    let width = window().inner_width().ok().and_then(|it| it.as_f64());
    let view = if width.is_some_and(|it| it < NARROW_WINDOW_PX) { View::Day } else { View::Week };
    let date = display.date(browser_time::now());
    let query = window().location().search().unwrap_or_default();
    Route::from_address(&query, Route { view, date, only: None })
}
