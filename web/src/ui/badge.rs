//! The badge: the state of the connection, and the pending changes.

use appointments_client::{ConnectionStatus, DateTime, OutboxEntry, OutboxState};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::text::messages::{connection_text, pending_change_text};
use crate::time::display::Display;
use crate::time::locale::{labels, language, medium_day};

/// A pending change, and what the page knows of its appointment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PendingChange {
    pub(crate) entry: OutboxEntry,
    pub(crate) title: Option<String>,
    pub(crate) start: Option<DateTime>,
}

/// Callbacks for pending changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PendingCallbacks {
    /// Sends all changes again.
    pub(crate) retry: Callback<()>,
    pub(crate) discard: Callback<OutboxEntry>,
}

/// Shows the state of the connection. A click lists the pending changes.
#[component]
pub(crate) fn Badge(
    connection: Signal<ConnectionStatus>,
    pending: Signal<Vec<PendingChange>>,
    display: Signal<Display>,
    callbacks: PendingCallbacks,
) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let state = move || match connection.get() {
        ConnectionStatus::Live | ConnectionStatus::Polling => "live",
        ConnectionStatus::Idle | ConnectionStatus::Connecting => "connecting",
        ConnectionStatus::Offline { .. } => "offline",
    };
    let count = move || pending.with(Vec::len);
    // The list closes when it is empty, and does not open again by itself.
    Effect::new(move |_| {
        if count() == 0 {
            is_open.set(false);
        }
    });
    let close_on_escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            is_open.set(false);
        }
    };
    let text = move || {
        let connection = connection.get();
        let since = match connection {
            ConnectionStatus::Offline { since } => display.with(|it| it.format_instant(since)),
            _ => String::new(),
        };
        connection_text(connection, count(), &since, language())
    };
    view! {
        <div class="status" on:keydown=close_on_escape>
            <p role="status">
                <button
                    type="button"
                    class="badge"
                    data-state=state
                    data-pending=count
                    aria-expanded=move || is_open.get().to_string()
                    on:click=move |_| is_open.update(|it| *it = !*it && count() > 0)
                >
                    {text}
                </button>
            </p>
            <Show when=move || is_open.get()>
                <PendingList pending display callbacks />
            </Show>
        </div>
    }
}

#[component]
fn PendingList(
    pending: Signal<Vec<PendingChange>>,
    display: Signal<Display>,
    callbacks: PendingCallbacks,
) -> impl IntoView {
    let row = move |PendingChange { entry, title, start }: PendingChange| {
        let when = start.map(|start| {
            display.with_untracked(|display| {
                format!("{}, {}", medium_day(display.date(start)), display.format_instant(start))
            })
        });
        let text = pending_change_text(entry.kind, title.as_deref(), when.as_deref(), language());
        // A change that is being sent cannot be sent again.
        let retry = is_retrying(&entry).then(|| {
            view! {
                <button type="button" class="retry" on:click=move |_| callbacks.retry.run(())>
                    {labels().send_all}
                </button>
            }
        });
        view! {
            <li>
                <span>{text}</span>
                {retry}
                <button
                    type="button"
                    class="discard"
                    on:click=move |_| callbacks.discard.run(entry.clone())
                >
                    {labels().discard}
                </button>
            </li>
        }
    };
    let key = |it: &PendingChange| {
        (it.entry.mutation_id.to_string(), it.title.clone(), is_retrying(&it.entry))
    };
    view! {
        <ul class="pending-changes" aria-label=labels().pending_changes>
            <For each=move || pending.get() key=key children=row />
        </ul>
    }
}

/// Returns whether a change waits for its next try.
fn is_retrying(entry: &OutboxEntry) -> bool {
    matches!(entry.state, OutboxState::Retrying { .. })
}
