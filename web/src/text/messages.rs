//! What is said to people: one sentence each, in their language. Pure.

use appointments_client::{ConnectionStatus, MutationKind, Refusal};

use crate::time::display::Display;
use crate::time::locale::Language::{self, English, German};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Saved,
    /// To a time that is said.
    Moved,
    Cancelled,
    Deleted,
}

/// That it is done.
pub(crate) fn done_message(
    title: &str,
    done: Done,
    when: Option<String>,
    language: Language,
) -> String {
    let when = when.unwrap_or_default();
    match (language, done) {
        (English, Done::Moved) => format!("{title} is moved to {when}."),
        (German, Done::Moved) => format!("{title} ist auf {when} verschoben."),
        (English, Done::Saved) => format!("{title} is saved."),
        (English, Done::Cancelled) => format!("{title} is cancelled."),
        (English, Done::Deleted) => format!("{title} is deleted."),
        (German, Done::Saved) => format!("{title} ist gespeichert."),
        (German, Done::Cancelled) => format!("{title} ist abgesagt."),
        (German, Done::Deleted) => format!("{title} ist gelöscht."),
    }
}

/// That it was taken back; what was new is gone.
pub(crate) fn undone_message(title: &str, was_new: bool, language: Language) -> String {
    match (language, was_new) {
        (English, true) => format!("{title} is gone again."),
        (English, false) => format!("{title} is as it was."),
        (German, true) => format!("{title} ist wieder weg."),
        (German, false) => format!("{title} ist wie vorher."),
    }
}

/// What was refused: something new, or to take something back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    Do,
    Undo,
}

/// Why something was taken back, and what is in the way. (What the server says of a field stays as the server says it.)
pub(crate) fn refusal_message(
    title: &str,
    attempt: Attempt,
    refusal: &Refusal,
    display: &Display,
) -> String {
    let language = display.locale.language;
    let nameless = match language {
        English => "The appointment",
        German => "Der Termin",
    };
    let title = if title.is_empty() { nameless } else { title };
    let back = match (language, attempt) {
        (English, Attempt::Do) => format!("{title} was taken back"),
        (English, Attempt::Undo) => format!("{title} stays as it is"),
        (German, Attempt::Do) => format!("{title} wurde zurückgenommen"),
        (German, Attempt::Undo) => format!("{title} bleibt, wie es ist"),
    };
    match refusal {
        Refusal::SlotTaken { conflicts, count, .. } => {
            let what = conflicts.first().map(|it| {
                let wall = |at| display.locale.hour(display.clock.to_wall(at));
                let name = it.appointment.as_ref().map(|it| it.title.as_str());
                taken(name, &wall(it.starts_at), &wall(it.ends_at), language)
            });
            let what = what.unwrap_or_else(|| match language {
                English => "the time is taken".to_owned(),
                German => "die Zeit ist vergeben".to_owned(),
            });
            let more = match (language, count) {
                (_, ..=1) => String::new(),
                (English, count) => format!(", and {} more", count - 1),
                (German, count) => format!(", und {} weitere", count - 1),
            };
            format!("{back}: {what}{more}.")
        }
        Refusal::Conflict { current, .. } => match language {
            English => format!(
                "{title} was not changed: somebody else has changed it, it is now “{}”.",
                current.title
            ),
            German => format!(
                "{title} wurde nicht geändert: jemand anderes war schneller, der Termin heißt jetzt „{}“.",
                current.title
            ),
        },
        Refusal::NotFound { .. } => match language {
            English => format!("{title} was not changed: somebody has deleted it."),
            German => format!("{title} wurde nicht geändert: jemand hat den Termin gelöscht."),
        },
        Refusal::Invalid { problems, message } => match problems.first() {
            Some(it) => format!("{back}: {}", it.message),
            None => format!("{back}: {message}"),
        },
        Refusal::Aborted | Refusal::Discarded => match language {
            English => format!("{title} was called off."),
            German => format!("{title} wurde verworfen."),
        },
        other => format!("{back}: {other}."),
    }
}

fn taken(name: Option<&str>, start: &str, end: &str, language: Language) -> String {
    match language {
        English => format!("{} is there from {start} to {end}", name.unwrap_or("Something")),
        German => format!("von {start} bis {end} ist schon {}", name.unwrap_or("etwas")),
    }
}

/// What is offered instead of a time that is taken.
pub(crate) fn alternative_label(hours: &str, language: Language) -> String {
    match language {
        English => format!("Take {hours}"),
        German => format!("{hours} nehmen"),
    }
}

/// What is wrong with what was written, as far as that is seen before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValidationError {
    NoTitle,
    NoStart,
    NoEnd,
    EndsFirst,
    NoName,
}

/// What to do about it.
pub(crate) fn validation_message(what: ValidationError, language: Language) -> &'static str {
    match (language, what) {
        (English, ValidationError::NoTitle) => "Say what it is.",
        (English, ValidationError::NoStart) => "Say when it starts.",
        (English, ValidationError::NoEnd) => "Say when it is over.",
        (English, ValidationError::EndsFirst) => "It must end after it starts.",
        (English, ValidationError::NoName) => "Say what it is called.",
        (German, ValidationError::NoName) => "Sag, wie er heißt.",
        (German, ValidationError::NoTitle) => "Sag, was es ist.",
        (German, ValidationError::NoStart) => "Sag, wann es beginnt.",
        (German, ValidationError::NoEnd) => "Sag, wann es vorbei ist.",
        (German, ValidationError::EndsFirst) => "Es muss nach seinem Beginn enden.",
    }
}

