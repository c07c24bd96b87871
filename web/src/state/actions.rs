//! What a person wants, done with the client's verbs; and taken back, as long as nobody else has changed it since.

use std::sync::Arc;

use appointments_client::{
    Appointment, AppointmentChanges, AppointmentStatus, CalendarHandle, Client, DateTime,
    NewAppointment, Refusal, Shared,
};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::draft::Draft;
use crate::state::range_data::{RangeData, TimeRange};
use crate::text::messages::{
    Attempt, Done, alternative_label, done_message, refusal_message, undone_message,
};
use crate::time::display::Display;
use crate::time::locale::{labels, short_day};
use crate::ui::dialog::{ActionCallbacks, Edit, FIELDS};
use crate::ui::toasts::{ToastButton, Toasts};

/// Where callbacks come from, and where it is said what became of them. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct Actions {
    pub(crate) client: StoredValue<Client>,
    pub(crate) draft: RwSignal<Option<Draft>>,
    pub(crate) toasts: Toasts,
    pub(crate) views: RangeData,
    pub(crate) display: Signal<Display>,
    /// Something waits, or does no more.
    pub(crate) on_change: Callback<()>,
}

/// The result of a sent change: the appointment afterwards, or `None` if it is deleted.
type Sent = BoxFuture<'static, Result<Option<Appointment>, Refusal>>;

/// A change that is wanted.
#[derive(Clone)]
enum Change {
    Create(NewAppointment),
    Update(Shared<Appointment>, AppointmentChanges),
    Delete(Shared<Appointment>),
}

/// What is wanted, and what is said of it.
#[derive(Clone)]
struct Action {
    change: Change,
    calendar: String,
    title: String,
    done: Done,
    /// When it is to be, if that is part of it.
    time: Option<TimeRange>,
    /// What was written, in case it is refused.
    written: Option<Draft>,
}

impl Actions {
    /// What is wanted of the dialog, and of what is shown. Each is on screen before the dialog has closed.
    pub(crate) fn callbacks(self) -> ActionCallbacks {
        ActionCallbacks {
            create: Callback::new(move |(written, new): (Draft, NewAppointment)| {
                self.perform(Action {
                    calendar: written.calendar.clone(),
                    title: written.title.clone(),
                    done: Done::Saved,
                    time: written.stretch(),
                    change: Change::Create(new),
                    written: Some(written),
                });
            }),
            edit: Callback::new(move |(written, was, changes): Edit| {
                let title = written.title.clone();
                let time = written.stretch();
                let action = Action::of(was.clone(), Change::Update(was, changes), Done::Saved);
                self.perform(Action { title, time, written: Some(written), ..action });
            }),
            retime: Callback::new(move |(was, start, end): (Shared<Appointment>, _, _)| {
                let changes = AppointmentChanges::new().time(start, end);
                let action = Action::of(was.clone(), Change::Update(was, changes), Done::Moved);
                self.perform(Action { time: Some((start, end)), ..action });
            }),
            cancel: Callback::new(move |was: Shared<Appointment>| {
                let changes = AppointmentChanges::new().status(AppointmentStatus::Cancelled);
                self.perform(Action::of(
                    was.clone(),
                    Change::Update(was, changes),
                    Done::Cancelled,
                ));
            }),
            delete: Callback::new(move |was: Shared<Appointment>| {
                self.perform(Action::of(was.clone(), Change::Delete(was), Done::Deleted));
            }),
            close: Callback::new(move |()| self.draft.set(None)),
        }
    }

    /// Does it, and says what became of it.
    fn perform(self, action: Action) {
        let calendar = self.client.with_value(|it| it.calendar(action.calendar.as_str()));
        self.draft.set(None);
        let pending = action.change.send(&calendar);
        self.on_change.run(());
        spawn_local(async move {
            let came = pending.await;
            self.on_change.run(());
            let language = self.display.with_untracked(|it| it.locale.language);
            match came {
                Ok(left) => {
                    let undo = Undo { done: action.change.clone(), left };
                    let undo = self.undo_action(calendar, action.title.clone(), undo);
                    let when = action.time.filter(|_| action.done == Done::Moved);
                    let when = when.map(|time| self.when(time, action.change.before()));
                    self.toasts
                        .done(done_message(&action.title, action.done, when, language), undo);
                }
                Err(refusal) => self.refuse(action, refusal),
            }
        });
    }

    fn refuse(self, action: Action, refusal: Refusal) {
        let text = |it: &Display| refusal_message(&action.title, Attempt::Do, &refusal, it);
        let text = self.display.with_untracked(text);
        match refusal {
            // It comes back with what is wrong at its fields, so that nothing has to be written again.
            Refusal::Invalid { problems, .. }
                if action.written.is_some() && self.draft.with_untracked(Option::is_none) =>
            {
                // What is at no field would not be seen.
                if !problems.iter().any(|it| FIELDS.contains(&it.field.as_str())) {
                    self.toasts.refused(text);
                }
                self.draft.set(action.written.map(|it| it.with(problems)));
            }
            Refusal::SlotTaken { conflicts, .. } => {
                let others = conflicts.into_iter().filter_map(|it| it.appointment);
                let marks = others.map(|it| it.id.to_string()).collect();
                let edit = action.written.clone().map(|written| ToastButton {
                    label: labels().edit_again.to_owned(),
                    run: Arc::new(move || self.draft.set(Some(written.clone()))),
                });
                let actions = self.instead(action).into_iter().chain(edit);
                self.toasts.taken(text, marks, actions.collect());
            }
            _ => self.toasts.refused(text),
        }
    }

