//! Requests in flight. Until a request ends, its response may describe a state that is out of date.

use std::collections::BTreeSet;

/// The number of a request. Later requests have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RequestId(u64);

/// The requests that were sent and have not ended.
#[derive(Debug, Default)]
pub(crate) struct InFlightRequests {
    open: BTreeSet<RequestId>,
    next: u64,
}

impl InFlightRequests {
    /// Adds a request.
    pub(crate) fn begin(&mut self) -> RequestId {
        let request = RequestId(self.next);
        self.next += 1;
        self.open.insert(request);
        request
    }

    /// Removes a request. Returns whether it was in flight.
    pub(crate) fn finish(&mut self, request: RequestId) -> bool {
        self.open.remove(&request)
    }

    pub(crate) fn is_in_flight(&self, request: RequestId) -> bool {
        self.open.contains(&request)
    }

    /// Returns the number of the next request. Requests with lower numbers were sent before now.
    pub(crate) fn next_id(&self) -> RequestId {
        RequestId(self.next)
    }

    /// Returns whether all requests with numbers below `request` have ended.
    pub(crate) fn all_finished_before(&self, request: RequestId) -> bool {
        self.open.first().is_none_or(|it| *it >= request)
    }
}
