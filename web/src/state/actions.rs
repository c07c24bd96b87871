//! What a person wants, done with the client's verbs; and taken back, as long as nobody else has changed it since.

use std::sync::Arc;

use appointments_client::{
    Appointment, AppointmentStatus, Calendar, Changes, Client, DateTime, NewAppointment, Pending,
    Refusal, Shared,
};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::draft::Draft;
use crate::state::range_data::{Stretch, Views};
use crate::text::messages::{Attempt, Deed, done, instead, refused, undone};
use crate::time::display::Sight;
use crate::time::locale::{labels, short_day};
use crate::ui::dialog::{Edit, FIELDS, Wishes};
use crate::ui::toasts::{Action, Toasts};

/// Where wishes come from, and where it is said what became of them. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    pub(crate) client: StoredValue<Client>,
    pub(crate) draft: RwSignal<Option<Draft>>,
    pub(crate) toasts: Toasts,
    pub(crate) views: Views,
    pub(crate) sight: Signal<Sight>,
    /// Something waits, or does no more.
    pub(crate) on_change: Callback<()>,
}

/// A change that is wanted.
#[derive(Clone)]
enum Verb {
    Create(NewAppointment),
    Update(Shared<Appointment>, Changes),
    Delete(Shared<Appointment>),
}

/// What is wanted, and what is said of it.
#[derive(Clone)]
struct Wish {
    verb: Verb,
    calendar: String,
    title: String,
    deed: Deed,
    /// When it is to be, if that is part of it.
    time: Option<Stretch>,
    /// What was written, in case it is refused.
    written: Option<Draft>,
}

impl Desk {
    /// What is wanted of the dialog, and of what is shown. Each is on screen before the dialog has closed.
    pub(crate) fn wishes(self) -> Wishes {
        Wishes {
            create: Callback::new(move |(written, new): (Draft, NewAppointment)| {
                self.grant(Wish {
                    calendar: written.calendar.clone(),
                    title: written.title.clone(),
                    deed: Deed::Saved,
                    time: written.stretch(),
                    verb: Verb::Create(new),
                    written: Some(written),
                });
            }),
            edit: Callback::new(move |(written, was, changes): Edit| {
                let title = written.title.clone();
                let time = written.stretch();
                let wish = Wish::of(was.clone(), Verb::Update(was, changes), Deed::Saved);
                self.grant(Wish { title, time, written: Some(written), ..wish });
            }),
            retime: Callback::new(move |(was, start, end): (Shared<Appointment>, _, _)| {
                let changes = Changes::new().time(start, end);
                let wish = Wish::of(was.clone(), Verb::Update(was, changes), Deed::Moved);
                self.grant(Wish { time: Some((start, end)), ..wish });
            }),
            cancel: Callback::new(move |was: Shared<Appointment>| {
                let changes = Changes::new().status(AppointmentStatus::Cancelled);
                self.grant(Wish::of(was.clone(), Verb::Update(was, changes), Deed::Cancelled));
            }),
            delete: Callback::new(move |was: Shared<Appointment>| {
                self.grant(Wish::of(was.clone(), Verb::Delete(was), Deed::Deleted));
            }),
            close: Callback::new(move |()| self.draft.set(None)),
        }
    }

    /// Does it, and says what became of it.
    fn grant(self, wish: Wish) {
        let calendar = self.client.with_value(|it| it.calendar(wish.calendar.as_str()));
        self.draft.set(None);
        let pending = wish.verb.act(&calendar);
        self.on_change.run(());
        spawn_local(async move {
            let came = pending.await;
            self.on_change.run(());
            let language = self.sight.with_untracked(|it| it.locale.language);
            match came {
                Ok(left) => {
                    let undo = Undo { done: wish.verb.clone(), left };
                    let undo = self.take_back(calendar, wish.title.clone(), undo);
                    let when = wish.time.filter(|_| wish.deed == Deed::Moved);
                    let when = when.map(|time| self.when(time, wish.verb.was()));
                    self.toasts.done(done(&wish.title, wish.deed, when, language), undo);
                }
                Err(refusal) => self.refuse(wish, refusal),
            }
        });
    }

    fn refuse(self, wish: Wish, refusal: Refusal) {
        let text = |it: &Sight| refused(&wish.title, Attempt::Do, &refusal, it);
        let text = self.sight.with_untracked(text);
        match refusal {
            // It comes back with what is wrong at its fields, so that nothing has to be written again.
            Refusal::Invalid { problems, .. }
                if wish.written.is_some() && self.draft.with_untracked(Option::is_none) =>
            {
                // What is at no field would not be seen.
                if !problems.iter().any(|it| FIELDS.contains(&it.field.as_str())) {
                    self.toasts.refused(text);
                }
                self.draft.set(wish.written.map(|it| it.with(problems)));
            }
            Refusal::SlotTaken { conflicts, .. } => {
                let others = conflicts.into_iter().filter_map(|it| it.appointment);
                let marks = others.map(|it| it.id.inner().to_owned()).collect();
                let edit = wish.written.clone().map(|written| Action {
                    label: labels().edit_again.to_owned(),
                    run: Arc::new(move || self.draft.set(Some(written.clone()))),
                });
                let actions = self.instead(wish).into_iter().chain(edit);
                self.toasts.taken(text, marks, actions.collect());
            }
            _ => self.toasts.refused(text),
        }
    }

