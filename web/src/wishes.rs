//! What a person wants, done with the client's verbs; and taken back, as long as nobody else has changed it since.

use appointments_client::{
    Appointment, Calendar, Changes, Client, NewAppointment, Pending, Refusal, Shared,
};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::dialog::{Edit, Wishes};
use crate::draft::Draft;
use crate::toasts::Toasts;
use crate::words::refused;
use crate::zone;

/// What is wanted of the dialog. Each is on screen before that has closed.
pub(crate) fn wishes(
    client: Client,
    draft: RwSignal<Option<Draft>>,
    toasts: Toasts,
    count: Callback<()>,
) -> Wishes {
    let client = StoredValue::new(client);
    let act = move |calendar: &str, verb: &dyn Fn(&Calendar) -> Pending, what: Wish| {
        let calendar = client.with_value(|it| it.calendar(calendar));
        draft.set(None);
        let pending = verb(&calendar);
        count.run(());
        spawn_local(async move {
            let came = pending.await;
            count.run(());
            let Wish { title, done, was, written } = what;
            match (came, written) {
                (Ok(left), _) => {
                    let undo =
                        take_back(calendar, title.clone(), Undo { was, left }, toasts, count);
                    toasts.done(format!("{title} {done}."), undo);
                }
                // It comes back with what is wrong at its fields, so that nothing has to be written again.
                (Err(Refusal::Invalid { problems, .. }), Some(written))
                    if draft.with_untracked(Option::is_none) =>
                {
                    draft.set(Some(Draft { problems, ..written }));
                }
                (Err(refusal), _) => toasts.refused(refused(&title, &refusal, zone::wall)),
            }
        });
    };
    Wishes {
        create: Callback::new(move |(written, new): (Draft, NewAppointment)| {
            let (title, calendar) = (written.title.clone(), written.calendar.clone());
            let what = Wish { title, done: "is saved", was: None, written: Some(written) };
            act(&calendar, &move |it| it.create(new.clone()), what);
        }),
        edit: Callback::new(move |(written, was, changes): Edit| {
            let (title, id) = (written.title.clone(), was.id.clone());
            let calendar = was.calendar_id.clone();
            let what = Wish { title, done: "is saved", was: Some(was), written: Some(written) };
            act(calendar.inner(), &move |it| it.update(&id, changes.clone()), what);
        }),
        cancel: Callback::new(move |was: Shared<Appointment>| {
            let (id, calendar) = (was.id.clone(), was.calendar_id.clone());
            act(calendar.inner(), &|it| it.cancel(&id), Wish::of(was, "is cancelled"));
        }),
        delete: Callback::new(move |was: Shared<Appointment>| {
            let (id, calendar) = (was.id.clone(), was.calendar_id.clone());
            act(calendar.inner(), &|it| it.delete(&id), Wish::of(was, "is deleted"));
        }),
        close: Callback::new(move |()| draft.set(None)),
    }
}

/// What is said of something that is to be done, and what brings it back.
struct Wish {
    title: String,
    done: &'static str,
    /// The appointment before; none if it is new.
    was: Option<Shared<Appointment>>,
    /// What was written, in case it is refused.
    written: Option<Draft>,
}

impl Wish {
    fn of(was: Shared<Appointment>, done: &'static str) -> Self {
        Self { title: was.title.clone(), done, was: Some(was), written: None }
    }
}

/// Takes back what was done, when it is run.
fn take_back(
    calendar: Calendar,
    title: String,
    undo: Undo,
    toasts: Toasts,
    count: Callback<()>,
) -> Callback<()> {
    Callback::new(move |()| {
        let Some(pending) = undo.run(&calendar) else { return };
        let title = title.clone();
        count.run(());
        spawn_local(async move {
            let came = pending.await;
            count.run(());
            match came {
                Ok(_) => toasts.undone(format!("{title} is as it was.")),
                Err(refusal) => toasts.refused(refused(&title, &refusal, zone::wall)),
            }
        });
    })
}

/// Something that was done: what there was before, and what there is now. (A deletion is undone by an appointment like the
/// one that is gone.)
struct Undo {
    was: Option<Shared<Appointment>>,
    left: Option<Appointment>,
}

impl Undo {
    /// Takes it back; there is nothing to do if nothing was there, and nothing is.
    fn run(&self, calendar: &Calendar) -> Option<Pending> {
        match (&self.was, &self.left) {
            (None, Some(left)) => Some(calendar.delete_if_at(&left.id, left.revision)),
            (Some(was), Some(left)) => {
                let changes = Changes::back_to(was).if_at(left.revision);
                Some(calendar.update(&left.id, changes))
            }
            (Some(was), None) => Some(calendar.create(NewAppointment::like(was))),
            (None, None) => None,
        }
    }
}
