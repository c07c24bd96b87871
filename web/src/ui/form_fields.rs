//! The fields of the appointment dialog.

use leptos::html;
use leptos::prelude::*;

use crate::input::drag::STEP_MINUTES;
use crate::state::calendar_list::CalendarItem;
use crate::state::draft::Draft;
use crate::text::labels::Labels;
use crate::time::locale::labels;

/// A field of the form.
#[derive(Clone, Copy, Debug)]
pub(super) struct FormField {
    /// The field's name in the contract, under which the server reports problems.
    name: &'static str,
    label: fn(&Labels) -> &'static str,
    /// The type of the HTML input.
    kind: &'static str,
    text: fn(&mut Draft) -> &mut String,
}

impl FormField {
    const fn new(
        name: &'static str,
        label: fn(&Labels) -> &'static str,
        text: fn(&mut Draft) -> &mut String,
    ) -> Self {
        Self { name, label, kind: "text", text }
    }
}

pub(super) const TITLE: FormField = FormField::new("title", |it| it.title, |it| &mut it.title);
pub(super) const LOCATION: FormField =
    FormField::new("location", |it| it.location, |it| &mut it.location);
pub(super) const DESCRIPTION: FormField =
    FormField::new("description", |it| it.description, |it| &mut it.description);
const START: FormField = FormField::new("startsAt", |it| it.starts, |it| &mut it.start);
const END: FormField = FormField::new("endsAt", |it| it.ends, |it| &mut it.end);

/// An input with its label and its problem.
#[component]
pub(super) fn Field(draft: RwSignal<Draft>, field: FormField) -> impl IntoView {
    let FormField { name, label, kind, text } = field;
    let problem = Memo::new(move |_| draft.with(|it| it.problem(name)));
    let error_id = format!("{name}-error");
    let described_by = error_id.clone();
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        let value = text(&mut draft.get()).clone();
        // A date that is typed in part has an empty value. Setting it again would clear the field.
        if let Some(input) = input.get().filter(|it| it.value() != value) {
            input.set_value(&value);
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
            aria-describedby=move || problem.get().map(|_| described_by.clone())
        />
        <p class="problem" id=error_id>{move || problem.get()}</p>
    }
}

/// Chooses the calendar of a new appointment.
#[component]
pub(super) fn CalendarSelect(
    draft: RwSignal<Draft>,
    calendars: Vec<CalendarItem>,
) -> impl IntoView {
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

/// The start and the end, all-day, and buttons that move and resize.
#[component]
pub(super) fn TimeFields(draft: RwSignal<Draft>) -> impl IntoView {
    let is_all_day = Memo::new(move |_| draft.with(|it| it.is_all_day));
    let fields = move || {
        let kind = if is_all_day.get() { "date" } else { "datetime-local" };
        [START, END]
            .map(|field| view! { <Field draft field=FormField { kind, ..field } /> })
            .collect_view()
    };
    let nudge = move |(at, nudge): (usize, Nudge)| {
        view! {
            <button
                type="button"
                disabled=move || nudge.is_timed_only && is_all_day.get()
                on:click=move |_| draft.update(nudge.run)
            >
                {move || nudge_label(at, is_all_day.get())}
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
                    draft.update(|it| it.set_all_day(event.target().checked()));
                }
            />
            {labels().all_day}
        </label>
        <div class="nudges" role="group" aria-label=labels().move_or_resize>
            {NUDGES.into_iter().enumerate().map(nudge).collect_view()}
        </div>
    }
}

/// A button that does by a click what a drag does.
#[derive(Clone, Copy)]
struct Nudge {
    /// Whether the button is disabled for an all-day appointment.
    is_timed_only: bool,
    run: fn(&mut Draft),
}

/// The nudges in the order of their labels.
const NUDGES: [Nudge; 6] = [
    Nudge { is_timed_only: false, run: |it| it.move_by(-1, 0) },
    Nudge { is_timed_only: true, run: |it| it.move_by(0, -STEP_MINUTES) },
    Nudge { is_timed_only: true, run: |it| it.move_by(0, STEP_MINUTES) },
    Nudge { is_timed_only: false, run: |it| it.move_by(1, 0) },
    Nudge { is_timed_only: false, run: |it| it.resize_by(-1) },
    Nudge { is_timed_only: false, run: |it| it.resize_by(1) },
];

fn nudge_label(at: usize, is_all_day: bool) -> &'static str {
    let labels = labels();
    match at {
        4 if is_all_day => labels.all_day_resizes[0],
        5 if is_all_day => labels.all_day_resizes[1],
        _ => labels.nudges[at],
    }
}