    /// The next free time that is known, instead of the one that is taken.
    fn instead(self, wish: Wish) -> Option<Action> {
        // (Where a whole day is free is nothing that hours say.)
        let is_whole = match &wish.written {
            Some(written) => written.is_all_day,
            None => wish.verb.was().is_some_and(|it| it.all_day),
        };
        if is_whole {
            return None;
        }
        let but = wish.verb.was().map(|it| it.id.inner());
        let (start, end) = self.views.next_free(&wish.calendar, wish.time?, but)?;
        // (Where it came from is no news.)
        if wish.verb.was().is_some_and(|it| (it.starts_at, it.ends_at) == (start, end)) {
            return None;
        }
        let sight = self.sight.get_untracked();
        let is_same_day = sight.date(wish.time?.0) == sight.date(start);
        let when =
            if is_same_day { sight.stretch(start, end) } else { self.when((start, end), None) };
        let label = instead(&when, sight.locale.language);
        let run = Arc::new(move || self.grant(wish.clone().at(start, end)));
        Some(Action { label, run })
    }

    /// A day and its hours; of what lasts whole days, the first of them.
    fn when(self, time: Stretch, of: Option<&Shared<Appointment>>) -> String {
        self.sight.with_untracked(|sight| match of.filter(|it| it.all_day) {
            Some(it) => short_day(sight.days_between(time, &it.time_zone).0),
            None => format!("{}, {}", short_day(sight.date(time.0)), sight.stretch(time.0, time.1)),
        })
    }

    /// Takes back what was done, when it is run.
    fn take_back(
        self,
        calendar: Calendar,
        title: String,
        undo: Undo,
    ) -> Arc<dyn Fn() + Send + Sync> {
        Arc::new(move || {
            let Some(pending) = undo.run(&calendar) else { return };
            let (title, was_new) = (title.clone(), undo.done.was().is_none());
            self.on_change.run(());
            spawn_local(async move {
                let came = pending.await;
                self.on_change.run(());
                match came {
                    Ok(_) => {
                        let language = self.sight.with_untracked(|it| it.locale.language);
                        self.toasts.undone(undone(&title, was_new, language));
                    }
                    Err(refusal) => {
                        let text = |it: &Sight| refused(&title, Attempt::Undo, &refusal, it);
                        let text = self.sight.with_untracked(text);
                        self.toasts.refused(text);
                    }
                }
            });
        })
    }
}

impl Verb {
    fn act(&self, calendar: &Calendar) -> Pending {
        match self {
            Self::Create(new) => calendar.create(new.clone()),
            Self::Update(was, changes) => calendar.update(&was.id, changes.clone()),
            Self::Delete(was) => calendar.delete(&was.id),
        }
    }

    /// The appointment before; none if it is new.
    fn was(&self) -> Option<&Shared<Appointment>> {
        match self {
            Self::Create(_) => None,
            Self::Update(was, _) | Self::Delete(was) => Some(was),
        }
    }
}

impl Wish {
    fn of(was: Shared<Appointment>, verb: Verb, deed: Deed) -> Self {
        let calendar = was.calendar_id.inner().to_owned();
        Self { verb, calendar, title: was.title.clone(), deed, time: None, written: None }
    }

    /// The same, at another time.
    fn at(self, start: DateTime, end: DateTime) -> Self {
        let verb = match self.verb {
            Verb::Create(new) => Verb::Create(new.time(start, end)),
            Verb::Update(was, changes) => Verb::Update(was, changes.time(start, end)),
            delete @ Verb::Delete(_) => delete,
        };
        Self { verb, time: Some((start, end)), ..self }
    }
}

/// Something that was done, and what there is now. (A deletion is undone by an appointment like the one that is gone.)
struct Undo {
    done: Verb,
    left: Option<Appointment>,
}

impl Undo {
    /// Takes it back, and nothing that somebody else has done; there is nothing to do if nothing was there, and nothing is.
    fn run(&self, calendar: &Calendar) -> Option<Pending> {
        match (&self.done, &self.left) {
            (Verb::Create(_), left) => {
                left.as_ref().map(|left| calendar.delete_if_at(&left.id, left.revision))
            }
            (Verb::Update(was, changes), Some(left)) => {
                Some(calendar.update(&left.id, changes.back(was).if_at(left.revision)))
            }
            (Verb::Update(was, _) | Verb::Delete(was), _) => {
                Some(calendar.create(NewAppointment::like(was)))
            }
        }
    }
}
