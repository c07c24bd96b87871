//! Implements the contract of schema.graphql. Only this module and [`http`] use async-graphql.
//!
//! Resolvers only translate between the contract and the domain. Input stays text until `domain`
//! parses it, so that a mutation reports all invalid fields at once (S15).
//!
//! [`http`]: crate::http

mod appointment;
mod budget;
mod calendar;
mod change;
mod document_size;
mod documents;
mod enums;
mod error;
mod executor;
mod input;
mod loader;
mod mutation;
mod query;
mod refusal;
mod request_metrics;
mod root_fields;
mod scalar;
mod subscription;
mod variables;

use std::time::Duration;

use async_graphql::dataloader::DataLoader;
use async_graphql::{SDLExportOptions, Schema};

use crate::commands::Commands;
use crate::feed::Feed;
use crate::metrics::Metrics;
use crate::queries::Queries;

pub(crate) use error::INTERNAL_ERROR;
pub use executor::{GraphQl, Prepared};

type AppointmentsSchema =
    Schema<query::QueryRoot, mutation::MutationRoot, subscription::SubscriptionRoot>;

/// The limits of one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The maximum depth of nested fields.
    pub depth: usize,
    /// The maximum number of fields.
    pub complexity: usize,
    /// The maximum number of aliases.
    pub aliases: usize,
    /// The longest time that execution may take.
    pub timeout: Duration,
}

/// Creates the GraphQL service.
pub fn service(
    queries: Queries,
    commands: Commands,
    feed: Feed,
    limits: Limits,
    metrics: Metrics,
) -> GraphQl {
    #[allow(clippy::disallowed_methods, reason = "batches are short, and a request waits for each")]
    let calendars = DataLoader::new(loader::CalendarLoader(queries.clone()), tokio::spawn);
    let schema = builder()
        .limit_depth(limits.depth)
        .limit_complexity(limits.complexity)
        .data(queries)
        .data(commands)
        .data(feed)
        .data(calendars)
        .data(metrics.clone())
        .finish();
    GraphQl::new(schema, limits, metrics)
}

/// Returns the schema in SDL, exactly as `schema.graphql` has it.
pub fn sdl() -> String {
    let options = SDLExportOptions::new().prefer_single_line_descriptions().use_space_ident();
    let sdl = builder().finish().sdl_with_options(options);
    let mut lines: Vec<_> = sdl.lines().map(str::trim_end).collect();
    while lines.last().is_some_and(|it| it.is_empty()) {
        lines.pop();
    }
    lines.join("\n") + "\n"
}

fn builder() -> async_graphql::SchemaBuilder<
    query::QueryRoot,
    mutation::MutationRoot,
    subscription::SubscriptionRoot,
> {
    Schema::build(query::QueryRoot, mutation::MutationRoot, subscription::SubscriptionRoot)
}
