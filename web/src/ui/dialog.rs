//! [`AppointmentDialog`]: creates and edits. It knows no client and no server; what a person wants goes to the
//! callbacks that it is given.

use appointments_client::{
    Appointment, AppointmentChanges, AppointmentStatus, DateTime, NewAppointment, Shared,
};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::input::drag::STEP_MINUTES;
use crate::state::calendar_list::CalendarItem;
use crate::state::draft::Draft;
use crate::text::labels::Labels;
use crate::time::locale::labels;
use crate::ui::modal::Modal;

/// What a person wants.
#[derive(Clone, Copy)]
pub(crate) struct ActionCallbacks {
    /// With what was written, in case it comes back.
    pub(crate) create: Callback<(Draft, NewAppointment)>,
    pub(crate) edit: Callback<Edit>,
    /// To another time.
    pub(crate) retime: Callback<(Shared<Appointment>, DateTime, DateTime)>,
    pub(crate) cancel: Callback<Shared<Appointment>>,
    pub(crate) delete: Callback<Shared<Appointment>>,
    /// Nothing.
    pub(crate) close: Callback<()>,
}

/// What was written, the appointment as it was, and what of it is to change.
pub(crate) type Edit = (Draft, Shared<Appointment>, AppointmentChanges);

/// The dialog, for what is drafted; it is open as long as it is there. `calendars` are those that it can be put into.
#[component]
pub(crate) fn AppointmentDialog(
    draft: Draft,
    calendars: Vec<CalendarItem>,
    callbacks: ActionCallbacks,
) -> impl IntoView {
    let of = draft.of.clone();
    let draft = RwSignal::new(draft);
    let submit = Callback::new(move |()| match draft.get_untracked().checked() {
        Err(wrong) => {
            let first = FIELDS.into_iter().find(|it| wrong.problem(it).is_some());
            draft.set(wrong);
            focus(first.unwrap_or_default());
        }
        Ok((it, start, end)) => match it.of.clone() {
            None => callbacks.create.run((it.clone(), it.created(start, end))),
            Some(was) => {
                let changes = it.changed(&was, start, end);
                callbacks.edit.run((it, was, changes));
            }
        },
    });
    let labels = labels();
    let within = of.as_ref().and_then(|it| {
        let of = |known: &&CalendarItem| known.id == *it.calendar_id.as_str();
        let name = calendars.iter().find(of)?.name.clone();
        Some(view! { <p class="within">{format!("{}: {name}", labels.calendar)}</p> })
    });
    // (It stays in its calendar for life.)
    let choice =
        (of.is_none() && calendars.len() > 1).then(|| view! { <Choice draft calendars /> });
    let heading = if of.is_some() { labels.edit_appointment } else { labels.new_appointment };
    let removes = of.map(|it| {
        let (cancelled, deleted) = (it.clone(), it);
        view! {
            <button
                type="button"
                id="cancel-it"
                disabled=cancelled.status == AppointmentStatus::Cancelled
                on:click=move |_| callbacks.cancel.run(cancelled.clone())>
                {labels.cancel_appointment}
            </button>
            <button type="button" id="delete-it" on:click=move |_| callbacks.delete.run(deleted.clone())>
                {labels.delete}
            </button>
        }
    });
    let written = move |fields: std::slice::Iter<'static, Written>| {
        fields.map(|field| view! { <Field draft field=*field /> }).collect_view()
    };
    view! {
        <Modal heading on_submit=submit on_close=callbacks.close>
                {within}
                {written(TEXTS[..1].iter())}
                <Times draft />
                {written(TEXTS[1..].iter())}
                {choice}
                <div class="actions">
                    {removes}
                    <button type="button" id="close-it" on:click=move |_| callbacks.close.run(())>
                        {labels.close}
                    </button>
                    <button type="submit" id="save" class="primary">
                        {labels.save}
                    </button>
                </div>
        </Modal>
    }
}

/// Goes to a field.
fn focus(field: &str) {
    let field = document().get_element_by_id(field);
    if let Some(field) = field.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        _ = field.focus();
    }
}

