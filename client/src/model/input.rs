//! What programs say: new appointments, and changes of old ones. Normalised here, so that what is predicted is what
//! the server will confirm.

use chrono::Timelike;
use cynic::coercions::CoercesTo;
use cynic::schema::IsScalar;
use serde::{Deserialize, Serialize, Serializer};

use crate::model::appointment::{Appointment, AppointmentStatus, Attendee};
use crate::model::scalars::{DateTime, Revision, TimeZone};
use crate::mutation::Guard;
use crate::wire::operations::AttendeeInput;

/// What becomes of a field that may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Set<T> {
    /// It keeps its value.
    #[default]
    Keep,
    /// It has none any more.
    Clear,
    /// It takes this one.
    To(T),
}

impl<T> Set<T> {
    pub(crate) fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T: Serialize> Serialize for Set<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // (Keep is left out before it comes to this.)
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::To(value) => serializer.serialize_some(value),
        }
    }
}

impl<T: CoercesTo<L>, L> CoercesTo<Option<L>> for Set<T> {}

impl<T: IsScalar<L>, L> IsScalar<L> for Set<T> {
    type SchemaType = T::SchemaType;
}

impl<T> From<Option<T>> for Set<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::To)
    }
}

/// How a [`Set`] is kept between two lives of a program: none, or what it is set to.
mod kept_set {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Set;

    pub(super) fn serialize<S: Serializer>(set: &Set<String>, to: S) -> Result<S::Ok, S::Error> {
        let kept: &[Option<&String>] = match set {
            Set::Keep => &[],
            Set::Clear => &[None],
            Set::To(it) => &[Some(it)],
        };
        kept.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Set<String>, D::Error> {
        let kept = Vec::<Option<String>>::deserialize(from)?;
        Ok(kept.into_iter().next().map_or(Set::Keep, Into::into))
    }
}

/// An appointment that is about to be.
///
/// ```
/// # use appointments_client::NewAppointment;
/// let at = |text: &str| text.parse().unwrap();
/// NewAppointment::new("Dentist", at("2026-11-23T09:30:00Z"), at("2026-11-23T10:00:00Z")).location("Main street 1");
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
    /// An appointment with a title, from one instant to another, which is not in it. Fractions of seconds
    /// are cut off; it is shown in UTC unless it is given a zone.
    #[must_use]
    pub fn new(title: impl Into<String>, starts_at: DateTime, ends_at: DateTime) -> Self {
        Self {
            title: title.into(),
            starts_at: whole(starts_at),
            ends_at: whole(ends_at),
            description: None,
            location: None,
            all_day: false,
            time_zone: TimeZone::new("UTC"),
            status: AppointmentStatus::Confirmed,
            attendees: Vec::new(),
        }
    }

    /// One like another: all but its id.
    #[must_use]
    pub fn like(other: &Appointment) -> Self {
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

    /// At another time.
    #[must_use]
    pub fn time(mut self, starts_at: DateTime, ends_at: DateTime) -> Self {
        (self.starts_at, self.ends_at) = (whole(starts_at), whole(ends_at));
        self
    }

    /// What else is to be said; at most 8,192 characters.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Where it is; at most 1,024 characters.
    #[must_use]
    pub fn location(mut self, text: impl Into<String>) -> Self {
        self.location = Some(text.into());
        self
    }

    /// Whole days in its zone.
    #[must_use]
    pub fn all_day(mut self) -> Self {
        self.all_day = true;
        self
    }

    /// The zone that it is made in, by its canonical name.
    #[must_use]
    pub fn time_zone(mut self, zone: TimeZone) -> Self {
        self.time_zone = zone;
        self
    }

    /// What stands of it.
    #[must_use]
    pub fn status(mut self, status: AppointmentStatus) -> Self {
        self.status = status;
        self
    }

    /// Who comes; each address once.
    #[must_use]
    pub fn attendees(mut self, attendees: impl IntoIterator<Item = Attendee>) -> Self {
        self.attendees = attendees.into_iter().collect();
        self
    }
}

/// Changes of an appointment. What is not said stays as it is.
///
/// ```
/// # use appointments_client::Changes;
/// Changes::new().title("Dentist, again").location(None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    pub(crate) title: Option<String>,
    #[serde(with = "kept_set")]
    pub(crate) description: Set<String>,
    #[serde(with = "kept_set")]
    pub(crate) location: Set<String>,
    pub(crate) starts_at: Option<DateTime>,
    pub(crate) ends_at: Option<DateTime>,
    pub(crate) all_day: Option<bool>,
    pub(crate) time_zone: Option<TimeZone>,
    pub(crate) status: Option<AppointmentStatus>,
    pub(crate) attendees: Option<Vec<Attendee>>,
    pub(crate) guard: Guard,
}

impl Changes {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another title.
    #[must_use]
    pub fn title(mut self, text: impl Into<String>) -> Self {
        self.title = Some(text.into());
        self
    }

