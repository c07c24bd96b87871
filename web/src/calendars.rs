//! The calendars that there are, and the choice among them.

use appointments_client::{Calendar, Client};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// If no calendar could be had, they are asked for again after so many milliseconds.
const AGAIN: u32 = 2_000;

/// A calendar, and what people call it.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) calendar: Calendar,
    pub(crate) name: String,
}

impl Named {
    fn id(&self) -> &str {
        self.calendar.id().inner()
    }
}

/// The calendars, as soon as they can be had; the one that is meant when none is named is shown first.
pub(crate) fn find_calendars(
    client: Client,
    calendars: RwSignal<Vec<Named>>,
    shown: RwSignal<Option<Named>>,
) {
    spawn_local(async move {
        loop {
            let found = client.calendars().await.unwrap_or_default();
            let named = found.iter().map(|it| Named {
                calendar: client.calendar(it.id.inner()),
                name: it.name.clone(),
            });
            let named: Vec<_> = named.collect();
            let first = found.iter().position(|it| it.is_default).unwrap_or(0);
            if let Some(it) = named.get(first) {
                shown.set(Some(it.clone()));
                return calendars.set(named);
            }
            TimeoutFuture::new(AGAIN).await;
        }
    });
}

/// Chooses a calendar, where there are several.
#[component]
pub(crate) fn CalendarChoice(
    calendars: RwSignal<Vec<Named>>,
    calendar: RwSignal<Option<Named>>,
) -> impl IntoView {
    let choose = move |id: String| {
        let found = calendars.with_untracked(|all| all.iter().find(|it| it.id() == id).cloned());
        if let Some(found) = found {
            calendar.set(Some(found));
        }
    };
    let option = move |it: Named| {
        let is_shown = calendar
            .with_untracked(|shown| shown.as_ref().is_some_and(|shown| shown.id() == it.id()));
        view! { <option value=it.id().to_owned() selected=is_shown>{it.name.clone()}</option> }
    };
    move || {
        (calendars.with(Vec::len) > 1).then(|| {
            let options = calendars.get().into_iter().map(option).collect_view();
            view! {
                <select id="calendar" aria-label="Calendar" on:change:target=move |event| choose(event.target().value())>
                    {options}
                </select>
            }
        })
    }
}
