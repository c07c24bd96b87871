//! The calendars that there are, and which of them are shown.

use appointments_client::Client;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// If no calendar could be had, they are asked for again after so many milliseconds.
const AGAIN: u32 = 2_000;

/// A calendar, and how people know it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) color: String,
    /// Whether it is meant when none is named.
    pub(crate) is_default: bool,
}

/// The calendars, as soon as they can be had; and again whenever the window is looked at again.
pub(crate) fn find_calendars(client: Client, calendars: RwSignal<Vec<Listed>>) {
    let found = client.clone();
    spawn_local(async move {
        while !find(&found, calendars).await {
            TimeoutFuture::new(AGAIN).await;
        }
    });
    let _ = window_event_listener(leptos::ev::focus, move |_| {
        let client = client.clone();
        spawn_local(async move { _ = find(&client, calendars).await });
    });
}

async fn find(client: &Client, calendars: RwSignal<Vec<Listed>>) -> bool {
    let Ok(found) = client.calendars().await else { return false };
    let listed = found.iter().map(|it| Listed {
        id: it.id.inner().to_owned(),
        name: it.name.clone(),
        color: it.color.clone(),
        is_default: it.is_default,
    });
    let listed: Vec<_> = listed.collect();
    if calendars.with_untracked(|known| *known != listed) {
        calendars.set(listed);
    }
    true
}

/// Shows and hides calendars, where there are several.
#[component]
pub(crate) fn CalendarChoice(
    calendars: RwSignal<Vec<Listed>>,
    /// Whether a calendar is shown, by id.
    is_shown: Callback<String, bool>,
    on_toggle: Callback<String>,
) -> impl IntoView {
    let choice = move |it: Listed| {
        let (shown, toggled) = (it.id.clone(), it.id);
        view! {
            <label style:--color=it.color>
                <input
                    type="checkbox"
                    prop:checked=move || is_shown.run(shown.clone())
                    on:change=move |_| on_toggle.run(toggled.clone())
                />
                <span class="dot"></span>
                {it.name}
            </label>
        }
    };
    let key = |it: &Listed| (it.id.clone(), it.name.clone(), it.color.clone());
    view! {
        <Show when=move || calendars.with(|it| it.len() > 1)>
            <div class="calendars" role="group" aria-label="Calendars">
                <For each=move || calendars.get() key=key children=choice />
            </div>
        </Show>
    }
}
