//! The calendars that there are, and which of them are shown.

use appointments_client::{Calendar, Client, OverlapPolicy, Shared};
use futures_util::StreamExt;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::text::messages;
use crate::time::locale::{here, labels};

/// If no calendar could be had, they are asked for again after so many milliseconds.
const RETRY_DELAY_MS: u32 = 2_000;

/// A calendar, and how people know it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CalendarItem {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) color: String,
    /// Whether it is meant when none is named.
    pub(crate) is_default: bool,
    /// Whether nothing may overlap in it.
    pub(crate) is_strict: bool,
}

impl From<&Shared<Calendar>> for CalendarItem {
    fn from(it: &Shared<Calendar>) -> Self {
        Self {
            id: it.id.to_string(),
            name: it.name.clone(),
            color: it.color.clone(),
            is_default: it.is_default,
            is_strict: it.overlaps == OverlapPolicy::Reject,
        }
    }
}

/// The calendars, as soon as they can be had. How they are called is live; which there are is asked again whenever the window is
/// looked at again.
pub(crate) fn watch_calendars(client: Client, calendars: RwSignal<Vec<CalendarItem>>) {
    let found = client.clone();
    spawn_local(async move {
        while found.calendars().await.is_err() {
            TimeoutFuture::new(RETRY_DELAY_MS).await;
        }
    });
    let mut watch = client.watch_calendars();
    spawn_local(async move {
        while let Some(all) = watch.next().await {
            let Some(all) = all else { continue };
            let listed: Vec<_> = all.iter().map(CalendarItem::from).collect();
            if calendars.with_untracked(|known| *known != listed) {
                calendars.set(listed);
            }
        }
    });
    let _ = window_event_listener(leptos::ev::focus, move |_| {
        let client = client.clone();
        spawn_local(async move { _ = client.calendars().await });
    });
}

/// Shows and hides calendars; makes new ones, and changes those that there are.
#[component]
pub(crate) fn CalendarChoice(
    calendars: RwSignal<Vec<CalendarItem>>,
    /// Whether a calendar is shown, by id.
    is_shown: Callback<String, bool>,
    on_toggle: Callback<String>,
    /// A calendar is to be changed; none: a new one is to be made.
    on_edit: Callback<Option<CalendarItem>>,
    /// What else is chosen in this route.
    children: Children,
) -> impl IntoView {
    let choice = move |it: CalendarItem| {
        let (shown, toggled) = (it.id.clone(), it.id.clone());
        let (name, color) = (it.name.clone(), it.color.clone());
        let label = messages::edit_label(&name, here().language);
        view! {
            <span class="calendar" style:--color=color>
                <label>
                    <input
                        type="checkbox"
                        prop:checked=move || is_shown.run(shown.clone())
                        on:change=move |_| on_toggle.run(toggled.clone())
                    />
                    <span class="dot"></span>
                    {name}
                </label>
                <button
                    type="button"
                    class="edit"
                    aria-label=label
                    on:click=move |_| on_edit.run(Some(it.clone()))
                >
                    "✎"
                </button>
            </span>
        }
    };
    let key = |it: &CalendarItem| (it.id.clone(), it.name.clone(), it.color.clone(), it.is_strict);
    view! {
        <div class="calendars" role="group" aria-label=labels().calendars>
            <For each=move || calendars.get() key=key children=choice />
            <button type="button" id="new-calendar" on:click=move |_| on_edit.run(None)>
                {labels().new_calendar}
            </button>
            {children()}
        </div>
    }
}
