//! [`AppointmentDialog`]: creates and edits appointments. It does not depend on the client: its
//! callbacks perform the actions.

use appointments_client::{Appointment, AppointmentStatus, Shared};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::state::actions::{ActionCallbacks, Edit};
use crate::state::calendar_list::CalendarItem;
use crate::state::draft::{Draft, FIELDS};
use crate::time::locale::labels;
use crate::ui::form_fields::{CalendarSelect, DESCRIPTION, Field, LOCATION, TITLE, TimeFields};
use crate::ui::modal::Modal;

/// The dialog of an appointment. It is open as long as it exists.
#[component]
pub(crate) fn AppointmentDialog(
    draft: Draft,
    /// All calendars of the server.
    calendars: Vec<CalendarItem>,
    actions: ActionCallbacks,
) -> impl IntoView {
    let labels = labels();
    let before = draft.before.clone();
    let draft = RwSignal::new(draft);
    let submit = Callback::new(move |()| submit(draft, actions));
    let calendar_name = before.as_ref().and_then(|before| {
        let calendar = calendars.iter().find(|it| it.id == *before.calendar_id.as_str())?;
        let text = format!("{}: {}", labels.calendar, calendar.name);
        Some(view! { <p class="hint">{text}</p> })
    });
    // An existing appointment cannot change its calendar.
    let can_choose = before.is_none() && calendars.len() > 1;
    let calendar_select = can_choose.then(|| view! { <CalendarSelect draft calendars /> });
    let heading = if before.is_some() { labels.edit_appointment } else { labels.new_appointment };
    let removal = before.map(|before| view! { <RemovalButtons before actions /> });
    view! {
        <Modal heading on_submit=submit on_close=actions.close>
            {calendar_name}
            <Field draft field=TITLE />
            <TimeFields draft />
            <Field draft field=LOCATION />
            <Field draft field=DESCRIPTION />
            {calendar_select}
            <div class="actions">
                {removal}
                <button type="button" id="close-it" on:click=move |_| actions.close.run(())>
                    {labels.cancel}
                </button>
                <button type="submit" id="save" class="primary">
                    {labels.save}
                </button>
            </div>
        </Modal>
    }
}

/// Buttons that cancel and delete an existing appointment.
#[component]
fn RemovalButtons(before: Shared<Appointment>, actions: ActionCallbacks) -> impl IntoView {
    let is_cancelled = before.status == AppointmentStatus::Cancelled;
    let cancelled = before.clone();
    view! {
        <button
            type="button"
            id="cancel-it"
            disabled=is_cancelled
            on:click=move |_| actions.cancel.run(cancelled.clone())
        >
            {labels().mark_as_cancelled}
        </button>
        <button type="button" id="delete-it" on:click=move |_| actions.delete.run(before.clone())>
            {labels().delete}
        </button>
    }
}

/// Performs the action of a valid form. Shows the problems of an invalid one.
fn submit(draft: RwSignal<Draft>, actions: ActionCallbacks) {
    match draft.get_untracked().checked() {
        Err(invalid) => {
            let first = FIELDS.into_iter().find(|it| invalid.problem(it).is_some());
            draft.set(invalid);
            focus(first.unwrap_or_default());
        }
        Ok((draft, start, end)) => match draft.before.clone() {
            None => {
                let new = draft.new_appointment(start, end);
                actions.create.run((draft, new));
            }
            Some(before) => {
                let changes = draft.changes(&before, start, end);
                actions.edit.run(Edit { draft, before, changes });
            }
        },
    }
}

/// Focuses the field with an id.
fn focus(id: &str) {
    let field = document().get_element_by_id(id);
    if let Some(field) = field.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        _ = field.focus();
    }
}
