//! The input types of appointments. They normalise values exactly as the server does, so that an
//! optimistic update shows what the server will confirm.

use chrono::Timelike;
use serde::{Deserialize, Serialize};

use super::appointment::{Appointment, AppointmentStatus, Attendee};
use super::maybe::{Maybe, as_list};
use super::scalars::{DateTime, Revision, TimeZone};

/// The state that an appointment must be in for a mutation to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Precondition {
    /// The mutation is done whatever the state is.
    #[default]
    None,
    /// The state is the one that the caller sees, or that the caller's previous mutation produces.
    AsSeen,
    /// The state is the one that this revision produced.
    Revision(Revision),
}

/// The input of [`crate::CalendarHandle::create`].
///
/// ```
/// # use appointments_client::NewAppointment;
/// let start = "2026-11-23T09:30:00Z".parse().unwrap();
/// let end = "2026-11-23T10:00:00Z".parse().unwrap();
/// NewAppointment::new("Dentist", start, end).location("Main street 1");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewAppointment {
    pub(crate) title: String,
    pub(crate) starts_at: DateTime,
    pub(crate) ends_at: DateTime,
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) all_day: bool,
    pub(crate) time_zone: TimeZone,
    pub(crate) status: AppointmentStatus,
    pub(crate) attendees: Vec<Attendee>,
}

impl NewAppointment {
    /// Creates the input of a confirmed appointment in UTC, from `starts_at` (inclusive) to
    /// `ends_at` (exclusive). Fractions of seconds are cut off.
    ///
    /// The title must have 1 to 255 characters; the server checks this and all other limits.
    #[must_use]
    pub fn new(title: impl Into<String>, starts_at: DateTime, ends_at: DateTime) -> Self {
        Self {
            title: title.into(),
            starts_at: truncate_to_seconds(starts_at),
            ends_at: truncate_to_seconds(ends_at),
            description: None,
            location: None,
            all_day: false,
            time_zone: TimeZone::new("UTC"),
            status: AppointmentStatus::Confirmed,
            attendees: Vec::new(),
        }
    }

    /// Creates the input of a copy: every field except id, calendar and revision.
    #[must_use]
    pub fn copy_of(other: &Appointment) -> Self {
        Self {
            description: other.description.clone(),
            location: other.location.clone(),
            all_day: other.all_day,
            time_zone: other.time_zone.clone(),
            status: other.status.clone(),
            attendees: other.attendees.clone(),
            ..Self::new(&other.title, other.starts_at, other.ends_at)
        }
    }

    /// Sets start (inclusive) and end (exclusive). Fractions of seconds are cut off.
    #[must_use]
    pub fn time(mut self, starts_at: DateTime, ends_at: DateTime) -> Self {
        self.starts_at = truncate_to_seconds(starts_at);
        self.ends_at = truncate_to_seconds(ends_at);
        self
    }

    /// Sets notes of at most 8,192 characters.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Sets a place of at most 1,024 characters.
    #[must_use]
    pub fn location(mut self, text: impl Into<String>) -> Self {
        self.location = Some(text.into());
        self
    }

    /// Makes the appointment last whole days in its time zone.
    #[must_use]
    pub fn all_day(mut self) -> Self {
        self.all_day = true;
        self
    }

    /// Sets the time zone, by its canonical IANA name.
    #[must_use]
    pub fn time_zone(mut self, zone: impl Into<TimeZone>) -> Self {
        self.time_zone = zone.into();
        self
    }

    /// Sets the status.
    #[must_use]
    pub fn status(mut self, status: AppointmentStatus) -> Self {
        self.status = status;
        self
    }

    /// Sets the attendees. Each email address may occur once.
    #[must_use]
    pub fn attendees(mut self, attendees: impl IntoIterator<Item = Attendee>) -> Self {
        self.attendees = attendees.into_iter().collect();
        self
    }
}

/// The input of [`crate::CalendarHandle::update`]. A field that is not set keeps its value.
///
/// ```
/// # use appointments_client::AppointmentChanges;
/// // Changes the title and removes the location.
/// AppointmentChanges::new().title("Dentist, again").location(None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AppointmentChanges {
    pub(crate) title: Option<String>,
    #[serde(with = "as_list")]
    pub(crate) description: Maybe<String>,
    #[serde(with = "as_list")]
    pub(crate) location: Maybe<String>,
    pub(crate) starts_at: Option<DateTime>,
    pub(crate) ends_at: Option<DateTime>,
    pub(crate) all_day: Option<bool>,
    pub(crate) time_zone: Option<TimeZone>,
    pub(crate) status: Option<AppointmentStatus>,
    pub(crate) attendees: Option<Vec<Attendee>>,
    pub(crate) precondition: Precondition,
}

impl AppointmentChanges {
    /// Creates an input that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the title, of 1 to 255 characters.
    #[must_use]
    pub fn title(mut self, text: impl Into<String>) -> Self {
        self.title = Some(text.into());
        self
    }