    /// The next free time that is known, instead of the one that is taken.
    fn instead(self, action: Action) -> Option<ToastButton> {
        // (Where a whole day is free is nothing that hours say.)
        let is_whole = match &action.written {
            Some(written) => written.is_all_day,
            None => action.change.before().is_some_and(|it| it.all_day),
        };
        if is_whole {
            return None;
        }
        let but = action.change.before().map(|it| it.id.as_str());
        let (start, end) = self.views.next_free(&action.calendar, action.time?, but)?;
        // (Where it came from is no news.)
        if action.change.before().is_some_and(|it| (it.starts_at, it.ends_at) == (start, end)) {
            return None;
        }
        let display = self.display.get_untracked();
        let is_same_day = display.date(action.time?.0) == display.date(start);
        let when =
            if is_same_day { display.stretch(start, end) } else { self.when((start, end), None) };
        let label = alternative_label(&when, display.locale.language);
        let run = Arc::new(move || self.perform(action.clone().at(start, end)));
        Some(ToastButton { label, run })
    }

    /// A day and its hours; of what lasts whole days, the first of them.
    fn when(self, time: TimeRange, of: Option<&Shared<Appointment>>) -> String {
        self.display.with_untracked(|display| match of.filter(|it| it.all_day) {
            Some(it) => short_day(display.day_span(time, &it.time_zone).0),
            None => {
                format!("{}, {}", short_day(display.date(time.0)), display.stretch(time.0, time.1))
            }
        })
    }

    /// Takes back what was done, when it is run.
    fn undo_action(
        self,
        calendar: CalendarHandle,
        title: String,
        undo: Undo,
    ) -> Arc<dyn Fn() + Send + Sync> {
        Arc::new(move || {
            let Some(pending) = undo.run(&calendar) else { return };
            let (title, was_new) = (title.clone(), undo.done.before().is_none());
            self.on_change.run(());
            spawn_local(async move {
                let came = pending.await;
                self.on_change.run(());
                match came {
                    Ok(_) => {
                        let language = self.display.with_untracked(|it| it.locale.language);
                        self.toasts.undone(undone_message(&title, was_new, language));
                    }
                    Err(refusal) => {
                        let text =
                            |it: &Display| refusal_message(&title, Attempt::Undo, &refusal, it);
                        let text = self.display.with_untracked(text);
                        self.toasts.refused(text);
                    }
                }
            });
        })
    }
}

impl Change {
    fn send(&self, calendar: &CalendarHandle) -> Sent {
        match self {
            Self::Create(new) => calendar.create(new.clone()).map_ok(Some).boxed(),
            Self::Update(was, changes) => {
                calendar.update(&was.id, changes.clone()).map_ok(Some).boxed()
            }
            Self::Delete(was) => calendar.delete(&was.id).map_ok(|()| None).boxed(),
        }
    }

    /// The appointment before; none if it is new.
    fn before(&self) -> Option<&Shared<Appointment>> {
        match self {
            Self::Create(_) => None,
            Self::Update(was, _) | Self::Delete(was) => Some(was),
        }
    }
}

impl Action {
    fn of(was: Shared<Appointment>, change: Change, done: Done) -> Self {
        let calendar = was.calendar_id.to_string();
        Self { change, calendar, title: was.title.clone(), done, time: None, written: None }
    }

    /// The same, at another time.
    fn at(self, start: DateTime, end: DateTime) -> Self {
        let change = match self.change {
            Change::Create(new) => Change::Create(new.time(start, end)),
            Change::Update(was, changes) => Change::Update(was, changes.time(start, end)),
            delete @ Change::Delete(_) => delete,
        };
        Self { change, time: Some((start, end)), ..self }
    }
}

/// Something that was done, and what there is now. (A deletion is undone by an appointment like the one that is gone.)
struct Undo {
    done: Change,
    left: Option<Appointment>,
}

impl Undo {
    /// Takes it back, and nothing that somebody else has done; there is nothing to do if nothing was there, and nothing is.
    fn run(&self, calendar: &CalendarHandle) -> Option<Sent> {
        match (&self.done, &self.left) {
            (Change::Create(_), left) => left.as_ref().map(|left| {
                let deletion = calendar.delete_if_revision(&left.id, left.revision);
                deletion.map_ok(|()| None).boxed()
            }),
            (Change::Update(was, changes), Some(left)) => {
                let changes = changes.reverted(was).if_revision(left.revision);
                Some(calendar.update(&left.id, changes).map_ok(Some).boxed())
            }
            (Change::Update(was, _) | Change::Delete(was), _) => {
                Some(calendar.create(NewAppointment::copy_of(was)).map_ok(Some).boxed())
            }
        }
    }
}
