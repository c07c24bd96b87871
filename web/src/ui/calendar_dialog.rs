//! [`CalendarDialog`]: creates, edits and deletes calendars.

use leptos::prelude::*;

use crate::state::calendar_form::CalendarForm;
use crate::text::messages;
use crate::time::locale::{labels, language};
use crate::ui::modal::Modal;

/// The dialog of a calendar. It is open as long as it exists.
#[component]
pub(crate) fn CalendarDialog(
    form: CalendarForm,
    /// Whether the dialog creates a calendar.
    is_new: bool,
    on_close: Callback<()>,
) -> impl IntoView {
    let labels = labels();
    let heading = if is_new { labels.new_calendar } else { labels.edit_calendar };
    let delete = (!is_new).then(|| view! { <DeleteButton form /> });
    view! {
        <Modal heading on_submit=Callback::new(move |()| form.save()) on_close=on_close>
            <Fields form />
            <p class="problem" role="alert">{move || form.problem.get()}</p>
            <div class="actions">
                {delete}
                <button type="button" id="close-it" on:click=move |_| on_close.run(())>
                    {labels.cancel}
                </button>
                <button type="submit" id="save" class="primary" disabled=form.is_busy>
                    {labels.save}
                </button>
            </div>
        </Modal>
    }
}

#[component]
fn Fields(form: CalendarForm) -> impl IntoView {
    let CalendarForm { name, color, allows_overlaps, .. } = form;
    let labels = labels();
    view! {
        <label for="name">{labels.name}</label>
        <input
            id="name"
            type="text"
            prop:value=name
            on:input:target=move |event| name.set(event.target().value())
        />
        <label for="color">{labels.color}</label>
        <input
            id="color"
            type="color"
            prop:value=color
            on:input:target=move |event| color.set(event.target().value())
        />
        <label class="check">
            <input
                type="checkbox"
                id="allow-overlaps"
                aria-describedby="allow-overlaps-hint"
                prop:checked=allows_overlaps
                on:change:target=move |event| allows_overlaps.set(event.target().checked())
            />
            {labels.allow_overlaps}
        </label>
        <p class="hint" id="allow-overlaps-hint">{labels.allow_overlaps_hint}</p>
    }
}

/// The button that deletes the calendar. Once the server has said that the calendar is not empty,
/// the button shows how many appointments it would delete.
#[component]
fn DeleteButton(form: CalendarForm) -> impl IntoView {
    let text = move || match form.appointments.get() {
        None => labels().delete.to_owned(),
        Some(count) => messages::delete_all_label(count, language()),
    };
    view! {
        <button type="button" id="delete-calendar" on:click=move |_| form.delete()>
            {text}
        </button>
    }
}
