//! Input objects. They hold text and numbers, which `domain` checks.

use async_graphql::{ID, InputObject, MaybeUndefined};

use super::enums::{AppointmentStatus, AttendeeResponse, OverlapPolicy};
use super::scalar::{DateTime, Revision, TimeZone};
use crate::domain::{self, Interval, Maybe, RangeError};

#[derive(InputObject)]
pub(super) struct TimeRange {
    start: DateTime,
    /// Exclusive. Must be later than `start`.
    end: DateTime,
}

impl TimeRange {
    pub(super) fn parse(&self) -> Result<Interval, RangeError> {
        Interval::parse(&self.start.0, &self.end.0)
    }
}

#[derive(InputObject)]
pub(super) struct CreateAppointmentInput {
    /// A UUID chosen by the client, preferably of version 7. If omitted, the server chooses one.
    id: Option<ID>,
    /// If omitted, the caller's default calendar.
    calendar_id: Option<ID>,
    /// 1 to 255 characters, not blank.
    title: String,
    /// At most 8,192 characters.
    description: Option<String>,
    /// At most 1,024 characters.
    location: Option<String>,
    /// In the years 1900 to 2199.
    starts_at: DateTime,
    /// Later than `startsAt`, by at most 366 days.
    ends_at: DateTime,
    #[graphql(default = false)]
    all_day: bool,
    /// If omitted, the calendar's time zone.
    time_zone: Option<TimeZone>,
    #[graphql(default_with = "AppointmentStatus::Confirmed")]
    status: AppointmentStatus,
    /// At most 200, each email address only once.
    #[graphql(default)]
    attendees: Vec<AttendeeInput>,
    /// A UUID that makes retries safe. For 90 days, a mutation with the same mutationId changes
    /// nothing and returns the result of the first one, success or error. The same mutationId with
    /// different content is InvalidInput.
    mutation_id: Option<ID>,
}

impl From<CreateAppointmentInput> for domain::CreateAppointmentInput {
    fn from(it: CreateAppointmentInput) -> Self {
        Self {
            id: text(it.id),
            calendar_id: text(it.calendar_id),
            title: it.title,
            description: it.description,
            location: it.location,
            starts_at: it.starts_at.0,
            ends_at: it.ends_at.0,
            all_day: it.all_day,
            time_zone: it.time_zone.map(|it| it.0),
            status: it.status.into(),
            attendees: it.attendees.into_iter().map(Into::into).collect(),
            mutation_id: text(it.mutation_id),
        }
    }
}

#[derive(InputObject)]
pub(super) struct AttendeeInput {
    email: String,
    name: Option<String>,
    #[graphql(default_with = "AttendeeResponse::NeedsAction")]
    response: AttendeeResponse,
}

impl From<AttendeeInput> for domain::AttendeeInput {
    fn from(it: AttendeeInput) -> Self {
        Self { email: it.email, name: it.name, response: it.response.into() }
    }
}

/// An omitted field keeps its value, and null clears it if it can be null. `attendees` replaces the
/// whole list.
#[derive(InputObject)]
pub(super) struct UpdateAppointmentInput {
    id: ID,
    title: MaybeUndefined<String>,
    description: MaybeUndefined<String>,
    location: MaybeUndefined<String>,
    starts_at: MaybeUndefined<DateTime>,
    ends_at: MaybeUndefined<DateTime>,
    all_day: MaybeUndefined<bool>,
    time_zone: MaybeUndefined<TimeZone>,
    status: MaybeUndefined<AppointmentStatus>,
    attendees: MaybeUndefined<Vec<AttendeeInput>>,
    /// If given and the appointment has another revision, nothing changes and the error is
    /// RevisionConflict.
    expected_revision: Option<Revision>,
    mutation_id: Option<ID>,
}

impl From<UpdateAppointmentInput> for domain::UpdateAppointmentInput {
    fn from(it: UpdateAppointmentInput) -> Self {
        Self {
            id: it.id.0,
            title: maybe(it.title, |it| it),
            description: maybe(it.description, |it| it),
            location: maybe(it.location, |it| it),
            starts_at: maybe(it.starts_at, |it| it.0),
            ends_at: maybe(it.ends_at, |it| it.0),
            all_day: maybe(it.all_day, |it| it),
            time_zone: maybe(it.time_zone, |it| it.0),
            status: maybe(it.status, Into::into),
            attendees: maybe(it.attendees, |it| it.into_iter().map(Into::into).collect()),
            expected_revision: it.expected_revision.map(|it| it.0),
            mutation_id: text(it.mutation_id),
        }
    }
}

#[derive(InputObject)]
pub(super) struct DeleteAppointmentInput {
    id: ID,
    expected_revision: Option<Revision>,
    mutation_id: Option<ID>,
}

impl From<DeleteAppointmentInput> for domain::DeleteAppointmentInput {
    fn from(it: DeleteAppointmentInput) -> Self {
        Self {
            id: it.id.0,
            expected_revision: it.expected_revision.map(|it| it.0),
            mutation_id: text(it.mutation_id),
        }
    }
}

#[derive(InputObject)]
pub(super) struct CreateCalendarInput {
    /// A UUID chosen by the client. It also makes retries safe.
    id: Option<ID>,
    name: String,
    color: Option<String>,
    #[graphql(default_with = "TimeZone::from(domain::Zone::UTC)")]
    time_zone: TimeZone,
    #[graphql(default_with = "OverlapPolicy::Allow")]
    overlaps: OverlapPolicy,
}

impl From<CreateCalendarInput> for domain::CreateCalendarInput {
    fn from(it: CreateCalendarInput) -> Self {
        Self {
            id: text(it.id),
            name: it.name,
            color: it.color,
            time_zone: it.time_zone.0,
            overlaps: it.overlaps.into(),
        }
    }
}

#[derive(InputObject)]
pub(super) struct UpdateCalendarInput {
    id: ID,
    name: MaybeUndefined<String>,
    color: MaybeUndefined<String>,
    time_zone: MaybeUndefined<TimeZone>,
    /// Setting REJECT fails with TimeSlotTaken while appointments overlap.
    overlaps: MaybeUndefined<OverlapPolicy>,
    expected_revision: Option<Revision>,
    mutation_id: Option<ID>,
}

impl From<UpdateCalendarInput> for domain::UpdateCalendarInput {
    fn from(it: UpdateCalendarInput) -> Self {
        Self {
            id: it.id.0,
            name: maybe(it.name, |it| it),
            color: maybe(it.color, |it| it),
            time_zone: maybe(it.time_zone, |it| it.0),
            overlaps: maybe(it.overlaps, Into::into),
            expected_revision: it.expected_revision.map(|it| it.0),
            mutation_id: text(it.mutation_id),
        }
    }
}

#[derive(InputObject)]
pub(super) struct DeleteCalendarInput {
    id: ID,
    /// Required to delete a calendar that has appointments. Otherwise the error is
    /// CalendarNotEmpty.
    #[graphql(default = false)]
    with_appointments: bool,
}

impl From<DeleteCalendarInput> for domain::DeleteCalendarInput {
    fn from(it: DeleteCalendarInput) -> Self {
        Self { id: it.id.0, with_appointments: it.with_appointments }
    }
}

fn text(id: Option<ID>) -> Option<String> {
    id.map(|it| it.0)
}

fn maybe<T, U>(value: MaybeUndefined<T>, convert: impl FnOnce(T) -> U) -> Maybe<U> {
    match value {
        MaybeUndefined::Undefined => Maybe::Keep,
        MaybeUndefined::Null => Maybe::Clear,
        MaybeUndefined::Value(value) => Maybe::Set(convert(value)),
    }
}