    /// Sets the description; `None` removes it.
    #[must_use]
    pub fn description<'t>(mut self, text: impl Into<Option<&'t str>>) -> Self {
        self.description = text.into().map(str::to_owned).into();
        self
    }

    /// Sets the location; `None` removes it.
    #[must_use]
    pub fn location<'t>(mut self, text: impl Into<Option<&'t str>>) -> Self {
        self.location = text.into().map(str::to_owned).into();
        self
    }

    /// Sets start (inclusive) and end (exclusive). Fractions of seconds are cut off.
    #[must_use]
    pub fn time(mut self, starts_at: DateTime, ends_at: DateTime) -> Self {
        self.starts_at = Some(truncate_to_seconds(starts_at));
        self.ends_at = Some(truncate_to_seconds(ends_at));
        self
    }

    /// Sets whether the appointment lasts whole days in its time zone.
    #[must_use]
    pub fn all_day(mut self, is_all_day: bool) -> Self {
        self.all_day = Some(is_all_day);
        self
    }

    /// Sets the time zone, by its canonical IANA name.
    #[must_use]
    pub fn time_zone(mut self, zone: impl Into<TimeZone>) -> Self {
        self.time_zone = Some(zone.into());
        self
    }

    /// Sets the status.
    #[must_use]
    pub fn status(mut self, status: AppointmentStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Replaces all attendees. Each email address may occur once.
    #[must_use]
    pub fn attendees(mut self, attendees: impl IntoIterator<Item = Attendee>) -> Self {
        self.attendees = Some(attendees.into_iter().collect());
        self
    }

    /// Requires that the appointment is as the client shows it now.
    ///
    /// If another client changes it first, the mutation fails with [`crate::Refusal::Conflict`].
    /// Without a precondition fields merge: the last writer of a field wins.
    #[must_use]
    pub fn if_unchanged(mut self) -> Self {
        self.precondition = Precondition::AsSeen;
        self
    }

    /// Requires that the appointment is as this revision left it.
    ///
    /// If another client has changed it since, the mutation fails with
    /// [`crate::Refusal::Conflict`]. An undo uses it, so that it never reverts the change of
    /// another client.
    #[must_use]
    pub fn if_revision(mut self, revision: Revision) -> Self {
        self.precondition = Precondition::Revision(revision);
        self
    }

    /// Returns the changes that undo these: every field that they set gets its value in `before`.
    /// Other fields keep what other clients have written meanwhile.
    ///
    /// ```
    /// # use appointments_client::{Appointment, AppointmentChanges};
    /// fn undo(
    ///     done: &AppointmentChanges,
    ///     before: &Appointment,
    ///     after: &Appointment,
    /// ) -> AppointmentChanges {
    ///     done.reverted(before).if_revision(after.revision)
    /// }
    /// ```
    #[must_use]
    pub fn reverted(&self, before: &Appointment) -> Self {
        let text = |change: &Maybe<String>, before: &Option<String>| {
            if change.is_keep() { Maybe::Keep } else { before.clone().into() }
        };
        Self {
            title: self.title.as_ref().map(|_| before.title.clone()),
            description: text(&self.description, &before.description),
            location: text(&self.location, &before.location),
            starts_at: self.starts_at.map(|_| before.starts_at),
            ends_at: self.ends_at.map(|_| before.ends_at),
            all_day: self.all_day.map(|_| before.all_day),
            time_zone: self.time_zone.as_ref().map(|_| before.time_zone.clone()),
            status: self.status.as_ref().map(|_| before.status.clone()),
            attendees: self.attendees.as_ref().map(|_| before.attendees.clone()),
            precondition: Precondition::None,
        }
    }

    /// Merges `later` changes into these; a field of `later` wins.
    pub(crate) fn merge(self, later: Self) -> Self {
        let text = |earlier: Maybe<String>, later: Maybe<String>| {
            if later.is_keep() { earlier } else { later }
        };
        let precondition = if later.precondition == Precondition::None {
            self.precondition
        } else {
            later.precondition
        };
        Self {
            title: later.title.or(self.title),
            description: text(self.description, later.description),
            location: text(self.location, later.location),
            starts_at: later.starts_at.or(self.starts_at),
            ends_at: later.ends_at.or(self.ends_at),
            all_day: later.all_day.or(self.all_day),
            time_zone: later.time_zone.or(self.time_zone),
            status: later.status.or(self.status),
            attendees: later.attendees.or(self.attendees),
            precondition,
        }
    }
}

/// Cuts off fractions of seconds, which the contract does not have.
fn truncate_to_seconds(at: DateTime) -> DateTime {
    at.with_nanosecond(0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime {
        DateTime::from_timestamp(1_795_392_000 + hour * 3_600, 0).expect("a valid instant")
    }

    fn appointment(title: &str, hour: i64) -> Appointment {
        Appointment {
            id: "1".into(),
            calendar_id: "mine".into(),
            title: title.to_owned(),
            description: Some(title.to_owned()),
            location: None,
            starts_at: at(hour),
            ends_at: at(hour + 1),
            all_day: hour == 0,
            time_zone: TimeZone::new(title),
            status: AppointmentStatus::Confirmed,
            attendees: Vec::new(),
            revision: 1,
        }
    }

    /// Tries every subset of fields: an undo sets the same fields to their old values, no others.
    #[test]
    fn an_undo_reverts_exactly_the_changed_fields() {
        type SetField = fn(AppointmentChanges, &Appointment) -> AppointmentChanges;
        let before = appointment("before", 9);
        let after = appointment("after", 0);
        let setters: [SetField; 7] = [
            |changes, to| changes.title(&to.title),
            |changes, to| changes.description(to.description.as_deref()),
            |changes, to| changes.location(to.location.as_deref()),
            |changes, to| changes.time(to.starts_at, to.ends_at),
            |changes, to| changes.all_day(to.all_day).time_zone(to.time_zone.clone()),
            |changes, to| changes.status(to.status.clone()),
            |changes, to| changes.attendees(to.attendees.clone()),
        ];
        for subset in 0..1_u32 << setters.len() {
            let changes_to = |target: &Appointment| {
                let chosen = (0..).zip(setters).filter(|(bit, _)| subset >> bit & 1 == 1);
                chosen.fold(AppointmentChanges::new(), |changes, (_, set)| set(changes, target))
            };
            assert_eq!(changes_to(&after).reverted(&before), changes_to(&before));
        }
    }
}
