//! [`AppointmentDialog`]: creates and edits. It knows no client and no server; what a person wants goes to the
//! callbacks that it is given.

use appointments_client::{Appointment, Changes, NewAppointment, Shared};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use crate::draft::Draft;

/// What a person wants.
#[derive(Clone, Copy)]
pub(crate) struct Wishes {
    /// With what was written, in case it comes back.
    pub(crate) create: Callback<(Draft, NewAppointment)>,
    pub(crate) edit: Callback<(Draft, Shared<Appointment>, Changes)>,
    pub(crate) cancel: Callback<Shared<Appointment>>,
    pub(crate) delete: Callback<Shared<Appointment>>,
    /// Nothing.
    pub(crate) close: Callback<()>,
}

/// The dialog, for what is drafted; it is open as long as it is there.
#[component]
pub(crate) fn AppointmentDialog(draft: Draft, wishes: Wishes) -> impl IntoView {
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
                <Field
                    draft
                    name="title"
                    label="Title"
                    kind="text"
                    text=|it| &it.title
                    write=|it, text| it.title = text
                />
                <Field
                    draft
                    name="startsAt"
                    label="Starts"
                    kind="datetime-local"
                    text=|it| &it.start
                    write=|it, text| it.start = text
                />
                <Field
                    draft
                    name="endsAt"
                    label="Ends"
                    kind="datetime-local"
                    text=|it| &it.end
                    write=|it, text| it.end = text
                />
                <Field
                    draft
                    name="location"
                    label="Location"
                    kind="text"
                    text=|it| &it.location
                    write=|it, text| it.location = text
                />
                <Field
                    draft
                    name="description"
                    label="Description"
                    kind="text"
                    text=|it| &it.description
                    write=|it, text| it.description = text
                />
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

/// A field with its label, and with what is wrong with it.
#[component]
fn Field(
    draft: RwSignal<Draft>,
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    text: fn(&Draft) -> &str,
    write: fn(&mut Draft, String),
) -> impl IntoView {
    let problem = Memo::new(move |_| draft.with(|it| it.problem(name)));
    let error = format!("{name}-error");
    let described = error.clone();
    view! {
        <label for=name>{label}</label>
        <input
            id=name
            type=kind
            prop:value=move || draft.with(|it| text(it).to_owned())
            on:input:target=move |event| draft.update(|it| write(it, event.target().value()))
            aria-invalid=move || problem.get().map(|_| "true")
            aria-describedby=move || problem.get().map(|_| described.clone())
        />
        <p class="problem" id=error>{move || problem.get()}</p>
    }
}
