//! [`Calendar`], and the input types that create and change one.

use serde::Serialize;

use super::id::CalendarId;
use super::scalars::{Revision, TimeZone};
use crate::schema;

/// A calendar as the server has it. Get a [`crate::CalendarHandle`] to work with its appointments.
#[derive(cynic::QueryFragment, Serialize, Clone, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments")]
#[serde(rename_all = "camelCase")]
pub struct Calendar {
    /// The id; it never changes.
    pub id: CalendarId,
    /// The display name.
    pub name: String,
    /// The color as `#rrggbb`.
    pub color: String,
    /// The time zone of appointments that name none.
    pub time_zone: TimeZone,
    /// Whether appointments may overlap.
    pub overlaps: OverlapPolicy,
    /// Whether the server uses this calendar when a request names none.
    pub is_default: bool,
    /// The revision of the last change of the calendar itself.
    pub revision: Revision,
}

/// Whether appointments of a calendar may overlap. Cancelled appointments never count.
#[derive(cynic::Enum, Clone, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments")]
#[non_exhaustive]
pub enum OverlapPolicy {
    /// Appointments may overlap.
    Allow,
    /// The server refuses an appointment that overlaps an existing one.
    Reject,
    /// A policy that this version of the SDK does not know.
    #[cynic(fallback)]
    Other(String),
}

/// The input of [`crate::Client::create_calendar`].
///
/// ```
/// # use appointments_client::{NewCalendar, OverlapPolicy};
/// NewCalendar::new("Clinic")
///     .color("#aa3300")
///     .time_zone("Europe/Vienna")
///     .overlaps(OverlapPolicy::Reject);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCalendar {
    pub(crate) name: String,
    pub(crate) color: Option<String>,
    pub(crate) time_zone: TimeZone,
    pub(crate) overlaps: OverlapPolicy,
}

impl NewCalendar {
    /// Creates the input with a name. The time zone is UTC and appointments may overlap, unless
    /// you set something else; the server chooses a color.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            color: None,
            time_zone: TimeZone::new("UTC"),
            overlaps: OverlapPolicy::Allow,
        }
    }

    /// Sets the color, as `#rrggbb`.
    #[must_use]
    pub fn color(mut self, color: impl Into<String>) -> Self {
        self.color = Some(color.into());
        self
    }

    /// Sets the time zone of appointments that name none.
    #[must_use]
    pub fn time_zone(mut self, zone: impl Into<TimeZone>) -> Self {
        self.time_zone = zone.into();
        self
    }

    /// Sets whether appointments may overlap.
    #[must_use]
    pub fn overlaps(mut self, policy: OverlapPolicy) -> Self {
        self.overlaps = policy;
        self
    }
}

/// The input of [`crate::Client::update_calendar`]. A field that is not set keeps its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalendarChanges {
    pub(crate) name: Option<String>,
    pub(crate) color: Option<String>,
    pub(crate) time_zone: Option<TimeZone>,
    pub(crate) overlaps: Option<OverlapPolicy>,
}

impl CalendarChanges {
    /// Creates an input that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the display name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the color, as `#rrggbb`.
    #[must_use]
    pub fn color(mut self, color: impl Into<String>) -> Self {
        self.color = Some(color.into());
        self
    }

    /// Sets the time zone of appointments that name none. Existing appointments keep theirs.
    #[must_use]
    pub fn time_zone(mut self, zone: impl Into<TimeZone>) -> Self {
        self.time_zone = Some(zone.into());
        self
    }

    /// Sets whether appointments may overlap. The server refuses [`OverlapPolicy::Reject`] while
    /// some do.
    #[must_use]
    pub fn overlaps(mut self, policy: OverlapPolicy) -> Self {
        self.overlaps = Some(policy);
        self
    }
}
