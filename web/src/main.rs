//! The calendar page: what a person sees, on the client as every other program has it.
//!
//! `page`, `view_state`, `views`, `callbacks` and `calendars` wire the client's verbs to what is shown; `board` lays days out and is
//! dragged on; all else shows, or is pure, and knows neither client nor server.

#![allow(unreachable_pub, reason = "the macro makes components public, whatever they say")]

mod input;
mod layout;
mod page;
mod state;
mod text;
mod time;
mod ui;

use appointments_client::Client;
use leptos::mount::mount_to_body;
use leptos::prelude::*;

use page::AppointmentsPage;

fn main() {
    let locale = time::locale::here();
    if let Some(root) = document().document_element() {
        // (An element takes any attribute with a name like this.)
        let _ = root.set_attribute("lang", locale.language.code());
    }
    document().set_title(locale.labels().calendar);
    let origin = window().location().origin().unwrap_or_default();
    match Client::builder(format!("{origin}/graphql")).build() {
        Ok(client) => mount_to_body(move || view! { <AppointmentsPage client /> }),
        Err(error) => mount_to_body(move || view! { <p>{error.to_string()}</p> }),
    }
}
