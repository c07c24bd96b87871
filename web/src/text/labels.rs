//! Labels of buttons, fields and regions, in each language. Whole messages are in `messages`.

use crate::state::route::View;

/// The labels of one language.
#[derive(Debug)]
pub(crate) struct Labels {
    pub(crate) calendar: &'static str,
    pub(crate) calendars: &'static str,
    pub(crate) new_appointment: &'static str,
    pub(crate) edit_appointment: &'static str,
    pub(crate) date: &'static str,
    pub(crate) today: &'static str,
    /// The button that goes back in time, by view.
    previous: [&'static str; 4],
    /// The button that goes forward in time, by view.
    next: [&'static str; 4],
    pub(crate) go_to_date: &'static str,
    pub(crate) zone: &'static str,
    pub(crate) view: &'static str,
    views: [&'static str; 4],
    pub(crate) day_grid: &'static str,
    pub(crate) week_grid: &'static str,
    pub(crate) all_day: &'static str,
    /// The time of an appointment on a day that it neither starts nor ends on.
    pub(crate) continues: &'static str,
    /// The button of a refusal that opens the dialog again.
    pub(crate) edit: &'static str,
    pub(crate) title: &'static str,
    pub(crate) starts: &'static str,
    pub(crate) ends: &'static str,
    pub(crate) location: &'static str,
    pub(crate) description: &'static str,
    pub(crate) mark_as_cancelled: &'static str,
    pub(crate) delete: &'static str,
    /// The button that closes a dialog without saving.
    pub(crate) cancel: &'static str,
    /// The button that closes a notification.
    pub(crate) close: &'static str,
    pub(crate) save: &'static str,
    pub(crate) undo: &'static str,
    pub(crate) notifications: &'static str,
    pub(crate) move_or_resize: &'static str,
    /// A day or a step earlier, a step or a day later, shorter, longer.
    pub(crate) nudges: [&'static str; 6],
    /// Shorter and longer, for an all-day appointment.
    pub(crate) all_day_resizes: [&'static str; 2],
    pub(crate) resize: &'static str,
    pub(crate) pending_changes: &'static str,
    pub(crate) send_all: &'static str,
    pub(crate) discard: &'static str,
    pub(crate) new_calendar: &'static str,
    pub(crate) edit_calendar: &'static str,
    pub(crate) name: &'static str,
    pub(crate) color: &'static str,
    pub(crate) allow_overlaps: &'static str,
    pub(crate) allow_overlaps_hint: &'static str,
}

impl Labels {
    /// Returns the name of a view.
    pub(crate) fn of_view(&self, view: View) -> &'static str {
        by_view(self.views, view)
    }

    /// Returns the label of the button that goes back, such as `Previous week`.
    pub(crate) fn previous(&self, view: View) -> &'static str {
        by_view(self.previous, view)
    }

    /// Returns the label of the button that goes forward, such as `Next week`.
    pub(crate) fn next(&self, view: View) -> &'static str {
        by_view(self.next, view)
    }
}

fn by_view([day, week, month, agenda]: [&'static str; 4], view: View) -> &'static str {
    match view {
        View::Day => day,
        View::Week => week,
        View::Month => month,
        View::Agenda => agenda,
    }
}

pub(crate) static ENGLISH: Labels = BRITISH;

/// English as it is spelled in the United States.
pub(crate) static AMERICAN: Labels = Labels { color: "Color", ..BRITISH };

const BRITISH: Labels = Labels {
    calendar: "Calendar",
    calendars: "Calendars",
    new_appointment: "New appointment",
    edit_appointment: "Edit appointment",
    date: "Date",
    today: "Today",
    previous: ["Previous day", "Previous week", "Previous month", "Previous month"],
    next: ["Next day", "Next week", "Next month", "Next month"],
    go_to_date: "Go to date",
    zone: "Time zone",
    view: "View",
    views: ["Day", "Week", "Month", "Agenda"],
    day_grid: "Day grid",
    week_grid: "Week grid",
    all_day: "All day",
    continues: "continues",
    edit: "Edit",
    title: "Title",
    starts: "Starts",
    ends: "Ends",
    location: "Location",
    description: "Description",
    mark_as_cancelled: "Mark as cancelled",
    delete: "Delete",
    cancel: "Cancel",
    close: "Close",
    save: "Save",
    undo: "Undo",
    notifications: "Notifications",
    move_or_resize: "Move or resize",
    nudges: ["−1 day", "−15 min", "+15 min", "+1 day", "15 min shorter", "15 min longer"],
    all_day_resizes: ["1 day shorter", "1 day longer"],
    resize: "Drag to change the end",
    pending_changes: "Changes not sent yet",
    send_all: "Send all now",
    discard: "Discard",
    new_calendar: "New calendar",
    edit_calendar: "Edit calendar",
    name: "Name",
    color: "Colour",
    allow_overlaps: "Allow overlapping appointments",
    allow_overlaps_hint: "Off: each time can be booked once",
};

pub(crate) static GERMAN: Labels = Labels {
    calendar: "Kalender",
    calendars: "Kalender",
    new_appointment: "Neuer Termin",
    edit_appointment: "Termin bearbeiten",
    date: "Datum",
    today: "Heute",
    previous: ["Vorheriger Tag", "Vorherige Woche", "Vorheriger Monat", "Vorheriger Monat"],
    next: ["Nächster Tag", "Nächste Woche", "Nächster Monat", "Nächster Monat"],
    go_to_date: "Datum wählen",
    zone: "Zeitzone",
    view: "Ansicht",
    views: ["Tag", "Woche", "Monat", "Liste"],
    day_grid: "Tagesraster",
    week_grid: "Wochenraster",
    all_day: "Ganztägig",
    continues: "geht weiter",
    edit: "Bearbeiten",
    title: "Titel",
    starts: "Beginn",
    ends: "Ende",
    location: "Ort",
    description: "Beschreibung",
    mark_as_cancelled: "Termin absagen",
    delete: "Löschen",
    cancel: "Abbrechen",
    close: "Schließen",
    save: "Speichern",
    undo: "Rückgängig",
    notifications: "Meldungen",
    move_or_resize: "Verschieben oder Dauer ändern",
    nudges: ["−1 Tag", "−15 Min.", "+15 Min.", "+1 Tag", "15 Min. kürzer", "15 Min. länger"],
    all_day_resizes: ["1 Tag kürzer", "1 Tag länger"],
    resize: "Ziehen, um das Ende zu ändern",
    pending_changes: "Noch nicht gesendet",
    send_all: "Jetzt senden",
    discard: "Verwerfen",
    new_calendar: "Neuer Kalender",
    edit_calendar: "Kalender bearbeiten",
    name: "Name",
    color: "Farbe",
    allow_overlaps: "Überschneidungen zulassen",
    allow_overlaps_hint: "Aus: Jede Zeit kann nur einmal gebucht werden",
};
