//! Messages for people, in English and German. Pure: times arrive as text.

use appointments_client::{ConnectionStatus, InputProblem, MutationKind};

use crate::state::route::View;
use crate::time::locale::Language::{self, English, German};

/// The result of a successful action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Saved,
    Moved,
    Resized,
    Cancelled,
    Deleted,
}

/// Returns the message of a successful action. `when` is the appointment's new time: its end for
/// [`Done::Resized`], else its day and hours. `None` leaves the time out.
pub(crate) fn done_message(
    title: &str,
    done: Done,
    when: Option<&str>,
    language: Language,
) -> String {
    let name = quote(title, language);
    match (language, done, when) {
        (English, Done::Saved, Some(when)) => format!("Saved {name} · {when}"),
        (English, Done::Saved, None) => format!("Saved {name}"),
        (English, Done::Moved, Some(when)) => format!("Moved {name} to {when}"),
        (English, Done::Moved, None) => format!("Moved {name}"),
        (English, Done::Resized, Some(when)) => format!("{name} now ends at {when}"),
        (English, Done::Resized, None) => format!("{name} resized"),
        (English, Done::Cancelled, _) => format!("{name} cancelled"),
        (English, Done::Deleted, _) => format!("{name} deleted"),
        (German, Done::Saved, Some(when)) => format!("{name} gespeichert · {when}"),
        (German, Done::Saved, None) => format!("{name} gespeichert"),
        (German, Done::Moved, Some(when)) => format!("{name} auf {when} verschoben"),
        (German, Done::Moved, None) => format!("{name} verschoben"),
        (German, Done::Resized, Some(when)) => format!("{name} endet jetzt um {when}"),
        (German, Done::Resized, None) => format!("{name}: Dauer geändert"),
        (German, Done::Cancelled, _) => format!("{name} abgesagt"),
        (German, Done::Deleted, _) => format!("{name} gelöscht"),
    }
}

/// The result of a successful undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undone<'a> {
    /// A new appointment was removed.
    Removed,
    /// An appointment is as it was before.
    Restored,
    /// A moved appointment is back at its start time.
    BackAt(&'a str),
}

/// Returns the message of a successful undo.
pub(crate) fn undone_message(title: &str, undone: Undone<'_>, language: Language) -> String {
    let name = quote(title, language);
    match (language, undone) {
        (English, Undone::Removed) => format!("Undone: {name} removed"),
        (English, Undone::Restored) => format!("Undone: {name} restored"),
        (English, Undone::BackAt(time)) => format!("Undone: {name} is back at {time}"),
        (German, Undone::Removed) => format!("Rückgängig gemacht: {name} entfernt"),
        (German, Undone::Restored) => format!("Rückgängig gemacht: {name} wiederhergestellt"),
        (German, Undone::BackAt(time)) => {
            format!("Rückgängig gemacht: {name} beginnt wieder um {time}")
        }
    }
}

/// Puts a title in quotation marks. An empty title becomes `The appointment`.
pub(super) fn quote(title: &str, language: Language) -> String {
    match (language, title) {
        (English, "") => "The appointment".to_owned(),
        (German, "") => "Der Termin".to_owned(),
        (English, title) => format!("“{title}”"),
        (German, title) => format!("„{title}“"),
    }
}

/// Returns the label of the button that books another time.
pub(crate) fn alternative_label(when: &str, language: Language) -> String {
    match language {
        English => format!("Book {when} instead"),
        German => format!("Stattdessen {when} buchen"),
    }
}

/// An error in a form that is found before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValidationError {
    NoTitle,
    NoStart,
    NoEnd,
    EndBeforeStart,
    NoName,
}

/// Returns the text of a validation error: what to do about it.
pub(crate) fn validation_message(error: ValidationError, language: Language) -> &'static str {
    match (language, error) {
        (English, ValidationError::NoTitle) => "Add a title",
        (English, ValidationError::NoName) => "Add a name",
        (English, ValidationError::NoStart) => "Enter a start",
        (English, ValidationError::NoEnd) => "Enter an end",
        (English, ValidationError::EndBeforeStart) => "The end must be after the start",
        (German, ValidationError::NoTitle) => "Bitte Titel eingeben",
        (German, ValidationError::NoName) => "Bitte Namen eingeben",
        (German, ValidationError::NoStart) => "Bitte Beginn eingeben",
        (German, ValidationError::NoEnd) => "Bitte Ende eingeben",
        (German, ValidationError::EndBeforeStart) => "Das Ende muss nach dem Beginn liegen",
    }
}

