//! [`AppointmentsPage`]: wires the client's verbs to what is shown. There is no other way for data.

use std::time::Duration;

use appointments_client::Client;
use chrono::{NaiveTime, TimeDelta, Timelike};
use futures_util::StreamExt;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use crate::agenda::AgendaList;
use crate::badge::{Badge, WaitingWishes};
use crate::calendar_dialog::CalendarDialog;
use crate::calendars::{CalendarChoice, Listed, find_calendars};
use crate::card::{Cards, Focus};
use crate::days::{Tinted, days};
use crate::dialog::AppointmentDialog;
use crate::draft::Draft;
use crate::drag::{Drag, Grip};
use crate::gestures::{Gestured, Gestures};
use crate::ghost::Ghost;
use crate::grid::{HourGrid, Shown};
use crate::locale::{here, labels};
use crate::month::{MonthEvents, MonthTable};
use crate::navigation::{Navigation, ZoneChoice};
use crate::place::{Place, View};
use crate::sight::Sight;
use crate::toasts::{ToastList, Toasts};
use crate::views::Views;
use crate::wishes::Desk;
use crate::words;
use crate::zone;

/// The line of the present moves so often.
const MINUTE: Duration = Duration::from_secs(20);
/// A window that is narrower than so many pixels begins with one day.
const NARROW: f64 = 600.0;

