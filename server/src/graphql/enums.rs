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
    /// The appointment does not take place. It is still listed, but its time slot is free.
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

/// Whether appointments of a calendar may overlap. Cancelled appointments never count.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::OverlapPolicy")]
pub(super) enum OverlapPolicy {
    Allow,
    /// An appointment in a taken time slot is rejected with TimeSlotTaken, also when requests are
    /// concurrent.
    Reject,
}