/// Returns the text of a problem that the server reports for a field. Problems that the page does
/// not know keep the server's text.
pub(crate) fn problem_message(problem: &InputProblem, language: Language) -> String {
    let limit = |unit: &str| {
        let (before, _) = problem.message.split_once(unit)?;
        before.rsplit_once("at most ")?.1.trim().parse::<u32>().ok()
    };
    match (language, limit(" characters"), limit(" days")) {
        (English, Some(count), _) => format!("Use at most {count} characters"),
        (German, Some(count), _) => format!("Höchstens {count} Zeichen"),
        (English, _, Some(days)) => format!("An appointment can last at most {days} days"),
        (German, _, Some(days)) => format!("Ein Termin kann höchstens {days} Tage dauern"),
        _ => problem.message.clone(),
    }
}

/// Returns the text of a problem with the name of its field: `Title: Use at most 255 characters`.
pub(crate) fn named_problem_message(problem: &InputProblem, language: Language) -> String {
    let message = problem_message(problem, language);
    match field_name(&problem.field, language) {
        Some(field) => format!("{field}: {message}"),
        None => message,
    }
}

/// Returns the label of a field of the contract, or `None` if the page does not have it.
fn field_name(field: &str, language: Language) -> Option<&'static str> {
    let name = match (language, field) {
        (English, "title") => "Title",
        (English, "startsAt") => "Starts",
        (English, "endsAt") => "Ends",
        (English, "location") => "Location",
        (English, "description") => "Description",
        (English, "name") => "Name",
        (German, "title") => "Titel",
        (German, "startsAt") => "Beginn",
        (German, "endsAt") => "Ende",
        (German, "location") => "Ort",
        (German, "description") => "Beschreibung",
        (German, "name") => "Name",
        _ => return None,
    };
    Some(name)
}

/// Returns the message for a request that did not reach the server.
pub(crate) fn unreachable_message(language: Language) -> &'static str {
    match language {
        English => "Couldn’t reach the server. Try again when you’re back online.",
        German => "Server nicht erreichbar. Bitte später erneut versuchen.",
    }
}

/// Returns why there is no calendar for a new appointment.
pub(crate) fn no_calendar_message(connection: ConnectionStatus, language: Language) -> String {
    match (language, connection) {
        (English, ConnectionStatus::Live | ConnectionStatus::Polling) => {
            "You have no calendars yet. Create one first.".to_owned()
        }
        (German, ConnectionStatus::Live | ConnectionStatus::Polling) => {
            "Noch kein Kalender vorhanden. Bitte zuerst einen anlegen.".to_owned()
        }
        (English, _) => "Still connecting to the server…".to_owned(),
        (German, _) => "Verbindung wird hergestellt …".to_owned(),
    }
}

/// Returns the text of the badge: the connection and the number of pending changes. `since` is the
/// time at which the connection was lost.
pub(crate) fn connection_text(
    connection: ConnectionStatus,
    pending: usize,
    since: &str,
    language: Language,
) -> String {
    let status = match (language, connection) {
        (English, ConnectionStatus::Live | ConnectionStatus::Polling) if pending > 0 => {
            return "Saving…".to_owned();
        }
        (German, ConnectionStatus::Live | ConnectionStatus::Polling) if pending > 0 => {
            return "Wird gespeichert …".to_owned();
        }
        (English | German, ConnectionStatus::Live) => "Live".to_owned(),
        (English, ConnectionStatus::Polling) => "Updating every few seconds".to_owned(),
        (German, ConnectionStatus::Polling) => "Aktualisierung alle paar Sekunden".to_owned(),
        (English, ConnectionStatus::Idle | ConnectionStatus::Connecting) => {
            "Connecting…".to_owned()
        }
        (German, ConnectionStatus::Idle | ConnectionStatus::Connecting) => {
            "Verbindung wird hergestellt …".to_owned()
        }
        (English, ConnectionStatus::Offline { .. }) => format!("Offline since {since}"),
        (German, ConnectionStatus::Offline { .. }) => format!("Offline seit {since} Uhr"),
    };
    match (language, pending) {
        (_, 0) => status,
        (English, 1) => format!("{status} · 1 change not sent"),
        (English, count) => format!("{status} · {count} changes not sent"),
        (German, 1) => format!("{status} · 1 Änderung nicht gesendet"),
        (German, count) => format!("{status} · {count} Änderungen nicht gesendet"),
    }
}

