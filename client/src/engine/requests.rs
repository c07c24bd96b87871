//! The requests in flight: what each part of the engine must know when the response arrives.

use cynic_cache::{InFlight, Prepared};
use futures_channel::oneshot;

use super::WatchId;
use crate::model::error::TransportError;
use crate::model::id::MutationId;
use crate::model::scalars::Revision;
use crate::wire::operations::{RangeQuery, TimeRange};

/// The purpose of a request. It decides which part handles the response.
pub(super) enum Purpose {
    Range(RangeRequest),
    SingleWatch(SingleRequest),
    /// A poll of the calendar with this id.
    Poll(String),
    /// An attempt to send the mutation with this id.
    Mutation(MutationId),
    /// An operation of the application, which gets the response unread.
    Passthrough(ResponseSender),
}

/// A request for a range that is in flight.
pub(super) struct RangeRequest {
    pub(super) calendar: String,
    pub(super) range: TimeRange,
    pub(super) query: Prepared<RangeQuery>,
    pub(super) in_flight: InFlight,
}

/// A request for an appointment that is in flight.
pub(super) struct SingleRequest {
    pub(super) watch: WatchId,
    pub(super) in_flight: InFlight,
    /// The position of the calendar when the request was sent, if the calendar was known.
    pub(super) position: Option<Revision>,
}

/// Sends the response of a request to the application.
pub(super) type ResponseSender = oneshot::Sender<Result<Vec<u8>, TransportError>>;
