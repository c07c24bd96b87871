//! Requests in flight: until one is answered or given up, it may tell of a past that we know to be over.

use std::collections::BTreeSet;

/// A request's number; later ones are higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RequestId(u64);

/// Which requests are in flight.
#[derive(Debug, Default)]
pub(crate) struct InFlightRequests {
    open: BTreeSet<RequestId>,
    next: u64,
}

impl InFlightRequests {
    pub(crate) fn begin(&mut self) -> RequestId {
        let request = RequestId(self.next);
        self.next += 1;
        self.open.insert(request);
        request
    }

    /// Whether it was in flight.
    pub(crate) fn finish(&mut self, request: RequestId) -> bool {
        self.open.remove(&request)
    }

    pub(crate) fn is_in_flight(&self, request: RequestId) -> bool {
        self.open.contains(&request)
    }

    /// What the next request will be called: everything below was sent before now.
    pub(crate) fn next_id(&self) -> RequestId {
        RequestId(self.next)
    }

    /// Whether every request that was sent before `moment` is over.
    pub(crate) fn all_finished_before(&self, moment: RequestId) -> bool {
        self.open.first().is_none_or(|it| *it >= moment)
    }
}
