//! The cache policy of the contract: keys, revisions, and how ranges are listed.

use cynic_cache::{Collection, ListField, Policy};

/// The cache policy of the appointments contract.
pub(crate) struct Contract;

/// The GraphQL type of appointments, which are the members of a calendar.
pub(crate) const APPOINTMENT: &str = "Appointment";

impl Policy for Contract {
    fn schema(&self) -> &str {
        include_str!("../../schema.graphql")
    }

    fn key(&self, type_name: &str) -> Option<&str> {
        // The `id` of a `NotFound` error is that of the missing object; the error is not an entity.
        (type_name != "NotFound").then_some("id")
    }

    fn revision(&self, type_name: &str) -> Option<&str> {
        matches!(type_name, APPOINTMENT | "Calendar").then_some("revision")
    }

    fn is_server_made(&self, type_name: &str, field: &str) -> bool {
        type_name == APPOINTMENT && matches!(field, "createdAt" | "updatedAt")
    }

    fn collections(&self) -> Vec<Collection> {
        let in_range = |parent| {
            ListField::new(parent, "appointmentsInRange").range("range.start", "range.end")
        };
        let appointments = Collection::of(APPOINTMENT)
            .scope("calendarId")
            .interval("startsAt", "endsAt")
            .listed_by(in_range("Query").scope("calendarId"))
            .listed_by(in_range("Calendar"))
            .items_in("appointments")
            .revision_in("revision");
        vec![appointments]
    }
}
