//! Actions of a person: sends them with the client, and reports their outcome as toasts.

use std::sync::Arc;

use appointments_client::{
    Appointment, AppointmentChanges, AppointmentStatus, CalendarHandle, Client, DateTime,
    NewAppointment, Refusal, Shared,
};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::draft::{Draft, FIELDS};
use crate::state::range_data::{RangeData, TimeRange};
use crate::state::toasts::{ToastButton, Toasts};
use crate::state::undo::Undo;
use crate::text::messages::{Done, alternative_label, done_message};
use crate::text::refusals::{Attempt, refusal_message};
use crate::time::display::Display;
use crate::time::locale::{labels, medium_day};

/// Callbacks by which components change appointments. Copies share them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActionCallbacks {
    /// Creates an appointment. The form is shown again if the server refuses it.
    pub(crate) create: Callback<(Draft, NewAppointment)>,
    pub(crate) edit: Callback<Edit>,
    /// Moves or resizes an appointment: its new start and end.
    pub(crate) set_time: Callback<(Shared<Appointment>, DateTime, DateTime)>,
    pub(crate) cancel: Callback<Shared<Appointment>>,
    pub(crate) delete: Callback<Shared<Appointment>>,
    /// Closes the dialog and changes nothing.
    pub(crate) close: Callback<()>,
}

/// An edit in the dialog.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    /// The form, which is shown again if the server refuses the edit.
    pub(crate) draft: Draft,
    pub(crate) before: Shared<Appointment>,
    pub(crate) changes: AppointmentChanges,
}

/// Performs actions. Copies share their signals.
#[derive(Clone, Copy)]
pub(crate) struct Actions {
    pub(crate) client: StoredValue<Client>,
    /// The form of the open dialog.
    pub(crate) draft: RwSignal<Option<Draft>>,
    pub(crate) toasts: Toasts,
    pub(crate) range_data: RangeData,
    pub(crate) display: Signal<Display>,
    /// Called when the pending changes may have changed.
    pub(crate) on_change: Callback<()>,
}

/// The outcome of a sent change: the appointment afterwards, or `None` if it is deleted.
pub(super) type Sent = BoxFuture<'static, Result<Option<Appointment>, Refusal>>;

/// A change of one appointment.
#[derive(Clone)]
pub(super) enum Change {
    Create(NewAppointment),
    /// The appointment before, and the fields to change.
    Update(Shared<Appointment>, AppointmentChanges),
    Delete(Shared<Appointment>),
}

/// A change with what its messages need.
#[derive(Clone)]
struct Action {
    change: Change,
    /// The id of the calendar.
    calendar: String,
    title: String,
    done: Done,
    /// The new time, if the action sets it.
    time: Option<TimeRange>,
    is_all_day: bool,
    /// The form, if the action comes from the dialog.
    draft: Option<Draft>,
}

impl Actions {
    /// Returns the callbacks for the components. The change is visible before the dialog closes.
    pub(crate) fn callbacks(self) -> ActionCallbacks {
        ActionCallbacks {
            create: Callback::new(move |(draft, new): (Draft, NewAppointment)| {
                self.perform(Action::of_draft(draft, Change::Create(new)));
            }),
            edit: Callback::new(move |Edit { draft, before, changes }| {
                self.perform(Action::of_draft(draft, Change::Update(before, changes)));
            }),
            set_time: Callback::new(move |(before, start, end): (Shared<Appointment>, _, _)| {
                let is_resized = !before.all_day && before.starts_at == start;
                let done = if is_resized { Done::Resized } else { Done::Moved };
                let changes = AppointmentChanges::new().time(start, end);
                let change = Change::Update(before.clone(), changes);
                let action = Action::of_appointment(&before, change, done);
                self.perform(Action { time: Some((start, end)), ..action });
            }),
            cancel: Callback::new(move |before: Shared<Appointment>| {
                let changes = AppointmentChanges::new().status(AppointmentStatus::Cancelled);
                let change = Change::Update(before.clone(), changes);
                self.perform(Action::of_appointment(&before, change, Done::Cancelled));
            }),
            delete: Callback::new(move |before: Shared<Appointment>| {
                let change = Change::Delete(before.clone());
                self.perform(Action::of_appointment(&before, change, Done::Deleted));
            }),
            close: Callback::new(move |()| self.draft.set(None)),
        }
    }

    /// Sends a change, and shows its outcome when it is known.
    fn perform(self, action: Action) {
        let calendar = self.client.with_value(|it| it.calendar(action.calendar.as_str()));
        self.draft.set(None);
        let pending = action.change.send(&calendar);
        self.on_change.run(());
        spawn_local(async move {
            let outcome = pending.await;
            self.on_change.run(());
            match outcome {
                Ok(current) => self.report_done(&action, calendar, current),
                Err(refusal) => self.report_refusal(action, refusal),
            }
        });
    }

    fn report_done(self, action: &Action, calendar: CalendarHandle, current: Option<Appointment>) {
        let display = self.display.get_untracked();
        let when = action.time.map(|time| match action.done {
            Done::Resized => display.format_instant(time.1),
            _ => {
                let before = action.change.before().map(|it| &**it);
                format_when(time, action.is_all_day, before, &display)
            }
        });
        let language = display.locale.language;
        let text = done_message(&action.title, action.done, when.as_deref(), language);
        let undo =
            Undo { done: action.change.clone(), current, calendar, title: action.title.clone() };
        self.toasts.show_done(text, Arc::new(move || self.undo_action(&undo)));
    }

