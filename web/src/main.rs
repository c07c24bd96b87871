//! The calendar page, built on the Rust client.
//!
//! - `page` connects the client with the components.
//! - `state` holds what is visible, and performs actions with the client.
//! - `time` converts and formats times.
//! - `layout` places appointments in days and lanes.
//! - `input` turns pointer and keyboard events into drags.
//! - `ui` has the components.
//! - `text` has all labels and messages, in English and German.

#![allow(unreachable_pub, reason = "the macro makes components public")]

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
    let locale = time::locale::browser_locale();
    if let Some(root) = document().document_element() {
        // This fails only for an invalid name of an attribute.
        let _ = root.set_attribute("lang", locale.language.code());
    }
    document().set_title(locale.labels().calendar);
    let origin = window().location().origin().unwrap_or_default();
    match Client::builder(format!("{origin}/graphql")).build() {
        Ok(client) => mount_to_body(move || view! { <AppointmentsPage client /> }),
        Err(error) => mount_to_body(move || view! { <p>{error.to_string()}</p> }),
    }
}