/// That the server was not reached, and nothing was done.
pub(crate) fn unreachable_message(language: Language) -> &'static str {
    match language {
        English => "The server was not reached; try again when it is.",
        German => "Der Server war nicht zu erreichen; versuche es wieder, sobald er es ist.",
    }
}

/// That there is nothing to write into.
pub(crate) fn no_calendar_message(language: Language) -> String {
    match language {
        English => "There is no calendar yet; make one, or try again in a moment.".to_owned(),
        German => {
            "Es gibt noch keinen Kalender; lege einen an oder versuche es gleich wieder.".to_owned()
        }
    }
}

/// How it stands with the server, and how many changes wait.
pub(crate) fn connection_text(
    connection: ConnectionStatus,
    waiting: usize,
    display: &Display,
) -> String {
    let language = display.locale.language;
    let standing = match (language, connection) {
        (English | German, ConnectionStatus::Live) => "Live".to_owned(),
        (English, ConnectionStatus::Polling) => "Live, every few seconds".to_owned(),
        (German, ConnectionStatus::Polling) => "Live, alle paar Sekunden".to_owned(),
        (English, ConnectionStatus::Idle | ConnectionStatus::Connecting) => {
            "Connecting…".to_owned()
        }
        (German, ConnectionStatus::Idle | ConnectionStatus::Connecting) => "Verbinden…".to_owned(),
        (English, ConnectionStatus::Offline { since }) => {
            format!("Offline since {}", display.clock.to_wall(since).format("%H:%M:%S"))
        }
        (German, ConnectionStatus::Offline { since }) => {
            format!("Offline seit {}", display.clock.to_wall(since).format("%H:%M:%S"))
        }
    };
    match (language, waiting) {
        (_, 0) => standing,
        (English, 1) => format!("{standing} · 1 change waits"),
        (English, count) => format!("{standing} · {count} changes wait"),
        (German, 1) => format!("{standing} · 1 Änderung wartet"),
        (German, count) => format!("{standing} · {count} Änderungen warten"),
    }
}

/// What the button is called that changes a calendar.
pub(crate) fn edit_label(calendar: &str, language: Language) -> String {
    match language {
        English => format!("Edit {calendar}"),
        German => format!("{calendar} bearbeiten"),
    }
}

/// That a calendar is not empty, and would be deleted with all that is in it.
pub(crate) fn delete_all_label(count: i32, language: Language) -> String {
    match (language, count) {
        (English, 1) => "Delete with the appointment in it".to_owned(),
        (English, count) => format!("Delete with the {count} appointments in it"),
        (German, 1) => "Mit dem Termin darin löschen".to_owned(),
        (German, count) => format!("Mit den {count} Terminen darin löschen"),
    }
}

/// What waits, of an appointment that may have a title.
pub(crate) fn pending_change_text(
    kind: MutationKind,
    title: Option<&str>,
    language: Language,
) -> String {
    let title = title.unwrap_or(match language {
        English => "an appointment",
        German => "ein Termin",
    });
    match (language, kind) {
        (English, MutationKind::Create) => format!("New: {title}"),
        (English, MutationKind::Update) => format!("Changed: {title}"),
        (English, MutationKind::Delete) => format!("Deleted: {title}"),
        (German, MutationKind::Create) => format!("Neu: {title}"),
        (German, MutationKind::Update) => format!("Geändert: {title}"),
        (German, MutationKind::Delete) => format!("Gelöscht: {title}"),
    }
}

/// `+3 more`, and what that means to those who do not see where it stands.
pub(crate) fn more_label(count: usize, day: &str, language: Language) -> (String, String) {
    match language {
        English => (format!("+{count} more"), format!("{count} more on {day}")),
        German => (format!("+{count} weitere"), format!("{count} weitere am {day}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::day_layout::tests::display;

    #[test]
    fn a_refusal_says_what_is_in_the_way() {
        let message = String::new();
        let conflicts = Vec::new();
        let taken = Refusal::SlotTaken { message, conflicts, count: 3 };
        let display = display("UTC");
        assert_eq!(
            refusal_message("Dentist", Attempt::Do, &taken, &display),
            "Dentist was taken back: the time is taken, and 2 more."
        );
        let gone = Refusal::NotFound { message: String::new() };
        assert_eq!(
            refusal_message("", Attempt::Do, &gone, &display),
            "The appointment was not changed: somebody has deleted it."
        );
    }

    #[test]
    fn the_badge_says_since_when() {
        let since = "2026-11-23T09:30:05Z".parse().expect("an instant");
        let display = display("UTC");
        assert_eq!(connection_text(ConnectionStatus::Live, 0, &display), "Live");
        assert_eq!(
            connection_text(ConnectionStatus::Offline { since }, 3, &display),
            "Offline since 09:30:05 · 3 changes wait"
        );
    }
}
