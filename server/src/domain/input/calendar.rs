//! The inputs of the three calendar mutations.

use serde::Serialize;

use super::super::{
    CalendarContent, CalendarEdits, CalendarId, Color, MutationId, OverlapPolicy, Problem,
    Problems, Revision, Zone, text,
};
use super::Maybe;

/// The input of `createCalendar` as the client sent it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the one of schema.graphql")]
pub struct CreateCalendarInput {
    pub id: Option<String>,
    pub name: String,
    pub color: Option<String>,
    pub time_zone: String,
    pub overlaps: OverlapPolicy,
}

/// The input of `updateCalendar` as the client sent it.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "each field is the one of schema.graphql")]
pub struct UpdateCalendarInput {
    pub id: String,
    pub name: Maybe<String>,
    pub color: Maybe<String>,
    pub time_zone: Maybe<String>,
    pub overlaps: Maybe<OverlapPolicy>,
    pub expected_revision: Option<Revision>,
    pub mutation_id: Option<String>,
}

/// The input of `deleteCalendar` as the client sent it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the one of schema.graphql")]
pub struct DeleteCalendarInput {
    pub id: String,
    pub with_appointments: bool,
}

/// The checked input of `createCalendar`.
#[derive(Clone, Debug, Serialize)]
pub struct CreateCalendar {
    /// The new calendar's id. `None` lets the server choose one.
    pub id: Option<CalendarId>,
    /// The new calendar's content.
    pub content: CalendarContent,
}

/// The checked input of `updateCalendar`.
#[derive(Clone, Debug, Serialize)]
pub struct UpdateCalendar {
    /// The calendar to change.
    pub id: CalendarId,
    /// The fields that change.
    pub edits: CalendarEdits,
    /// The revision that the calendar must have. `None` accepts any.
    pub expected_revision: Option<Revision>,
    /// The client's id for this mutation, for retries.
    #[serde(skip)]
    pub mutation_id: Option<MutationId>,
}

/// The checked input of `deleteCalendar`.
#[derive(Clone, Debug, Serialize)]
pub struct DeleteCalendar {
    /// The calendar to delete.
    pub id: CalendarId,
    /// Whether its appointments are deleted too. Otherwise the calendar must be empty.
    pub with_appointments: bool,
}

impl CreateCalendarInput {
    /// Checks every field.
    pub fn check(self) -> Result<CreateCalendar, Vec<Problem>> {
        let mut problems = Problems::default();
        let id = problems.check_optional("id", self.id.as_deref().map(CalendarId::parse));
        let name = problems.check("name", text::check_name(self.name));
        let color = problems.check_optional("color", self.color.as_deref().map(Color::parse));
        let time_zone = problems.check("timeZone", Zone::parse(&self.time_zone));
        let overlaps = self.overlaps;
        let content = name.zip(time_zone).map(|(name, time_zone)| CalendarContent {
            name,
            color,
            time_zone,
            overlaps,
        });
        problems.into_result(content.map(|content| CreateCalendar { id, content }))
    }
}

impl UpdateCalendarInput {
    /// Checks every field.
    pub fn check(self) -> Result<UpdateCalendar, Vec<Problem>> {
        let mut problems = Problems::default();
        let id = problems.check("id", CalendarId::parse(&self.id));
        let zone = |text: String| Zone::parse(&text);
        let color = |text: String| Color::parse(&text);
        let edits = CalendarEdits {
            name: self.name.check_required("name", &mut problems, text::check_name),
            color: self.color.check("color", &mut problems, color),
            time_zone: self.time_zone.check_required("timeZone", &mut problems, zone),
            overlaps: self.overlaps.check_required("overlaps", &mut problems, Ok),
        };
        let mutation_id = problems
            .check_optional("mutationId", self.mutation_id.as_deref().map(MutationId::parse));
        let expected_revision = self.expected_revision;
        problems.into_result(id.map(|id| UpdateCalendar {
            id,
            edits,
            expected_revision,
            mutation_id,
        }))
    }
}

impl DeleteCalendarInput {
    /// Checks every field.
    pub fn check(self) -> Result<DeleteCalendar, Vec<Problem>> {
        let mut problems = Problems::default();
        let id = problems.check("id", CalendarId::parse(&self.id));
        let with_appointments = self.with_appointments;
        problems.into_result(id.map(|id| DeleteCalendar { id, with_appointments }))
    }
}