/// The page, on a client.
#[component]
pub(crate) fn AppointmentsPage(client: Client) -> impl IntoView {
    let sight = RwSignal::new(Sight::new(zone::clocks(zone::chosen()), here()));
    let place = RwSignal::new(place_of_address(&sight.get_untracked()));
    let calendars = RwSignal::new(Vec::<Listed>::new());
    let views = Views::new();
    let connection = RwSignal::new(client.status());
    let waiting = RwSignal::new(Vec::new());
    let now = RwSignal::new(zone::now());
    let draft = RwSignal::new(None::<Draft>);
    let edited = RwSignal::new(None::<Option<Listed>>);
    let drag = RwSignal::new(None::<Drag>);
    let toasts = Toasts::new();
    let sight_now = Signal::from(sight);

    let mut statuses = client.statuses();
    find_calendars(client.clone(), calendars);
    let counted = client.clone();
    // Also what is not in the stretch that is shown waits.
    let on_change = Callback::new(move |()| {
        let title = |id: &str| views.find(id).map(|it| it.title.clone());
        let all = counted.pending().into_iter();
        waiting.set(all.map(|it| (it.clone(), title(it.appointment.inner()))).collect::<Vec<_>>());
    });
    let shown = Memo::new(move |_| {
        let place = place.get();
        calendars
            .with(|all| all.iter().filter(|it| place.shows(&it.id)).cloned().collect::<Vec<_>>())
    });
    // (What a calendar is called does not matter here.)
    let ids = Memo::new(move |_| {
        shown.with(|all| all.iter().map(|it| it.id.clone()).collect::<Vec<_>>())
    });
    let dates = Memo::new(move |_| place.with(|it| it.days(here().first)));
    let watched = Memo::new(move |_| {
        let (dates, sight) = (dates.get(), sight.get());
        // What lasts a whole day elsewhere may be over before that day begins here, or begin when it is over.
        let first = dates.first().and_then(|it| it.pred_opt());
        let last = dates.last().and_then(|it| it.succ_opt());
        let stretch = first
            .zip(last)
            .map(|(first, last)| (sight.clocks.midnight(first), sight.clocks.end(last)));
        (ids.get(), stretch)
    });
    views.watch(client.clone(), watched, on_change);
    spawn_local(async move {
        while let Some(it) = statuses.next().await {
            connection.set(it);
            on_change.run(());
        }
    });
    set_interval(move || now.set(zone::now()), MINUTE);
    // Back and forward of the browser.
    let _ = window_event_listener(leptos::ev::popstate, move |_| {
        place.set(place_of_address(&sight.get_untracked()));
    });

    let go = Callback::new(move |to: Place| {
        if let Ok(history) = window().history() {
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&to.to_address()));
        }
        place.set(to);
    });
    let meant = Callback::new(move |()| {
        let meant = shown.with_untracked(|all| default_of(all));
        let meant = meant.or_else(|| calendars.with_untracked(|all| default_of(all)));
        if meant.is_none() {
            toasts.refused(words::no_calendar(here().language));
        }
        meant
    });
    let open = move |start| {
        if let Some(it) = meant.run(()) {
            draft.set(Some(Draft::new(
                it,
                start,
                start + TimeDelta::hours(1),
                sight.get_untracked(),
            )));
        }
    };
    // The next hour, if one looks at today; else the morning of the day that one looks at.
    let add = move |_| {
        let (sight, place) = (sight.get_untracked(), place.get_untracked());
        let now = sight.clocks.wall(zone::now());
        let hour = now.date().and_hms_opt(now.hour(), 0, 0).unwrap_or(now) + TimeDelta::hours(1);
        let morning = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
        let is_today = dates.with_untracked(|it| it.contains(&now.date()));
        open(sight.clocks.at_wall(if is_today { hour } else { place.date.and_time(morning) }));
    };
    let kept = StoredValue::new(client.clone());
    let desk = Desk { client: kept, draft, toasts, views, sight: sight_now, on_change };
    let wishes = desk.wishes();
    let on_drop = Callback::new(move |it: Drag| match it.grip.clone() {
        Grip::Slot(calendar) => {
            draft.set(Some(Draft::new(calendar, it.start, it.end, sight.get_untracked())));
        }
        Grip::Whole(was) | Grip::End(was) if it.has_moved() => {
            wishes.retime.run((was, it.start, it.end));
        }
        _ => {}
    });
    let held = Memo::new(move |_| drag.with(|it| it.as_ref().and_then(|it| it.of().cloned())));
    let days = Memo::new(move |_| {
        let (sight, held) = (sight.get(), held.get());
        let colors =
            shown.with(|all| all.iter().map(|it| it.color.as_str().into()).collect::<Vec<_>>());
        let today = sight.date(now.get());
        views.of(&ids.get(), |known| {
            let tinted = known.iter().filter_map(|(at, view)| {
                let color = std::sync::Arc::clone(colors.get(*at)?);
                Some(Tinted { color, view })
            });
            let tinted = tinted.collect::<Vec<_>>();
            dates.with(|dates| days(dates, today, &tinted, held.as_ref(), &sight))
        })
    });
    let ghost = Memo::new(move |_| {
        let (drag, sight) = (drag.get()?, sight.get());
        let calendar =
            calendars.with(|all| all.iter().find(|it| it.id == drag.calendar()).cloned())?;
        let but = drag.of().map(|it| it.id.inner());
        let time = (drag.start, drag.end);
        let is_taken = calendar.is_strict && views.is_taken(&calendar.id, time, but);
        Some(Ghost::new(&drag, calendar.color.as_str().into(), is_taken, &sight))
    });
    let is_complete = Signal::derive(move || {
        views.all(&ids.get(), |it| it.is_complete) && calendars.with(|it| !it.is_empty())
    });
    let is_stale = Signal::derive(move || !views.all(&ids.get(), |it| !it.is_stale));
    let name = move || match &shown.get()[..] {
        [one] => one.name.clone(),
        _ => labels().calendars.to_owned(),
    };
    let toggle = move |id: String| {
        let all = calendars.with_untracked(|all| all.iter().map(|it| it.id.clone()).collect());
        let all: Vec<String> = all;
        go.run(place.get_untracked().toggled(&id, &all));
    };
    let on_zone = Callback::new(move |name: String| {
        zone::keep(&name);
        sight.set(Sight::new(zone::clocks(name), here()));
    });
    let view = Memo::new(move |_| place.with(|it| it.view));
    let on_slot = Callback::new(open);
    let on_whole = Callback::new(move |day| {
        if let Some(it) = meant.run(()) {
            draft.set(Some(Draft::of_day(it, day, sight.get_untracked())));
        }
    });
    let on_open = Callback::new(move |it| draft.set(Some(Draft::of(&it, &sight.get_untracked()))));
    let marked = Memo::new(move |_| toasts.marked()).into();
    let cards = Cards { on_open, marked, focus: Focus::new() };
    let on_day = Callback::new(move |day| {
        go.run(place.get_untracked().seen_as(View::Day).at(day));
    });
    let month = Signal::derive(move || place.with(|it| it.date));
    let shows = Shown { days, sight: sight_now, now: now.into(), ghost, is_stale };
    let laid_out = move || match view.get() {
        View::Day | View::Week => {
            view! { <HourGrid shown=shows cards on_slot on_whole /> }.into_any()
        }
        View::Month => {
            let events = MonthEvents { on_slot, on_day };
            view! { <MonthTable shown=shows month cards events /> }.into_any()
        }
        View::Agenda => view! { <AgendaList days is_stale cards /> }.into_any(),
    };
    let find = Callback::new(move |id: String| views.find(&id));
    let gestures = Gestures { drag, sight: sight_now, find, calendar: meant, on_drop };
    let drafted = move || {
        let calendars = calendars.get_untracked();
        draft.get().map(|draft| view! { <AppointmentDialog draft calendars wishes /> })
    };
    let of_calendar = move || {
        let on_close = Callback::new(move |()| edited.set(None));
        let zone = sight.with_untracked(|it| it.clocks.zone().to_owned());
        let client = kept.get_value();
        edited.get().map(|of| view! { <CalendarDialog client of zone on_close /> })
    };
    let waiting_wishes = WaitingWishes {
        retry: Callback::new(move |()| kept.with_value(Client::retry)),
        discard: Callback::new(move |it: appointments_client::Entry| {
            kept.with_value(|client| client.discard(&it.id));
            on_change.run(());
        }),
    };
    let said = move || ghost.get().map(|it| sight.with(|sight| it.said(sight)));
    view! {
        <header>
            <h1>{name}</h1>
            <Navigation place=place.into() sight=sight_now is_complete go />
            <Badge
                connection=connection.into()
                waiting=waiting.into()
                sight=sight_now
                wishes=waiting_wishes
            />
            <button type="button" id="new" class="primary" on:click=add>
                {labels().new_appointment}
            </button>
            <ZoneChoice sight=sight_now on_zone />
            <CalendarChoice
                calendars
                is_shown=Callback::new(move |id: String| place.with(|it| it.shows(&id)))
                on_toggle=Callback::new(toggle)
                on_edit=Callback::new(move |it| edited.set(Some(it)))
            />
        </header>
        <Gestured gestures>{laid_out}</Gestured>
        <p class="said" aria-live="polite">{said}</p>
        {drafted}
        {of_calendar}
        <ToastList toasts />
    }
}

/// The calendar that is meant when none is named, or else the first.
fn default_of(all: &[Listed]) -> Option<String> {
    all.iter().find(|it| it.is_default).or(all.first()).map(|it| it.id.clone())
}

/// What the address says; a week around today where it says nothing, and on a phone a day.
fn place_of_address(sight: &Sight) -> Place {
    let width = window().inner_width().ok().and_then(|it| it.as_f64());
    let view = if width.is_some_and(|it| it < NARROW) { View::Day } else { View::Week };
    let date = sight.date(zone::now());
    let query = window().location().search().unwrap_or_default();
    Place::from_address(&query, Place { view, date, only: None })
}
