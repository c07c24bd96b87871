//! The list of all calendars, kept up to date.

use appointments_client::{Calendar, Client, OverlapPolicy, Shared};
use futures_util::StreamExt;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The delay after which a failed request for the calendars is sent again.
const RETRY_DELAY_MS: u32 = 2_000;

/// A calendar as the page shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CalendarItem {
    pub(crate) id: String,
    pub(crate) name: String,
    /// A CSS colour such as `#3366cc`.
    pub(crate) color: String,
    /// Whether the server uses the calendar when a request names none.
    pub(crate) is_default: bool,
    /// Whether the server rejects overlapping appointments.
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

/// Fetches the calendars and keeps them up to date. Changes of a calendar arrive live. New and
/// deleted calendars are found when the window gets the focus.
pub(crate) fn watch_calendars(client: Client, calendars: RwSignal<Vec<CalendarItem>>) {
    let first_fetch = client.clone();
    spawn_local(async move {
        while first_fetch.calendars().await.is_err() {
            TimeoutFuture::new(RETRY_DELAY_MS).await;
        }
    });
    let mut watch = client.watch_calendars();
    spawn_local(async move {
        while let Some(update) = watch.next().await {
            let Some(all) = update else { continue };
            let items: Vec<_> = all.iter().map(CalendarItem::from).collect();
            if calendars.with_untracked(|known| *known != items) {
                calendars.set(items);
            }
        }
    });
    let _ = window_event_listener(leptos::ev::focus, move |_| {
        let client = client.clone();
        spawn_local(async move { _ = client.calendars().await });
    });
}
