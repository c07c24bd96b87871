//! The three mutations of calendars.

use serde::Serialize;

use super::super::{
    CalendarContent, CalendarEdits, CalendarId, Color, MutationId, OverlapPolicy, Problem,
    Problems, Revision, Zone, text,
};
use super::Maybe;

/// `createCalendar` as it was sent.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the one of schema.graphql")]
pub struct CreateCalendarInput {
    pub id: Option<String>,
    pub name: String,
    pub color: Option<String>,
    pub time_zone: String,
    pub overlaps: OverlapPolicy,
}

/// `updateCalendar` as it was sent.
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

/// `deleteCalendar` as it was sent.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the one of schema.graphql")]
pub struct DeleteCalendarInput {
    pub id: String,
    pub with_appointments: bool,
}

/// A checked `createCalendar`.
#[derive(Clone, Debug, Serialize)]
pub struct CreateCalendar {
    /// Chosen by the server when absent.
    pub id: Option<CalendarId>,
    /// What it will hold.
    pub content: CalendarContent,
}

/// A checked `updateCalendar`.
#[derive(Clone, Debug, Serialize)]
pub struct UpdateCalendar {
    /// Which.
    pub id: CalendarId,
    /// The fields that change.
    pub edits: CalendarEdits,
    /// What the caller saw.
    pub expected_revision: Option<Revision>,
    /// The client's name for this attempt.
    #[serde(skip)]
    pub mutation_id: Option<MutationId>,
}

/// A checked `deleteCalendar`.
#[derive(Clone, Debug, Serialize)]
pub struct DeleteCalendar {
    /// Which.
    pub id: CalendarId,
    /// Whether its appointments go with it.
    pub with_appointments: bool,
}

impl CreateCalendarInput {
    /// Checks every field.
    pub fn check(self) -> Result<CreateCalendar, Vec<Problem>> {
        let mut wrong = Problems::default();
        let id = wrong.take_some("id", self.id.as_deref().map(CalendarId::parse));
        let name = wrong.take("name", text::title(self.name));
        let color = wrong.take_some("color", self.color.as_deref().map(Color::parse));
        let time_zone = wrong.take("timeZone", Zone::parse(&self.time_zone));
        wrong.none()?;
        let (Some(name), Some(time_zone)) = (name, time_zone) else {
            return Err(Vec::new()); // not reached: what is missing was noted above
        };
        let content = CalendarContent { name, color, time_zone, overlaps: self.overlaps };
        Ok(CreateCalendar { id, content })
    }
}

impl UpdateCalendarInput {
    /// Checks every field.
    pub fn check(self) -> Result<UpdateCalendar, Vec<Problem>> {
        let mut wrong = Problems::default();
        let w = &mut wrong;
        let id = w.take("id", CalendarId::parse(&self.id));
        let edits = CalendarEdits {
            name: self.name.read_required("name", w, text::title),
            color: self.color.read("color", w, |it| Color::parse(&it)),
            time_zone: self.time_zone.read_required("timeZone", w, |it| Zone::parse(&it)),
            overlaps: self.overlaps.read_required("overlaps", w, Ok),
        };
        let mutation_id =
            w.take_some("mutationId", self.mutation_id.as_deref().map(MutationId::parse));
        wrong.none()?;
        let id = id.ok_or_else(Vec::new)?;
        Ok(UpdateCalendar { id, edits, expected_revision: self.expected_revision, mutation_id })
    }
}

impl DeleteCalendarInput {
    /// Checks every field.
    pub fn check(self) -> Result<DeleteCalendar, Vec<Problem>> {
        let id = CalendarId::parse(&self.id)
            .map_err(|message| vec![Problem { field: "id".into(), message }])?;
        Ok(DeleteCalendar { id, with_appointments: self.with_appointments })
    }
}
