//! The badge: how it stands with the server, and what waits for it.

use appointments_client::Connection;
use leptos::prelude::*;

use crate::words::standing;
use crate::zone;

#[component]
pub(crate) fn Badge(connection: Signal<Connection>, waiting: Signal<usize>) -> impl IntoView {
    let state = move || match connection.get() {
        Connection::Live | Connection::Polling => "live",
        Connection::Idle | Connection::Connecting => "connecting",
        Connection::Offline { .. } => "offline",
    };
    view! {
        <p class="badge" role="status" data-state=state data-waiting=move || waiting.get()>
            {move || standing(connection.get(), waiting.get(), zone::wall)}
        </p>
    }
}
