//! What a request is called where it is counted, and what came of it: few names, whatever clients send.

use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, Value};

use super::root_fields::Roots;
use crate::metrics::Metrics;

/// A request that is to be counted.
pub(super) struct Counted {
    operation: &'static str,
    field: String,
}

impl Counted {
    pub(super) fn of(kind: Option<OperationType>, roots: &Roots<'_>) -> Self {
        let operation = match kind {
            Some(OperationType::Query) => "query",
            Some(OperationType::Mutation) => "mutation",
            Some(OperationType::Subscription) => "subscription",
            None => "none",
        };
        Self { operation, field: roots.name().to_owned() }
    }

    /// What could not even be read.
    pub(super) fn unread() -> Self {
        Self { operation: "none", field: "none".to_owned() }
    }

    /// `mutation createAppointment`, for whoever follows it.
    pub(super) fn name(&self) -> String {
        let Self { operation, field } = self;
        format!("{operation} {field}").chars().take(64).collect()
    }

    /// Enters what came of it.
    pub(super) fn enter(&self, metrics: &Metrics, response: &Response, took: Option<Duration>) {
        let outcome = outcome(response);
        // What was not executed may name any field.
        let is_valid = outcome == "TIMEOUT" || response.errors.iter().all(|it| !it.path.is_empty());
        let field = if is_valid { &self.field } else { "invalid" };
        metrics.asked(self.operation, field, outcome, took);
    }
}

/// `ok`, or the code of the first error.
pub(super) fn outcome(response: &Response) -> &str {
    let Some(error) = response.errors.first() else { return "ok" };
    match error.extensions.as_ref().and_then(|it| it.get("code")) {
        Some(Value::String(code)) => code,
        _ => "INTERNAL",
    }
}
