//! Messages about refused actions, in English and German. Pure: times arrive as text.

use appointments_client::Refusal;

use super::messages::{named_problem_message, quote};
use crate::time::locale::Language::{self, English, German};

/// The kind of request that the server refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    Do,
    Undo,
}

/// Returns why an action or its undo failed. `when` is the time of the first conflict.
pub(crate) fn refusal_message(
    title: &str,
    attempt: Attempt,
    refusal: &Refusal,
    when: Option<&str>,
    language: Language,
) -> String {
    match refusal {
        Refusal::SlotTaken { conflicts, count, .. } => {
            let first = conflicts.first().and_then(|it| it.appointment.as_ref());
            let taker = first.map(|it| it.title.as_str());
            let reason = conflict_reason(taker, when, *count, language);
            format!("{}: {reason}.", failure(title, attempt, language))
        }
        Refusal::Conflict { current, .. } => {
            changed_message(title, attempt, &current.title, language)
        }
        Refusal::NotFound { .. } => deleted_message(title, attempt, language),
        Refusal::Invalid { problems, message } => {
            let failure = failure(title, attempt, language);
            match problems.first() {
                Some(it) => format!("{failure}: {}", named_problem_message(it, language)),
                None => format!("{failure}: {message}"),
            }
        }
        Refusal::Aborted => match language {
            English => "Change discarded.".to_owned(),
            German => "Änderung verworfen.".to_owned(),
        },
        Refusal::Discarded => match language {
            English => "Discarded. If it had already been sent, it may still appear.".to_owned(),
            German => "Verworfen. Falls die Änderung schon gesendet war, kann sie noch erscheinen."
                .to_owned(),
        },
        other => {
            let reason = other.to_string();
            format!("{}: {}.", failure(title, attempt, language), reason.trim_end_matches('.'))
        }
    }
}

/// Returns the first half of a refusal, which a reason follows.
fn failure(title: &str, attempt: Attempt, language: Language) -> String {
    match (language, attempt) {
        (English, Attempt::Do) if title.is_empty() => "Couldn’t save the appointment".to_owned(),
        (English, Attempt::Do) => format!("Couldn’t save {}", quote(title, language)),
        (English, Attempt::Undo) => "Couldn’t undo".to_owned(),
        (German, Attempt::Do) => {
            format!("{} konnte nicht gespeichert werden", quote(title, language))
        }
        (German, Attempt::Undo) => "Rückgängig machen nicht möglich".to_owned(),
    }
}

pub(super) fn conflict_reason(
    taker: Option<&str>,
    when: Option<&str>,
    count: i32,
    language: Language,
) -> String {
    let Some(when) = when else {
        return match language {
            English => "that time is already taken".to_owned(),
            German => "diese Zeit ist schon belegt".to_owned(),
        };
    };
    let Some(taker) = taker.map(|it| quote(it, language)) else {
        return match language {
            English => format!("{when} is already taken"),
            German => format!("{when} ist schon belegt"),
        };
    };
    match (language, count - 1) {
        (English, ..=0) => format!("{when} is taken by {taker}"),
        (English, 1) => format!("{when} is taken by {taker} and 1 other"),
        (English, others) => format!("{when} is taken by {taker} and {others} others"),
        (German, ..=0) => format!("{when} ist schon mit {taker} belegt"),
        (German, 1) => format!("{when} ist schon mit {taker} und einem weiteren Termin belegt"),
        (German, others) => {
            format!("{when} ist schon mit {taker} und {others} weiteren Terminen belegt")
        }
    }
}

pub(super) fn changed_message(
    title: &str,
    attempt: Attempt,
    current: &str,
    language: Language,
) -> String {
    let name = quote(title, language);
    let current = quote(current, language);
    match (language, attempt) {
        (English, Attempt::Do) => format!(
            "{name} wasn’t changed, because somebody else changed it first. It is now {current}."
        ),
        (English, Attempt::Undo) => format!(
            "Couldn’t undo, because somebody else has changed the appointment. It is now {current}."
        ),
        (German, Attempt::Do) => format!(
            "{name} wurde nicht geändert, weil jemand anderes schneller war. \
             Der Termin heißt jetzt {current}."
        ),
        (German, Attempt::Undo) => format!(
            "Rückgängig machen nicht möglich: Der Termin wurde inzwischen von jemand anderem \
             geändert. Er heißt jetzt {current}."
        ),
    }
}

fn deleted_message(title: &str, attempt: Attempt, language: Language) -> String {
    let name = quote(title, language);
    match (language, attempt) {
        (English, Attempt::Do) => {
            format!("{name} was deleted by somebody else, so your change wasn’t saved.")
        }
        (English, Attempt::Undo) => {
            "Couldn’t undo, because somebody else has deleted the appointment.".to_owned()
        }
        (German, Attempt::Do) => format!(
            "{name} wurde inzwischen von jemand anderem gelöscht. \
             Die Änderung wurde nicht gespeichert."
        ),
        (German, Attempt::Undo) => "Rückgängig machen nicht möglich: Der Termin wurde inzwischen \
                                    von jemand anderem gelöscht."
            .to_owned(),
    }
}
