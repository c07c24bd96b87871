//! [`AppointmentsPage`]: wires the client's verbs to what is shown. There is no other way for data.

use std::time::Duration;

use appointments_client::{Client, RangeView};
use chrono::{TimeDelta, Timelike};
use futures_util::StreamExt;
use futures_util::future::abortable;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use crate::badge::Badge;
use crate::calendars::{CalendarChoice, Named, find_calendars};
use crate::days::days;
use crate::dialog::AppointmentDialog;
use crate::draft::Draft;
use crate::grid::WeekGrid;
use crate::toasts::{ToastList, Toasts};
use crate::week::Week;
use crate::wishes::wishes;
use crate::zone;

/// The line of the present moves so often.
const MINUTE: Duration = Duration::from_secs(20);

/// The page, on a client.
#[component]
pub(crate) fn AppointmentsPage(client: Client) -> impl IntoView {
    let week = RwSignal::new(week_of_address());
    let calendars = RwSignal::new(Vec::<Named>::new());
    let calendar = RwSignal::new(None::<Named>);
    let shown = RwSignal::new(RangeView::default());
    let connection = RwSignal::new(client.status());
    let waiting = RwSignal::new(0);
    let now = RwSignal::new(zone::now());
    let draft = RwSignal::new(None::<Draft>);
    let toasts = Toasts::new();

    let mut statuses = client.statuses();
    find_calendars(client.clone(), calendars, calendar);
    // Also what is not in the week that is shown waits.
    let count = Callback::new(move |()| waiting.set(client.pending().len()));
    watch(calendar, week, shown, count);
    spawn_local(async move {
        while let Some(it) = statuses.next().await {
            connection.set(it);
            count.run(());
        }
    });
    set_interval(move || now.set(zone::now()), MINUTE);
    // Back and forward of the browser.
    let _ = window_event_listener(leptos::ev::popstate, move |_| week.set(week_of_address()));

    let go = move |to: Week| {
        week.set(to);
        if let Ok(history) = window().history() {
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&to.to_address()));
        }
    };
    let this_week = move || Week::of(zone::wall(zone::now()).date());
    let open = move |start| draft.set(Some(Draft::new(start, start + TimeDelta::hours(1))));
    let add = move |_| {
        let now = zone::wall(zone::now());
        let hour = now.date().and_hms_opt(now.hour(), 0, 0).unwrap_or(now) + TimeDelta::hours(1);
        open(zone::at_wall(hour));
    };
    let wishes = wishes(calendar, draft, toasts, count);
    let days = Memo::new(move |_| shown.with(|view| days(week.get(), view, now.get())));
    let is_complete = move || shown.with(|it| it.is_complete);
    let is_stale = Signal::derive(move || shown.with(|it| it.is_stale));
    let name = move || calendar.get().map_or_else(|| "Calendar".to_owned(), |it| it.name);
    view! {
        <header>
            <h1>{name}</h1>
            <CalendarChoice calendars calendar />
            <nav aria-label="Weeks">
                <button type="button" id="back" aria-label="Week before" on:click=move |_| go(week.get().previous())>
                    "‹"
                </button>
                <button type="button" id="today" on:click=move |_| go(this_week())>"Today"</button>
                <button type="button" id="forward" aria-label="Week after" on:click=move |_| go(week.get().next())>
                    "›"
                </button>
            </nav>
            <p class="title" id="week" data-complete=move || is_complete().to_string()>
                {move || week.get().title()}
            </p>
            <Badge connection=connection.into() waiting=waiting.into() />
            <button type="button" id="new" class="primary" on:click=add>"New appointment"</button>
        </header>
        <main>
            <WeekGrid
                days
                now=now.into()
                is_stale
                on_slot=Callback::new(open)
                on_open=Callback::new(move |it| draft.set(Some(Draft::of(&it))))
            />
        </main>
        {move || draft.get().map(|draft| view! { <AppointmentDialog draft wishes /> })}
        <ToastList toasts />
    }
}

/// Shows the week of the calendar, and every change of it.
fn watch(
    calendar: RwSignal<Option<Named>>,
    week: RwSignal<Week>,
    shown: RwSignal<RangeView>,
    count: Callback<()>,
) {
    Effect::new(move |_| {
        let Some(Named { calendar, .. }) = calendar.get() else { return };
        let [start, .., end] = week.get().days().map(zone::midnight);
        // (The operation fits the contract that it was compiled with.)
        let Ok(mut watch) = calendar.watch(start, end) else { return };
        let (shows, handle) = abortable(async move {
            while let Some(view) = watch.next().await {
                count.run(());
                shown.set(view);
            }
        });
        on_cleanup(move || handle.abort());
        spawn_local(async move { _ = shows.await });
    });
}

fn week_of_address() -> Week {
    let query = window().location().search().unwrap_or_default();
    Week::from_address(&query).unwrap_or_else(|| Week::of(zone::wall(zone::now()).date()))
}