/// The calendar that it is to be in.
#[component]
fn Choice(draft: RwSignal<Draft>, calendars: Vec<CalendarItem>) -> impl IntoView {
    let chosen = draft.with_untracked(|it| it.calendar.clone());
    let option = |it: CalendarItem| {
        let is_chosen = it.id == chosen;
        view! { <option value=it.id selected=is_chosen>{it.name}</option> }
    };
    let options = calendars.into_iter().map(option).collect_view();
    view! {
        <label for="calendar">{labels().calendar}</label>
        <select
            id="calendar"
            on:change:target=move |event| draft.update(|it| it.calendar = event.target().value())
        >
            {options}
        </select>
    }
}

/// When it is: written, or by clicks alone.
#[component]
fn Times(draft: RwSignal<Draft>) -> impl IntoView {
    let is_all_day = Memo::new(move |_| draft.with(|it| it.is_all_day));
    let fields = move || {
        let kind = if is_all_day.get() { "date" } else { "datetime-local" };
        let [start, end] =
            TIMES.map(|field| view! { <Field draft field=Written { kind, ..field } /> });
        (start, end)
    };
    let nudge = move |(label, (is_for_hours, change)): (&'static str, Nudge)| {
        view! {
            <button
                type="button"
                disabled=move || is_for_hours && is_all_day.get()
                on:click=move |_| draft.update(change)
            >
                {label}
            </button>
        }
    };
    view! {
        {fields}
        <label class="check">
            <input
                type="checkbox"
                id="allDay"
                prop:checked=is_all_day
                on:change:target=move |event| {
                    draft.update(|it| it.lasts_all_day(event.target().checked()));
                }
            />
            {labels().all_day}
        </label>
        <div class="nudges" role="group" aria-label=labels().move_it>
            {labels().nudges.into_iter().zip(NUDGES).map(nudge).collect_view()}
        </div>
    }
}

/// Whether it is for what has hours, and what it does.
type Nudge = (bool, fn(&mut Draft));

/// What dragging does, by clicks.
const NUDGES: [Nudge; 6] = [
    (false, |it| it.move_by(-1, 0)),
    (true, |it| it.move_by(0, -STEP_MINUTES)),
    (true, |it| it.move_by(0, STEP_MINUTES)),
    (false, |it| it.move_by(1, 0)),
    (false, |it| it.grow_by(-1)),
    (false, |it| it.grow_by(1)),
];

/// Where something can be wrong that is seen, as the contract calls it.
pub(crate) const FIELDS: [&str; 5] = ["title", "startsAt", "endsAt", "location", "description"];

/// What can be written.
#[derive(Clone, Copy)]
struct Written {
    /// As the contract calls it, so that what is wrong finds its route.
    name: &'static str,
    label: fn(&Labels) -> &'static str,
    kind: &'static str,
    text: fn(&mut Draft) -> &mut String,
}

const fn text(
    name: &'static str,
    label: fn(&Labels) -> &'static str,
    text: fn(&mut Draft) -> &mut String,
) -> Written {
    Written { name, label, kind: "text", text }
}

static TEXTS: [Written; 3] = [
    text("title", |it| it.title, |it| &mut it.title),
    text("location", |it| it.location, |it| &mut it.location),
    text("description", |it| it.description, |it| &mut it.description),
];

const TIMES: [Written; 2] = [
    text("startsAt", |it| it.starts, |it| &mut it.start),
    text("endsAt", |it| it.ends, |it| &mut it.end),
];

/// A field with its label, and with what is wrong with it.
#[component]
fn Field(draft: RwSignal<Draft>, field: Written) -> impl IntoView {
    let Written { name, label, kind, text } = field;
    let problem = Memo::new(move |_| draft.with(|it| it.problem(name)));
    let error = format!("{name}-error");
    let described = error.clone();
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        let written = text(&mut draft.get()).clone();
        // A date that is half written has no value, and would be wiped out by being given none.
        if let Some(input) = input.get().filter(|it| it.value() != written) {
            input.set_value(&written);
        }
    });
    view! {
        <label for=name>{label(labels())}</label>
        <input
            node_ref=input
            id=name
            type=kind
            on:input:target=move |event| draft.update(|it| it.write(text, event.target().value()))
            aria-invalid=move || problem.get().map(|_| "true")
            aria-describedby=move || problem.get().map(|_| described.clone())
        />
        <p class="problem" id=error>{move || problem.get()}</p>
    }
}
