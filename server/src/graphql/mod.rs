//! The contract of schema.graphql over the domain: the only room with async-graphql.
//!
//! Resolvers translate and no more. Input stays text until `domain` has read it (S15), so that
//! every wrong field of a mutation is reported at once.

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

pub use executor::{GraphQl, Prepared};

type AppointmentsSchema =
    Schema<query::QueryRoot, mutation::MutationRoot, subscription::SubscriptionRoot>;

/// What one request may ask.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How deep fields may nest.
    pub depth: usize,
    /// How many fields there may be.
    pub complexity: usize,
    /// How many of them may have another name than their own.
    pub aliases: usize,
    /// How long an answer may take.
    pub time: Duration,
}

/// The service over its rooms.
pub fn service(
    queries: Queries,
    commands: Commands,
    feed: Feed,
    limits: Limits,
    metrics: Metrics,
) -> GraphQl {
    // The loader's batches are short and belong to a request, which waits for them itself.
    #[allow(clippy::disallowed_methods, reason = "see above")]
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

/// The contract, as `schema.graphql` has it.
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