    /// Another description, or `None` for none.
    #[must_use]
    pub fn description<'t>(mut self, text: impl Into<Option<&'t str>>) -> Self {
        self.description = text.into().map(str::to_owned).into();
        self
    }

    /// Another location, or `None` for none.
    #[must_use]
    pub fn location<'t>(mut self, text: impl Into<Option<&'t str>>) -> Self {
        self.location = text.into().map(str::to_owned).into();
        self
    }

    /// Another time.
    #[must_use]
    pub fn time(mut self, starts_at: DateTime, ends_at: DateTime) -> Self {
        (self.starts_at, self.ends_at) = (Some(whole(starts_at)), Some(whole(ends_at)));
        self
    }

    /// Whole days, or no longer.
    #[must_use]
    pub fn all_day(mut self, is_all_day: bool) -> Self {
        self.all_day = Some(is_all_day);
        self
    }

    /// Another zone, by its canonical name.
    #[must_use]
    pub fn time_zone(mut self, zone: TimeZone) -> Self {
        self.time_zone = Some(zone);
        self
    }

    /// Another status.
    #[must_use]
    pub fn status(mut self, status: AppointmentStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// All who come; each address once.
    #[must_use]
    pub fn attendees(mut self, attendees: impl IntoIterator<Item = Attendee>) -> Self {
        self.attendees = Some(attendees.into_iter().collect());
        self
    }

    /// Only if the appointment is as it is shown now: if somebody else changes it first, this is refused as
    /// [`crate::Refusal::Conflict`]. Without it fields merge, and the last writer of a field wins.
    #[must_use]
    pub fn if_unchanged(mut self) -> Self {
        self.guard = Guard::Shown;
        self
    }

    /// Only if the appointment is as this revision left it: so what was done is undone, and nothing that somebody else has
    /// done since.
    #[must_use]
    pub fn if_at(mut self, revision: Revision) -> Self {
        self.guard = Guard::At(revision);
        self
    }

    /// What takes these back: the fields that they set, as they were. What somebody else has made of the others stays.
    ///
    /// ```
    /// # use appointments_client::{Appointment, Changes};
    /// # fn undo(done: &Changes, before: &Appointment, after: &Appointment) -> Changes {
    /// done.back(before).if_at(after.revision)
    /// # }
    /// ```
    #[must_use]
    pub fn back(&self, was: &Appointment) -> Self {
        let text = |set: &Set<String>, was: &Option<String>| {
            if set.is_keep() { Set::Keep } else { was.clone().into() }
        };
        Self {
            title: self.title.as_ref().map(|_| was.title.clone()),
            description: text(&self.description, &was.description),
            location: text(&self.location, &was.location),
            starts_at: self.starts_at.map(|_| was.starts_at),
            ends_at: self.ends_at.map(|_| was.ends_at),
            all_day: self.all_day.map(|_| was.all_day),
            time_zone: self.time_zone.as_ref().map(|_| was.time_zone.clone()),
            status: self.status.as_ref().map(|_| was.status.clone()),
            attendees: self.attendees.as_ref().map(|_| was.attendees.clone()),
            guard: Guard::None,
        }
    }

    /// These and then `later`, as one.
    pub(crate) fn and(self, later: Self) -> Self {
        let set = |one: Set<String>, other: Set<String>| if other.is_keep() { one } else { other };
        Self {
            title: later.title.or(self.title),
            description: set(self.description, later.description),
            location: set(self.location, later.location),
            starts_at: later.starts_at.or(self.starts_at),
            ends_at: later.ends_at.or(self.ends_at),
            all_day: later.all_day.or(self.all_day),
            time_zone: later.time_zone.or(self.time_zone),
            status: later.status.or(self.status),
            attendees: later.attendees.or(self.attendees),
            guard: if later.guard == Guard::None { self.guard } else { later.guard },
        }
    }
}

impl From<&Attendee> for AttendeeInput {
    fn from(attendee: &Attendee) -> Self {
        let Attendee { email, name, response } = attendee.clone();
        Self { email, name, response }
    }
}

/// The contract has whole seconds.
fn whole(at: DateTime) -> DateTime {
    at.with_nanosecond(0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime {
        DateTime::from_timestamp(1_795_392_000 + hour * 3_600, 0).expect("an instant")
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

    /// Whatever of it is changed: what takes the changes back sets the same fields as they were, and nothing else.
    #[test]
    fn no_more_is_taken_back_than_was_changed() {
        let (before, after) = (appointment("before", 9), appointment("after", 0));
        let set: [fn(Changes, &Appointment) -> Changes; 7] = [
            |it, to| it.title(&to.title),
            |it, to| it.description(to.description.as_deref()),
            |it, to| it.location(to.location.as_deref()),
            |it, to| it.time(to.starts_at, to.ends_at),
            |it, to| it.all_day(to.all_day).time_zone(to.time_zone.clone()),
            |it, to| it.status(to.status.clone()),
            |it, to| it.attendees(to.attendees.clone()),
        ];
        for some in 0..1_u32 << set.len() {
            let chosen = || (0..).zip(set).filter(|(at, _)| some >> at & 1 == 1);
            let to = |it: &Appointment| chosen().fold(Changes::new(), |all, (_, set)| set(all, it));
            assert_eq!(to(&after).back(&before), to(&before));
        }
    }
}