/// Returns the text that is shown until the visible range is loaded.
pub(crate) fn loading_text(is_offline: bool, view: View, language: Language) -> String {
    if !is_offline {
        return match language {
            English => "Loading…".to_owned(),
            German => "Wird geladen …".to_owned(),
        };
    }
    let range = match (language, view) {
        (English, View::Day) => "This day",
        (English, View::Week) => "This week",
        (English, View::Month | View::Agenda) => "This month",
        (German, View::Day) => "Dieser Tag",
        (German, View::Week) => "Diese Woche",
        (German, View::Month | View::Agenda) => "Dieser Monat",
    };
    match language {
        English => format!("You’re offline. {range} can’t be shown."),
        German => format!("Offline. {range} kann nicht angezeigt werden."),
    }
}

/// Returns the text of an empty month, such as `December 2026`.
pub(crate) fn no_appointments_text(month: &str, language: Language) -> String {
    match language {
        English => format!("No appointments in {month}"),
        German => format!("Keine Termine im {month}"),
    }
}

/// Returns the label of the button that edits a calendar.
pub(crate) fn edit_label(calendar: &str, language: Language) -> String {
    match language {
        English => format!("Edit {calendar}"),
        German => format!("{calendar} bearbeiten"),
    }
}

/// Returns the label of the button that deletes a calendar with its appointments.
pub(crate) fn delete_all_label(count: i32, language: Language) -> String {
    match (language, count) {
        (English, 1) => "Delete calendar and 1 appointment".to_owned(),
        (English, count) => format!("Delete calendar and {count} appointments"),
        (German, 1) => "Kalender mit 1 Termin löschen".to_owned(),
        (German, count) => format!("Kalender mit {count} Terminen löschen"),
    }
}

/// Returns the text of a pending change: `Create “Dentist” · Wed 16 Dec, 09:00`. `title` and
/// `when` are `None` where the page does not know the appointment.
pub(crate) fn pending_change_text(
    kind: MutationKind,
    title: Option<&str>,
    when: Option<&str>,
    language: Language,
) -> String {
    let name = match (language, title) {
        (_, Some(title)) if !title.is_empty() => quote(title, language),
        (English, _) => "appointment".to_owned(),
        (German, _) => "Termin".to_owned(),
    };
    let change = match (language, kind) {
        (English, MutationKind::Create) => format!("Create {name}"),
        (English, MutationKind::Update) => format!("Change {name}"),
        (English, MutationKind::Delete) => format!("Delete {name}"),
        (German, MutationKind::Create) => format!("{name} anlegen"),
        (German, MutationKind::Update) => format!("{name} ändern"),
        (German, MutationKind::Delete) => format!("{name} löschen"),
    };
    match when {
        Some(when) => format!("{change} · {when}"),
        None => change,
    }
}

/// Returns the text and the accessible label of the button that shows the rest of a day:
/// `+3 more` and `3 more appointments on Tuesday 24 November`.
pub(crate) fn more_label(count: usize, day: &str, language: Language) -> (String, String) {
    match (language, count) {
        (English, 1) => ("+1 more".to_owned(), format!("1 more appointment on {day}")),
        (English, _) => (format!("+{count} more"), format!("{count} more appointments on {day}")),
        (German, 1) => ("+1 weiterer".to_owned(), format!("1 weiterer Termin am {day}")),
        (German, _) => (format!("+{count} weitere"), format!("{count} weitere Termine am {day}")),
    }
}

#[cfg(test)]
mod tests;
