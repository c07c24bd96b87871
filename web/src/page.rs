//! [`AppointmentsPage`]: wires the client's verbs to what is shown. There is no other way for data.

use std::collections::HashMap;
use std::time::Duration;

use appointments_client::{Client, RangeView};
use chrono::{NaiveTime, TimeDelta, Timelike};
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use crate::agenda::AgendaList;
use crate::badge::Badge;
use crate::calendars::{CalendarChoice, Listed, find_calendars};
use crate::days::{Tinted, days};
use crate::dialog::AppointmentDialog;
use crate::draft::Draft;
use crate::grid::HourGrid;
use crate::month::{MonthEvents, MonthTable};
use crate::navigation::Navigation;
use crate::place::{Place, View};
use crate::toasts::{ToastList, Toasts};
use crate::wishes::wishes;
use crate::zone;

/// The line of the present moves so often.
const MINUTE: Duration = Duration::from_secs(20);
/// A window that is narrower than so many pixels begins with one day.
const NARROW: f64 = 600.0;

/// What is shown of each calendar, by its id.
type Views = HashMap<String, RangeView>;

/// The page, on a client.
#[component]
pub(crate) fn AppointmentsPage(client: Client) -> impl IntoView {
    let place = RwSignal::new(place_of_address());
    let calendars = RwSignal::new(Vec::<Listed>::new());
    let views = RwSignal::new(Views::new());
    let connection = RwSignal::new(client.status());
    let waiting = RwSignal::new(0);
    let now = RwSignal::new(zone::now());
    let draft = RwSignal::new(None::<Draft>);
    let toasts = Toasts::new();

    let mut statuses = client.statuses();
    find_calendars(client.clone(), calendars);
    let counted = client.clone();
    // Also what is not in the stretch that is shown waits.
    let count = Callback::new(move |()| waiting.set(counted.pending().len()));
    let shown = Memo::new(move |_| {
        let place = place.get();
        calendars
            .with(|all| all.iter().filter(|it| place.shows(&it.id)).cloned().collect::<Vec<_>>())
    });
    watch(client.clone(), shown, place, views, count);
    spawn_local(async move {
        while let Some(it) = statuses.next().await {
            connection.set(it);
            count.run(());
        }
    });
    set_interval(move || now.set(zone::now()), MINUTE);
    // Back and forward of the browser.
    let _ = window_event_listener(leptos::ev::popstate, move |_| place.set(place_of_address()));

    let go = Callback::new(move |to: Place| {
        if let Ok(history) = window().history() {
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&to.to_address()));
        }
        place.set(to);
    });
    let open = move |start| {
        let meant = shown.with_untracked(|all| default_of(all));
        match meant.or_else(|| calendars.with_untracked(|all| default_of(all))) {
            Some(it) => draft.set(Some(Draft::new(it, start, start + TimeDelta::hours(1)))),
            None => {
                toasts.refused("There is no calendar yet; try again in a moment.".to_owned());
            }
        }
    };
    // The next hour, if one looks at today; else the morning of the day that one looks at.
    let add = move |_| {
        let (now, place) = (zone::wall(zone::now()), place.get_untracked());
        let hour = now.date().and_hms_opt(now.hour(), 0, 0).unwrap_or(now) + TimeDelta::hours(1);
        let morning = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
        let is_today = place.days().contains(&now.date());
        open(zone::at_wall(if is_today { hour } else { place.date.and_time(morning) }));
    };
    let wishes = wishes(client, draft, toasts, count);
    let of_shown = move |all: &[Listed], views: &Views, test: fn(&RangeView) -> bool| {
        all.iter().all(|it| views.get(&it.id).is_some_and(test))
    };
    let dates = Memo::new(move |_| place.with(Place::days));
    let days = Memo::new(move |_| {
        let (shown, now) = (shown.get(), now.get());
        views.with(|views| {
            let tinted = shown.iter().filter_map(|it| {
                Some(Tinted { color: it.color.as_str().into(), view: views.get(&it.id)? })
            });
            dates.with(|dates| days(dates, &tinted.collect::<Vec<_>>(), now))
        })
    });
    let is_complete = Signal::derive(move || {
        let shown = shown.get();
        views.with(|views| of_shown(&shown, views, |it| it.is_complete))
            && calendars.with(|it| !it.is_empty())
    });
    let is_stale = Signal::derive(move || {
        let shown = shown.get();
        views.with(|views| !of_shown(&shown, views, |it| !it.is_stale))
    });
    let name = move || match &shown.get()[..] {
        [one] => one.name.clone(),
        _ => "Calendars".to_owned(),
    };
    let toggle = move |id: String| {
        let all = calendars.with_untracked(|all| all.iter().map(|it| it.id.clone()).collect());
        let all: Vec<String> = all;
        go.run(place.get_untracked().toggled(&id, &all));
    };
    let view = Memo::new(move |_| place.with(|it| it.view));
    let on_slot = Callback::new(open);
    let on_open = Callback::new(move |it| draft.set(Some(Draft::of(&it))));
    let on_day = Callback::new(move |day| {
        go.run(place.get_untracked().seen_as(View::Day).at(day));
    });
    let month = Signal::derive(move || place.with(|it| it.date));
    let laid_out = move || match view.get() {
        View::Day | View::Week => {
            view! { <HourGrid days now=now.into() is_stale on_slot on_open /> }.into_any()
        }
        View::Month => {
            let events = MonthEvents { on_slot, on_open, on_day };
            view! { <MonthTable days month is_stale events /> }.into_any()
        }
        View::Agenda => view! { <AgendaList days is_stale on_open /> }.into_any(),
    };
    let drafted = move || {
        let calendars = calendars.get_untracked();
        draft.get().map(|draft| view! { <AppointmentDialog draft calendars wishes /> })
    };
    view! {
        <header>
            <h1>{name}</h1>
            <Navigation place=place.into() is_complete go />
            <Badge connection=connection.into() waiting=waiting.into() />
            <button type="button" id="new" class="primary" on:click=add>"New appointment"</button>
            <CalendarChoice
                calendars
                is_shown=Callback::new(move |id: String| place.with(|it| it.shows(&id)))
                on_toggle=Callback::new(toggle)
            />
        </header>
        <main>{laid_out}</main>
        {drafted}
        <ToastList toasts />
    }
}

