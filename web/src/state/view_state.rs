//! The view state: route, time zone, calendars, and what the client knows of them.

use std::sync::Arc;
use std::time::Duration;

use appointments_client::{Appointment, Client, DateTime, RangeView, Shared};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::input::drag::Drag;
use crate::layout::day_layout::{ColoredView, Day, layout_days};
use crate::layout::ghost::Ghost;
use crate::state::calendar_list::{CalendarItem, watch_calendars};
use crate::state::draft::Draft;
use crate::state::range_data::RangeData;
use crate::state::route::{Route, View};
use crate::time::browser_time;
use crate::time::display::Display;
use crate::time::locale::browser_locale;

/// The interval at which the line of the current time moves.
const NOW_REFRESH_INTERVAL: Duration = Duration::from_secs(20);
/// A narrower window opens with the day view instead of the week.
const NARROW_WINDOW_PX: f64 = 600.0;
/// The hour at which a new appointment starts on another day than today.
const DEFAULT_START_HOUR: u32 = 9;

/// The view state. Copies share their signals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ViewState {
    set_display: WriteSignal<Display>,
    set_route: WriteSignal<Route>,
    pub(crate) display: Signal<Display>,
    pub(crate) route: Signal<Route>,
    /// All calendars of the server.
    pub(crate) calendars: RwSignal<Vec<CalendarItem>>,
    pub(crate) range_data: RangeData,
    /// The current time, updated every 20 seconds.
    pub(crate) now: Signal<DateTime>,
    pub(crate) visible_calendars: Memo<Vec<CalendarItem>>,
    /// The ids of the visible calendars.
    ids: Memo<Vec<String>>,
    /// The visible days.
    dates: Memo<Vec<NaiveDate>>,
}

impl ViewState {
    /// Creates the state that the page's address describes.
    pub(crate) fn new() -> Self {
        let clock = browser_time::wall_clock(browser_time::chosen_zone());
        let (display, set_display) = signal(Display::new(clock, browser_locale()));
        let (route, set_route) = signal(route_of_address(&display.get_untracked()));
        let calendars = RwSignal::new(Vec::<CalendarItem>::new());
        let visible_calendars = Memo::new(move |_| {
            let route = route.get();
            let is_visible = |it: &&CalendarItem| route.shows(&it.id);
            calendars.with(|all| all.iter().filter(is_visible).cloned().collect::<Vec<_>>())
        });
        // A change of a calendar's name or colour does not change this memo.
        let ids = Memo::new(move |_| {
            visible_calendars.with(|all| all.iter().map(|it| it.id.clone()).collect::<Vec<_>>())
        });
        let first_weekday = browser_locale().first_weekday;
        let dates = Memo::new(move |_| route.with(|it| it.days(first_weekday)));
        let now = RwSignal::new(browser_time::now());
        set_interval(move || now.set(browser_time::now()), NOW_REFRESH_INTERVAL);
        // The browser's Back and Forward change the address.
        let _ = window_event_listener(leptos::ev::popstate, move |_| {
            set_route.set(route_of_address(&display.get_untracked()));
        });
        Self {
            set_display,
            set_route,
            display: display.into(),
            route: route.into(),
            calendars,
            range_data: RangeData::new(),
            now: now.into(),
            visible_calendars,
            ids,
            dates,
        }
    }

    /// Watches the calendars and the visible appointments. Calls `on_change` at every change of
    /// the appointments.
    pub(crate) fn watch(self, client: Client, on_change: Callback<()>) {
        watch_calendars(client.clone(), self.calendars);
        let watched = Memo::new(move |_| {
            let display = self.display.get();
            let dates = self.dates.get();
            // An all-day appointment of another zone may lie up to a day before or after its date
            // in this zone.
            let first = dates.first().and_then(|it| it.pred_opt());
            let last = dates.last().and_then(|it| it.succ_opt());
            let range = first.zip(last).map(|(first, last)| {
                (display.clock.start_of_day(first), display.clock.end_of_day(last))
            });
            (self.ids.get(), range)
        });
        self.range_data.watch(client, watched, on_change);
    }

