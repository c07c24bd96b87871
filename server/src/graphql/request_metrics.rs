//! The metric labels of a request: few values, whatever clients send.

use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, Value};

use super::root_fields::RootFields;
use crate::metrics::Metrics;

/// The labels under which one request is counted.
pub(super) struct RequestMetrics {
    operation: &'static str,
    field: String,
}

impl RequestMetrics {
    pub(super) fn new(kind: Option<OperationType>, fields: &RootFields<'_>) -> Self {
        let operation = match kind {
            Some(OperationType::Query) => "query",
            Some(OperationType::Mutation) => "mutation",
            Some(OperationType::Subscription) => "subscription",
            None => "none",
        };
        Self { operation, field: fields.label().to_owned() }
    }

    /// The labels of a request whose document could not be parsed.
    pub(super) fn unparsed() -> Self {
        Self { operation: "none", field: "none".to_owned() }
    }

    /// Returns the name of the request's span, such as `mutation createAppointment`.
    pub(super) fn span_name(&self) -> String {
        let Self { operation, field } = self;
        format!("{operation} {field}").chars().take(64).collect()
    }

    /// Counts the request by its outcome. `duration` is `None` for requests that are not timed.
    pub(super) fn record(
        &self,
        metrics: &Metrics,
        response: &Response,
        duration: Option<Duration>,
    ) {
        let outcome = outcome(response);
        // An invalid request may name any field, so its field must not become a label.
        let is_valid = outcome == "TIMEOUT" || response.errors.iter().all(|it| !it.path.is_empty());
        let field = if is_valid { &self.field } else { "invalid" };
        metrics.count_request(self.operation, field, outcome, duration);
    }
}

/// Returns `ok`, or the code of the first error.
pub(super) fn outcome(response: &Response) -> &str {
    let Some(error) = response.errors.first() else { return "ok" };
    match error.extensions.as_ref().and_then(|it| it.get("code")) {
        Some(Value::String(code)) => code,
        _ => "INTERNAL",
    }
}
