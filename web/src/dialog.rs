//! [`AppointmentDialog`]: creates and edits. It knows no client and no server; what a person wants goes to the
//! callbacks that it is given.

use appointments_client::{Appointment, Changes, NewAppointment, Shared};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use crate::calendars::Listed;
use crate::draft::Draft;

/// What a person wants.
#[derive(Clone, Copy)]
pub(crate) struct Wishes {
    /// With what was written, in case it comes back.
    pub(crate) create: Callback<(Draft, NewAppointment)>,
    pub(crate) edit: Callback<Edit>,
    pub(crate) cancel: Callback<Shared<Appointment>>,
    pub(crate) delete: Callback<Shared<Appointment>>,
    /// Nothing.
    pub(crate) close: Callback<()>,
}

/// What was written, the appointment as it was, and what of it is to change.
pub(crate) type Edit = (Draft, Shared<Appointment>, Changes);

/// The dialog, for what is drafted; it is open as long as it is there. `calendars` are those that it can be put into.
#[component]
pub(crate) fn AppointmentDialog(
    draft: Draft,
    calendars: Vec<Listed>,
    wishes: Wishes,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            // (It is not open yet, so it opens.)
            let _ = dialog.show_modal();
        }
    });
    let of = draft.of.clone();
    let draft = RwSignal::new(draft);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        match draft.get_untracked().checked() {
            Err(wrong) => draft.set(wrong),
            Ok((it, start, end)) => match it.of.clone() {
                None => wishes.create.run((it.clone(), it.created(start, end))),
                Some(was) => {
                    let changes = it.changed(&was, start, end);
                    wishes.edit.run((it, was, changes));
                }
            },
        }
    };
    // (It stays in its calendar for life.)
    let choice =
        (of.is_none() && calendars.len() > 1).then(|| view! { <Choice draft calendars /> });
    let heading = if of.is_some() { "Edit appointment" } else { "New appointment" };
    let removes = of.map(|it| {
        let (cancelled, deleted) = (it.clone(), it);
        view! {
            <button type="button" id="cancel-it" on:click=move |_| wishes.cancel.run(cancelled.clone())>
                "Cancel appointment"
            </button>
            <button type="button" id="delete-it" on:click=move |_| wishes.delete.run(deleted.clone())>
                "Delete"
            </button>
        }
    });
    view! {
        <dialog node_ref=dialog aria-labelledby="dialog-title" on:close=move |_| wishes.close.run(())>
            <form method="dialog" novalidate on:submit=submit>
                <h2 id="dialog-title">{heading}</h2>
                {FIELDS.map(|field| view! { <Field draft field /> }).into_iter().collect_view()}
                {choice}
                <div class="actions">
                    {removes}
                    <button type="button" id="close-it" on:click=move |_| wishes.close.run(())>
                        "Close"
                    </button>
                    <button type="submit" id="save" class="primary">"Save"</button>
                </div>
            </form>
        </dialog>
    }
}

/// The calendar that it is to be in.
#[component]
fn Choice(draft: RwSignal<Draft>, calendars: Vec<Listed>) -> impl IntoView {
    let chosen = draft.with_untracked(|it| it.calendar.clone());
    let option = |it: Listed| {
        let is_chosen = it.id == chosen;
        view! { <option value=it.id selected=is_chosen>{it.name}</option> }
    };
    let options = calendars.into_iter().map(option).collect_view();
    view! {
        <label for="calendar">"Calendar"</label>
        <select
            id="calendar"
            on:change:target=move |event| draft.update(|it| it.calendar = event.target().value())
        >
            {options}
        </select>
    }
}

/// What can be written.
#[derive(Clone, Copy)]
struct Written {
    /// As the contract calls it, so that what is wrong finds its place.
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    text: fn(&mut Draft) -> &mut String,
}

const FIELDS: [Written; 5] = [
    Written { name: "title", label: "Title", kind: "text", text: |it| &mut it.title },
    Written { name: "startsAt", label: "Starts", kind: "datetime-local", text: |it| &mut it.start },
    Written { name: "endsAt", label: "Ends", kind: "datetime-local", text: |it| &mut it.end },
    Written { name: "location", label: "Location", kind: "text", text: |it| &mut it.location },
    Written {
        name: "description",
        label: "Description",
        kind: "text",
        text: |it| &mut it.description,
    },
];

/// A field with its label, and with what is wrong with it.
#[component]
fn Field(draft: RwSignal<Draft>, field: Written) -> impl IntoView {
    let Written { name, label, kind, text } = field;
    let problem = Memo::new(move |_| draft.with(|it| it.problem(name)));
    let error = format!("{name}-error");
    let described = error.clone();
    view! {
        <label for=name>{label}</label>
        <input
            id=name
            type=kind
            prop:value=move || text(&mut draft.get()).clone()
            on:input:target=move |event| draft.update(|it| *text(it) = event.target().value())
            aria-invalid=move || problem.get().map(|_| "true")
            aria-describedby=move || problem.get().map(|_| described.clone())
        />
        <p class="problem" id=error>{move || problem.get()}</p>
    }
}
