//! The enums of the contract.

use async_graphql::Enum;

use crate::domain;

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::AppointmentStatus")]
pub(super) enum AppointmentStatus {
    Tentative,
    Confirmed,
    Completed,
    NoShow,
    /// Called off: still listed, and its time is free again.
    Cancelled,
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::AttendeeResponse")]
pub(super) enum AttendeeResponse {
    NeedsAction,
    Accepted,
    Declined,
    Tentative,
}

/// Whether appointments of a calendar may overlap. Cancelled ones never count.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::OverlapPolicy")]
pub(super) enum OverlapPolicy {
    Allow,
    /// A second appointment in a taken slot is refused with TimeSlotTaken, also under concurrent requests.
    Reject,
}
