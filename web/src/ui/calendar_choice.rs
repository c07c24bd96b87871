//! The list of calendars in the header: shows, hides and edits them.

use leptos::prelude::*;

use crate::state::calendar_list::CalendarItem;
use crate::text::messages;
use crate::time::locale::{labels, language};

/// The calendars with a checkbox and an edit button each, and a button for a new one.
#[component]
pub(crate) fn CalendarChoice(
    calendars: RwSignal<Vec<CalendarItem>>,
    /// Returns whether a calendar is visible, by id.
    is_visible: Callback<String, bool>,
    /// Receives the id of a calendar to show or hide.
    on_toggle: Callback<String>,
    /// Receives a calendar to edit, or `None` for a new one.
    on_edit: Callback<Option<CalendarItem>>,
    children: Children,
) -> impl IntoView {
    let item = move |it: CalendarItem| {
        let id = it.id.clone();
        let toggled = it.id.clone();
        let name = it.name.clone();
        let color = it.color.clone();
        let edit_label = messages::edit_label(&name, language());
        view! {
            <span class="calendar" style:--color=color>
                <label>
                    <input
                        type="checkbox"
                        prop:checked=move || is_visible.run(id.clone())
                        on:change=move |_| on_toggle.run(toggled.clone())
                    />
                    <span class="dot"></span>
                    {name}
                </label>
                <button
                    type="button"
                    class="edit"
                    aria-label=edit_label
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
            <For each=move || calendars.get() key=key children=item />
            <button type="button" id="new-calendar" on:click=move |_| on_edit.run(None)>
                {labels().new_calendar}
            </button>
            {children()}
        </div>
    }
}