    /// Goes to another route and adds it to the browser's history.
    pub(crate) fn navigate(self, to: Route) {
        if let Ok(history) = window().history() {
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&to.to_address()));
        }
        self.set_route.set(to);
    }

    /// Sets the time zone and saves it for the next visit.
    pub(crate) fn set_time_zone(self, zone: String) {
        browser_time::save_zone(&zone);
        let clock = browser_time::wall_clock(zone);
        self.set_display.set(Display::new(clock, browser_locale()));
    }

    /// Shows or hides a calendar.
    pub(crate) fn toggle(self, calendar: &str) {
        let all: Vec<String> =
            self.calendars.with_untracked(|all| all.iter().map(|it| it.id.clone()).collect());
        self.navigate(self.route.get_untracked().toggled(calendar, &all));
    }

    /// Returns the id of the calendar for a new appointment: a visible one, if there is any.
    pub(crate) fn default_calendar(self) -> Option<String> {
        let visible = self.visible_calendars.with_untracked(|all| default_of(all));
        visible.or_else(|| self.calendars.with_untracked(|all| default_of(all)))
    }

    /// Returns the form of a new appointment, or `None` if there is no calendar.
    pub(crate) fn draft_at(self, start: DateTime) -> Option<Draft> {
        let end = start + TimeDelta::hours(1);
        Some(Draft::new(self.default_calendar()?, start, end, self.display.get_untracked()))
    }

    /// Returns the form of a new appointment in the morning of a day.
    pub(crate) fn draft_on(self, day: NaiveDate) -> Option<Draft> {
        let start = at_hour(day, DEFAULT_START_HOUR);
        self.draft_at(self.display.with_untracked(|it| it.clock.to_instant(start)))
    }

    /// Returns the form of a new all-day appointment.
    pub(crate) fn all_day_draft(self, day: NaiveDate) -> Option<Draft> {
        Some(Draft::all_day(self.default_calendar()?, day, self.display.get_untracked()))
    }

    /// Returns the start of a new appointment: the next full hour if today is visible, else the
    /// morning of the route's date.
    pub(crate) fn default_start(self) -> DateTime {
        let display = self.display.get_untracked();
        let now = display.clock.to_wall(browser_time::now());
        let is_today_visible = self.dates.with_untracked(|it| it.contains(&now.date()));
        let start = if is_today_visible {
            at_hour(now.date(), now.hour()) + TimeDelta::hours(1)
        } else {
            at_hour(self.route.with_untracked(|it| it.date), DEFAULT_START_HOUR)
        };
        display.clock.to_instant(start)
    }

    /// Returns whether all visible appointments are loaded.
    pub(crate) fn is_complete(self) -> Signal<bool> {
        Signal::derive(move || {
            let has_calendars = self.calendars.with(|it| !it.is_empty());
            has_calendars && self.range_data.all(&self.ids.get(), |it| it.is_complete)
        })
    }

    /// Returns the server's reason why a part of the range cannot be loaded.
    pub(crate) fn problem(self) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.range_data.with_views(&self.ids.get(), |views: &[(usize, &RangeView)]| {
                views.iter().find_map(|(_, it)| it.problem.clone())
            })
        })
    }

    /// Returns whether a part of the range may be out of date.
    pub(crate) fn is_stale(self) -> Signal<bool> {
        Signal::derive(move || !self.range_data.all(&self.ids.get(), |it| !it.is_stale))
    }

    /// Returns the layout of the visible days. `dragged` is drawn as it was when the drag began.
    pub(crate) fn days(self, dragged: Memo<Option<Shared<Appointment>>>) -> Memo<Vec<Day>> {
        Memo::new(move |_| {
            let display = self.display.get();
            let dragged = dragged.get();
            let today = display.date(self.now.get());
            let color = |it: &CalendarItem| Arc::<str>::from(it.color.as_str());
            let colors =
                self.visible_calendars.with(|all| all.iter().map(color).collect::<Vec<_>>());
            self.range_data.with_views(&self.ids.get(), |views| {
                let views = views.iter().filter_map(|(at, view)| {
                    Some(ColoredView { color: colors.get(*at)?.clone(), view })
                });
                let views: Vec<_> = views.collect();
                self.dates
                    .with(|dates| layout_days(dates, today, &views, dragged.as_ref(), &display))
            })
        })
    }

    /// Returns the preview of the current drag.
    pub(crate) fn ghost(self, drag: RwSignal<Option<Drag>>) -> Memo<Option<Ghost>> {
        Memo::new(move |_| {
            let drag = drag.get()?;
            let display = self.display.get();
            let find =
                |all: &Vec<CalendarItem>| all.iter().find(|it| it.id == drag.calendar()).cloned();
            let calendar = self.calendars.with(find)?;
            let except = drag.appointment().map(|it| it.id.as_str());
            let time = (drag.start, drag.end);
            let is_taken =
                calendar.is_strict && self.range_data.is_taken(&calendar.id, time, except);
            Some(Ghost::new(&drag, calendar.color.as_str().into(), is_taken, &display))
        })
    }
}

fn at_hour(day: NaiveDate, hour: u32) -> NaiveDateTime {
    day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default())
}

/// Returns the id of the server's default calendar, or else of the first one.
fn default_of(all: &[CalendarItem]) -> Option<String> {
    all.iter().find(|it| it.is_default).or(all.first()).map(|it| it.id.clone())
}

/// Returns the route of the page's address. Its default is the week around today, or today in a
/// narrow window.
fn route_of_address(display: &Display) -> Route {
    let width = window().inner_width().ok().and_then(|it| it.as_f64());
    let is_narrow = width.is_some_and(|it| it < NARROW_WINDOW_PX);
    let view = if is_narrow { View::Day } else { View::Week };
    let date = display.date(browser_time::now());
    let query = window().location().search().unwrap_or_default();
    Route::from_address(&query, Route { view, date, only: None })
}
