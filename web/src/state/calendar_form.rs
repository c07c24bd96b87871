//! The form of the calendar dialog: its fields, its requests, and their outcomes.

use appointments_client::{
    CalendarChanges, CalendarError, Client, NewCalendar, OverlapPolicy, QueryError, Refusal,
    TimeZone,
};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::calendar_list::CalendarItem;
use crate::state::toasts::Toasts;
use crate::text::messages::{
    ValidationError, named_problem_message, unreachable_message, validation_message,
};
use crate::time::locale::language;

/// The colour of a new calendar.
const DEFAULT_COLOR: &str = "#3366cc";

/// The form of a new or an existing calendar. Copies share their signals.
#[derive(Clone, Copy)]
pub(crate) struct CalendarForm {
    pub(crate) name: RwSignal<String>,
    /// A CSS colour such as `#3366cc`.
    pub(crate) color: RwSignal<String>,
    pub(crate) allows_overlaps: RwSignal<bool>,
    /// The reason why the last request failed.
    pub(crate) problem: RwSignal<Option<String>>,
    /// The number of appointments that would be deleted with the calendar, once the server has
    /// said that it is not empty.
    pub(crate) appointments: RwSignal<Option<i32>>,
    /// Whether a request is in flight. No second one is sent until it is answered.
    pub(crate) is_busy: RwSignal<bool>,
    context: StoredValue<Context>,
}

/// The client and the other values that the form's requests use.
#[derive(Clone)]
struct Context {
    client: Client,
    /// The id of the calendar, or `None` for a new one.
    id: Option<String>,
    /// The time zone of a new calendar.
    zone: String,
    toasts: Toasts,
    on_close: Callback<()>,
}

impl CalendarForm {
    pub(crate) fn new(
        client: Client,
        calendar: Option<CalendarItem>,
        zone: String,
        toasts: Toasts,
        on_close: Callback<()>,
    ) -> Self {
        let id = calendar.as_ref().map(|it| it.id.clone());
        let (name, color, is_strict) = match calendar {
            Some(it) => (it.name, it.color, it.is_strict),
            None => (String::new(), DEFAULT_COLOR.to_owned(), false),
        };
        Self {
            name: RwSignal::new(name),
            color: RwSignal::new(color),
            allows_overlaps: RwSignal::new(!is_strict),
            problem: RwSignal::new(None),
            appointments: RwSignal::new(None),
            is_busy: RwSignal::new(false),
            context: StoredValue::new(Context { client, id, zone, toasts, on_close }),
        }
    }

    /// Creates or updates the calendar.
    pub(crate) fn save(self) {
        if self.is_busy.get_untracked() {
            return;
        }
        let name = self.name.get_untracked();
        if name.trim().is_empty() {
            let message = validation_message(ValidationError::NoName, language());
            return self.problem.set(Some(message.to_owned()));
        }
        self.is_busy.set(true);
        let color = self.color.get_untracked();
        let overlaps = if self.allows_overlaps.get_untracked() {
            OverlapPolicy::Allow
        } else {
            OverlapPolicy::Reject
        };
        let context = self.context.get_value();
        spawn_local(async move {
            let outcome = match &context.id {
                Some(id) => {
                    let changes = CalendarChanges::new().name(name).color(color).overlaps(overlaps);
                    context.client.update_calendar(id.clone(), changes).await
                }
                None => {
                    let zone = TimeZone::new(context.zone.clone());
                    let new = NewCalendar::new(name).color(color).overlaps(overlaps);
                    context.client.create_calendar(new.time_zone(zone)).await
                }
            };
            self.finish(&context, outcome.map(|_| ()));
        });
    }

    /// Deletes the calendar if it is empty. Deletes its appointments too once the form has shown
    /// how many there are.
    pub(crate) fn delete(self) {
        let context = self.context.get_value();
        let Some(id) = context.id.clone() else { return };
        if self.is_busy.get_untracked() {
            return;
        }
        self.is_busy.set(true);
        let with_appointments = self.appointments.get_untracked().is_some();
        spawn_local(async move {
            let outcome = if with_appointments {
                context.client.delete_calendar_with_appointments(id).await
            } else {
                context.client.delete_calendar(id).await
            };
            self.finish(&context, outcome);
        });
    }

    /// Closes the dialog, or shows why the request failed: in the dialog, or as a toast if the
    /// dialog is closed already.
    fn finish(self, context: &Context, outcome: Result<(), CalendarError>) {
        // The signals of a closed dialog are disposed.
        let is_open = self.is_busy.try_set(false).is_none();
        match outcome {
            Ok(()) if is_open => context.on_close.run(()),
            Ok(()) => {}
            Err(CalendarError::NotEmpty { appointments, .. }) if is_open => {
                self.appointments.set(Some(appointments));
            }
            Err(error) if is_open => self.problem.set(Some(error_message(&error))),
            Err(error) => context.toasts.show_refusal(error_message(&error)),
        }
    }
}

fn error_message(error: &CalendarError) -> String {
    match error {
        CalendarError::Refused(Refusal::Invalid { problems, .. }) if !problems.is_empty() => {
            let problems = problems.iter().map(|it| named_problem_message(it, language()));
            problems.collect::<Vec<_>>().join(" ")
        }
        CalendarError::Request(QueryError::Transport(_)) => {
            unreachable_message(language()).to_owned()
        }
        other => other.to_string(),
    }
}
