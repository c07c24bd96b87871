//! The page's messages as tables: each in English and German.

use appointments_client::Refusal;

use super::super::refusals::{Attempt, changed_message, conflict_reason, refusal_message};
use super::*;

const LANGUAGES: [Language; 2] = [English, German];

#[track_caller]
fn check(message: impl Fn(Language) -> String, expected: [&str; 2]) {
    assert_eq!(LANGUAGES.map(message), expected);
}

#[test]
fn successful_actions() {
    for (done, when, expected) in [
        (
            Done::Saved,
            Some("Wed 2 Dec, 10:00–11:00"),
            [
                "Saved “Dentist” · Wed 2 Dec, 10:00–11:00",
                "„Dentist“ gespeichert · Wed 2 Dec, 10:00–11:00",
            ],
        ),
        (Done::Saved, None, ["Saved “Dentist”", "„Dentist“ gespeichert"]),
        (
            Done::Moved,
            Some("Wed 2 Dec"),
            ["Moved “Dentist” to Wed 2 Dec", "„Dentist“ auf Wed 2 Dec verschoben"],
        ),
        (
            Done::Resized,
            Some("23:00"),
            ["“Dentist” now ends at 23:00", "„Dentist“ endet jetzt um 23:00"],
        ),
        (Done::Cancelled, None, ["“Dentist” cancelled", "„Dentist“ abgesagt"]),
        (Done::Deleted, None, ["“Dentist” deleted", "„Dentist“ gelöscht"]),
    ] {
        check(|language| done_message("Dentist", done, when, language), expected);
    }
    for (undone, expected) in [
        (Undone::Removed, ["Undone: “Dentist” removed", "Rückgängig gemacht: „Dentist“ entfernt"]),
        (
            Undone::Restored,
            ["Undone: “Dentist” restored", "Rückgängig gemacht: „Dentist“ wiederhergestellt"],
        ),
        (
            Undone::BackAt("08:30"),
            [
                "Undone: “Dentist” is back at 08:30",
                "Rückgängig gemacht: „Dentist“ beginnt wieder um 08:30",
            ],
        ),
    ] {
        check(|language| undone_message("Dentist", undone, language), expected);
    }
}

#[test]
fn refusals() {
    let message = String::new();
    let taken = Refusal::SlotTaken { message: message.clone(), conflicts: Vec::new(), count: 3 };
    check(
        |language| refusal_message("Dentist", Attempt::Do, &taken, None, language),
        [
            "Couldn’t save “Dentist”: that time is already taken.",
            "„Dentist“ konnte nicht gespeichert werden: diese Zeit ist schon belegt.",
        ],
    );
    check(
        |language| refusal_message("Dentist", Attempt::Undo, &taken, Some("Tue"), language),
        [
            "Couldn’t undo: Tue is already taken.",
            "Rückgängig machen nicht möglich: Tue ist schon belegt.",
        ],
    );
    let deleted = Refusal::NotFound { message };
    check(
        |language| refusal_message("", Attempt::Do, &deleted, None, language),
        [
            "The appointment was deleted by somebody else, so your change wasn’t saved.",
            "Der Termin wurde inzwischen von jemand anderem gelöscht. \
             Die Änderung wurde nicht gespeichert.",
        ],
    );
    check(
        |language| changed_message("Review", Attempt::Do, "Theirs", language),
        [
            "“Review” wasn’t changed, because somebody else changed it first. It is now “Theirs”.",
            "„Review“ wurde nicht geändert, weil jemand anderes schneller war. \
             Der Termin heißt jetzt „Theirs“.",
        ],
    );
}

#[test]
fn conflicts_are_counted() {
    for (count, expected) in [
        (1, ["9–10 is taken by “X”", "9–10 ist schon mit „X“ belegt"]),
        (
            2,
            [
                "9–10 is taken by “X” and 1 other",
                "9–10 ist schon mit „X“ und einem weiteren Termin belegt",
            ],
        ),
        (
            3,
            [
                "9–10 is taken by “X” and 2 others",
                "9–10 ist schon mit „X“ und 2 weiteren Terminen belegt",
            ],
        ),
    ] {
        check(|language| conflict_reason(Some("X"), Some("9–10"), count, language), expected);
    }
}

#[test]
fn problems_of_fields() {
    for (field, message, expected) in [
        (
            "title",
            "Use at most 255 characters.",
            ["Title: Use at most 255 characters", "Titel: Höchstens 255 Zeichen"],
        ),
        (
            "endsAt",
            "An appointment can last at most 366 days.",
            [
                "Ends: An appointment can last at most 366 days",
                "Ende: Ein Termin kann höchstens 366 Tage dauern",
            ],
        ),
        ("color", "Enter a color.", ["Enter a color.", "Enter a color."]),
    ] {
        let problem = InputProblem { field: field.to_owned(), message: message.to_owned() };
        check(|language| named_problem_message(&problem, language), expected);
    }
}

#[test]
fn the_badge() {
    let since = "2026-11-23T09:30:05Z".parse().expect("an instant");
    for (connection, pending, expected) in [
        (ConnectionStatus::Live, 0, ["Live", "Live"]),
        (ConnectionStatus::Live, 1, ["Saving…", "Wird gespeichert …"]),
        (
            ConnectionStatus::Polling,
            0,
            ["Updating every few seconds", "Aktualisierung alle paar Sekunden"],
        ),
        (
            ConnectionStatus::Connecting,
            1,
            [
                "Connecting… · 1 change not sent",
                "Verbindung wird hergestellt … · 1 Änderung nicht gesendet",
            ],
        ),
        (
            ConnectionStatus::Offline { since },
            3,
            [
                "Offline since 09:30 · 3 changes not sent",
                "Offline seit 09:30 Uhr · 3 Änderungen nicht gesendet",
            ],
        ),
    ] {
        check(|language| connection_text(connection, pending, "09:30", language), expected);
    }
}

#[test]
fn pending_changes() {
    for (kind, title, when, expected) in [
        (
            MutationKind::Create,
            Some("Dentist"),
            Some("Wed, 09:00"),
            ["Create “Dentist” · Wed, 09:00", "„Dentist“ anlegen · Wed, 09:00"],
        ),
        (MutationKind::Update, Some("Dentist"), None, ["Change “Dentist”", "„Dentist“ ändern"]),
        (MutationKind::Delete, None, None, ["Delete appointment", "Termin löschen"]),
    ] {
        check(|language| pending_change_text(kind, title, when, language), expected);
    }
}

#[test]
fn ranges_and_counts() {
    check(
        |language| loading_text(true, View::Week, language),
        [
            "You’re offline. This week can’t be shown.",
            "Offline. Diese Woche kann nicht angezeigt werden.",
        ],
    );
    check(|language| loading_text(false, View::Day, language), ["Loading…", "Wird geladen …"]);
    check(
        |language| delete_all_label(1, language),
        ["Delete calendar and 1 appointment", "Kalender mit 1 Termin löschen"],
    );
    check(
        |language| delete_all_label(5, language),
        ["Delete calendar and 5 appointments", "Kalender mit 5 Terminen löschen"],
    );
    check(
        |language| more_label(1, "X", language).1,
        ["1 more appointment on X", "1 weiterer Termin am X"],
    );
    check(|language| more_label(3, "X", language).0, ["+3 more", "+3 weitere"]);
}