    fn report_refusal(self, action: Action, refusal: Refusal) {
        if matches!(refusal, Refusal::BeingDeleted) {
            return; // The deletion that replaced this change reports its own result.
        }
        let text = self.refusal_text(&action.title, Attempt::Do, &refusal);
        match refusal {
            // The dialog opens again with the problems at their fields.
            Refusal::Invalid { problems, .. }
                if action.draft.is_some() && self.draft.with_untracked(Option::is_none) =>
            {
                // A problem of a field that the dialog does not have is shown as a toast.
                if !problems.iter().any(|it| FIELDS.contains(&it.field.as_str())) {
                    self.toasts.show_refusal(text);
                }
                self.draft.set(action.draft.map(|it| it.with_problems(problems)));
            }
            Refusal::SlotTaken { conflicts, .. } => {
                let others = conflicts.into_iter().filter_map(|it| it.appointment);
                let ids = others.map(|it| it.id.to_string()).collect();
                let edit = action.draft.clone().map(|draft| ToastButton {
                    label: labels().edit.to_owned(),
                    run: Arc::new(move || self.draft.set(Some(draft.clone()))),
                });
                let buttons = self.alternative(action).into_iter().chain(edit);
                self.toasts.show_conflict(text, ids, buttons.collect());
            }
            _ => self.toasts.show_refusal(text),
        }
    }

    /// Returns a button that takes the next free time instead of the one that is taken.
    fn alternative(self, action: Action) -> Option<ToastButton> {
        if action.is_all_day {
            return None;
        }
        let before = action.change.before();
        let taken = action.time?;
        let except = before.map(|it| it.id.as_str());
        let (start, end) = self.range_data.next_free(&action.calendar, taken, except)?;
        // The appointment's own time before the move is no alternative.
        if before.is_some_and(|it| (it.starts_at, it.ends_at) == (start, end)) {
            return None;
        }
        let display = self.display.get_untracked();
        let when = if display.date(taken.0) == display.date(start) {
            display.format_range(start, end)
        } else {
            format_when((start, end), false, None, &display)
        };
        let label = alternative_label(&when, display.locale.language);
        let run = Arc::new(move || self.perform(action.clone().at(start, end)));
        Some(ToastButton { label, run })
    }

    /// Undoes an action, and shows the outcome when it is known.
    fn undo_action(self, undo: &Undo) {
        let Some(pending) = undo.send() else { return };
        let undo = undo.clone();
        self.on_change.run(());
        spawn_local(async move {
            let outcome = pending.await;
            self.on_change.run(());
            match outcome {
                Ok(_) => {
                    let text = self.display.with_untracked(|it| undo.message(it));
                    self.toasts.show_undone(text);
                }
                Err(refusal) => {
                    let text = self.refusal_text(&undo.title, Attempt::Undo, &refusal);
                    self.toasts.show_refusal(text);
                }
            }
        });
    }

    fn refusal_text(self, title: &str, attempt: Attempt, refusal: &Refusal) -> String {
        let display = self.display.get_untracked();
        let when = match refusal {
            Refusal::SlotTaken { conflicts, .. } => conflicts.first().map(|it| {
                let time = (it.starts_at, it.ends_at);
                let other = it.appointment.as_ref();
                format_when(time, other.is_some_and(|it| it.all_day), other, &display)
            }),
            _ => None,
        };
        refusal_message(title, attempt, refusal, when.as_deref(), display.locale.language)
    }
}

/// Formats a day and its hours: `Tue 1 Dec, 13:00–13:30`. An all-day time has its first day only,
/// in the zone of `appointment` if there is one.
fn format_when(
    (start, end): TimeRange,
    is_all_day: bool,
    appointment: Option<&Appointment>,
    display: &Display,
) -> String {
    match appointment {
        Some(it) if is_all_day => medium_day(display.day_span((start, end), &it.time_zone).0),
        None if is_all_day => medium_day(display.date(start)),
        _ => format!("{}, {}", medium_day(display.date(start)), display.format_range(start, end)),
    }
}

impl Change {
    fn send(&self, calendar: &CalendarHandle) -> Sent {
        match self {
            Self::Create(new) => calendar.create(new.clone()).map_ok(Some).boxed(),
            Self::Update(before, changes) => {
                calendar.update(&before.id, changes.clone()).map_ok(Some).boxed()
            }
            Self::Delete(before) => calendar.delete(&before.id).map_ok(|()| None).boxed(),
        }
    }

    /// Returns the appointment before the change, or `None` if it is new.
    pub(super) fn before(&self) -> Option<&Shared<Appointment>> {
        match self {
            Self::Create(_) => None,
            Self::Update(before, _) | Self::Delete(before) => Some(before),
        }
    }
}

impl Action {
    fn of_draft(draft: Draft, change: Change) -> Self {
        let before = change.before().map(|it| it.calendar_id.to_string());
        Self {
            change,
            calendar: before.unwrap_or_else(|| draft.calendar.clone()),
            title: draft.title.clone(),
            done: Done::Saved,
            time: draft.time(),
            is_all_day: draft.is_all_day,
            draft: Some(draft),
        }
    }

    fn of_appointment(before: &Appointment, change: Change, done: Done) -> Self {
        Self {
            change,
            calendar: before.calendar_id.to_string(),
            title: before.title.clone(),
            done,
            time: None,
            is_all_day: before.all_day,
            draft: None,
        }
    }

    /// Returns the action with another time.
    fn at(self, start: DateTime, end: DateTime) -> Self {
        let change = match self.change {
            Change::Create(new) => Change::Create(new.time(start, end)),
            Change::Update(before, changes) => Change::Update(before, changes.time(start, end)),
            delete @ Change::Delete(_) => delete,
        };
        Self { change, time: Some((start, end)), ..self }
    }
}
