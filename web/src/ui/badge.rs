//! The badge: how it stands with the server, and what waits for it.

use appointments_client::{ConnectionStatus, OutboxEntry, OutboxState};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::text::messages::{connection_text, pending_change_text};
use crate::time::display::Display;
use crate::time::locale::{here, labels};

/// A change that waits, and the title of what it changes, if that is known.
pub(crate) type Waiting = (OutboxEntry, Option<String>);

/// What can be done with a change that waits.
#[derive(Clone, Copy)]
pub(crate) struct PendingCallbacks {
    pub(crate) retry: Callback<()>,
    pub(crate) discard: Callback<OutboxEntry>,
}

/// How it stands; a click shows what waits, one by one.
#[component]
pub(crate) fn Badge(
    connection: Signal<ConnectionStatus>,
    waiting: Signal<Vec<Waiting>>,
    display: Signal<Display>,
    callbacks: PendingCallbacks,
) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let state = move || match connection.get() {
        ConnectionStatus::Live | ConnectionStatus::Polling => "live",
        ConnectionStatus::Idle | ConnectionStatus::Connecting => "connecting",
        ConnectionStatus::Offline { .. } => "offline",
    };
    let count = move || waiting.with(Vec::len);
    // What comes later is not shown before it is asked for.
    Effect::new(move |_| {
        if count() == 0 {
            is_open.set(false);
        }
    });
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            is_open.set(false);
        }
    };
    let text = move || display.with(|display| connection_text(connection.get(), count(), display));
    view! {
        <div class="standing" on:keydown=escape>
            <p role="status">
                <button
                    type="button"
                    class="badge"
                    data-state=state
                    data-waiting=count
                    aria-expanded=move || is_open.get().to_string()
                    on:click=move |_| is_open.update(|it| *it = !*it && count() > 0)
                >
                    {text}
                </button>
            </p>
            <Show when=move || is_open.get()>
                <WaitingList waiting callbacks />
            </Show>
        </div>
    }
}

#[component]
fn WaitingList(waiting: Signal<Vec<Waiting>>, callbacks: PendingCallbacks) -> impl IntoView {
    let row = move |(entry, title): Waiting| {
        let text = pending_change_text(entry.kind, title.as_deref(), here().language);
        // (What is on its way cannot be hurried.)
        let retry = matches!(entry.state, OutboxState::Retrying { .. }).then(|| {
            view! {
                <button type="button" class="retry" on:click=move |_| callbacks.retry.run(())>
                    {labels().retry}
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
    let key = |(entry, title): &Waiting| {
        let is_late = matches!(entry.state, OutboxState::Retrying { .. });
        (entry.mutation_id.to_string(), title.clone(), is_late)
    };
    view! {
        <ul class="waiting" aria-label=labels().what_waits>
            <For each=move || waiting.get() key=key children=row />
        </ul>
    }
}