/// The calendar that is meant when none is named, or else the first.
fn default_of(all: &[Listed]) -> Option<String> {
    all.iter().find(|it| it.is_default).or(all.first()).map(|it| it.id.clone())
}

/// Shows what the calendars have in the days that are laid out, and every change of it.
fn watch(
    client: Client,
    shown: Memo<Vec<Listed>>,
    place: RwSignal<Place>,
    views: RwSignal<Views>,
    count: Callback<()>,
) {
    // (What a calendar is called does not matter here.)
    let watched = Memo::new(move |_| {
        let ids = shown.with(|all| all.iter().map(|it| it.id.clone()).collect::<Vec<_>>());
        let days = place.with(Place::days);
        let end = days.last().and_then(|it| it.succ_opt());
        (ids, days.first().copied().zip(end))
    });
    Effect::new(move |_| {
        let (ids, Some((start, end))) = watched.get() else { return };
        let (start, end) = (zone::midnight(start), zone::midnight(end));
        // Of other days nothing is said yet.
        views.update(|all| all.values_mut().for_each(|it| it.is_complete = false));
        let watches = ids.into_iter().filter_map(|id| {
            // (The operation fits the contract that it was compiled with.)
            let mut watch = client.calendar(id.as_str()).watch(start, end).ok()?;
            let (shows, handle) = abortable(async move {
                while let Some(view) = watch.next().await {
                    count.run(());
                    views.update(|all| _ = all.insert(id.clone(), view));
                }
            });
            spawn_local(async move { _ = shows.await });
            Some(handle)
        });
        let watches: Vec<AbortHandle> = watches.collect();
        on_cleanup(move || watches.iter().for_each(AbortHandle::abort));
    });
}

/// What the address says; a week around today where it says nothing, and on a phone a day.
fn place_of_address() -> Place {
    let width = window().inner_width().ok().and_then(|it| it.as_f64());
    let view = if width.is_some_and(|it| it < NARROW) { View::Day } else { View::Week };
    let date = zone::wall(zone::now()).date();
    let query = window().location().search().unwrap_or_default();
    Place::from_address(&query, Place { view, date, only: None })
}
