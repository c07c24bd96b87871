//! Executes requests: prepares the document before the schema runs it, and repairs the response.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{PathSegment, Request, Response, ServerError, Value};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::time::{Instant, timeout};
use tracing::{Instrument, field};

use super::budget::Budget;
use super::documents::Documents;
use super::request_metrics::{RequestMetrics, outcome};
use super::root_fields::RootFields;
use super::{AppointmentsSchema, Limits, error, variables};
use crate::domain::Actor;
use crate::metrics::Metrics;

/// The GraphQL service: the schema, its data, and a cache of parsed documents.
#[derive(Clone)]
pub struct GraphQl {
    schema: AppointmentsSchema,
    documents: Documents,
    timeout: Duration,
    metrics: Metrics,
}

impl fmt::Debug for GraphQl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphQl").finish_non_exhaustive()
    }
}

/// A request whose document was checked: ready to be executed, or rejected.
pub struct Prepared(Result<Ready, Rejected>);

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

/// A request to execute. Its document is changed where the library deviates from the specification
/// (S18).
struct Ready {
    request: Request,
    /// The unchanged document.
    document: Arc<ExecutableDocument>,
    /// `None` if the document has no operation of the requested name.
    kind: Option<OperationType>,
    budget: Budget,
    /// The operation's name. Empty if the document has no operation of that name, so that clients
    /// cannot put any text into the log.
    name: String,
    metrics: RequestMetrics,
}

/// A request that is not executed.
struct Rejected(ServerError, RequestMetrics);

impl Prepared {
    /// Returns whether the request is a valid mutation.
    pub fn is_mutation(&self) -> bool {
        self.0.as_ref().is_ok_and(|it| it.kind == Some(OperationType::Mutation))
    }
}

impl GraphQl {
    pub(super) fn new(schema: AppointmentsSchema, limits: Limits, metrics: Metrics) -> Self {
        let documents = Documents::new(limits.aliases);
        Self { schema, documents, timeout: limits.timeout, metrics }
    }

    /// Parses and checks a request of `actor`.
    pub fn prepare(&self, request: Request, actor: Actor) -> Prepared {
        let request = request.data(actor);
        Prepared(match self.documents.parse(&request.query) {
            Ok(document) => prepare(request, document),
            Err(error) => Err(Rejected(error, RequestMetrics::unparsed())),
        })
    }

    /// Executes a query or a mutation. Rejects a subscription.
    pub async fn execute(&self, prepared: Prepared) -> Response {
        match prepared.0 {
            Ok(it) if it.kind == Some(OperationType::Subscription) => {
                self.reject(Rejected(needs_stream(), it.metrics))
            }
            Ok(ready) => self.run(ready).await,
            Err(rejected) => self.reject(rejected),
        }
    }

    /// Executes any operation as a stream. A query or a mutation has one response.
    pub fn subscribe(&self, prepared: Prepared) -> BoxStream<'static, Response> {
        match prepared.0 {
            Ok(it) if it.kind == Some(OperationType::Subscription) => {
                let Ready { request, budget, metrics, .. } = it;
                let counters = self.metrics.clone();
                let mut uncounted = Some(metrics);
                let events = self.schema.execute_stream(request);
                events
                    .inspect(move |_| budget.reset())
                    .map(finish_response)
                    // The first response decides the outcome of the request.
                    .inspect(move |response| {
                        if let Some(metrics) = uncounted.take() {
                            metrics.record(&counters, response, None);
                        }
                    })
                    .boxed()
            }
            prepared => {
                let service = self.clone();
                stream::once(async move { service.execute(Prepared(prepared)).await }).boxed()
            }
        }
    }

    fn reject(&self, Rejected(error, metrics): Rejected) -> Response {
        let response = finish_response(error_response(error));
        metrics.record(&self.metrics, &response, None);
        response
    }

    async fn run(&self, ready: Ready) -> Response {
        let Ready { request, document, name, metrics, .. } = ready;
        let text = request.query.clone();
        // A command adds its mutation id. Spans never contain what users wrote.
        let span = tracing::info_span!(
            "request",
            operation = name,
            mutation_id = field::Empty,
            outcome = field::Empty,
            otel.name = metrics.span_name(),
            otel.kind = "server",
        );
        let run = async {
            let started_at = Instant::now();
            let result = timeout(self.timeout, self.schema.execute(request)).await;
            let response = finish_response(result.unwrap_or_else(|_| error_response(timed_out())));
            metrics.record(&self.metrics, &response, Some(started_at.elapsed()));
            tracing::Span::current().record("outcome", outcome(&response));
            tracing::debug!(errors = response.errors.len(), "request executed");
            response
        };
        let response = run.instrument(span).await;
        // An error without a path means that the document is invalid.
        if !response.errors.iter().any(|it| it.path.is_empty()) {
            self.documents.insert(text, document);
        }
        response
    }
}

fn prepare(mut request: Request, document: Arc<ExecutableDocument>) -> Result<Ready, Rejected> {
    let mut pruned = (*document).clone();
    let operation = request.operation_name.as_deref();
    let fields = RootFields::new(&document, operation);
    let kind = match variables::prune(&mut pruned, operation, &request.variables) {
        Ok(kind) => kind,
        Err(error) => return Err(Rejected(error, RequestMetrics::new(None, &fields))),
    };
    let metrics = RequestMetrics::new(kind, &fields);
    if kind == Some(OperationType::Subscription)
        && let Err(error) = fields.check_subscription()
    {
        return Err(Rejected(error, metrics));
    }
    let known_name = operation.filter(|_| kind.is_some()).unwrap_or_default();
    let name = known_name.chars().take(64).collect();
    request.set_parsed_query(pruned);
    let budget = Budget::default();
    let request = request.data(budget.clone());
    Ok(Ready { request, document: document.clone(), kind, budget, name, metrics })
}

fn error_response(error: ServerError) -> Response {
    Response::from_errors(vec![error])
}

fn needs_stream() -> ServerError {
    let message = "Subscriptions need a WebSocket at this URL with the subprotocol \
                   graphql-transport-ws, or the header \"accept: text/event-stream\".";
    error::error_with_code("BAD_INPUT", message).into_server_error(Default::default())
}

fn timed_out() -> ServerError {
    let message =
        "The request took too long; try again, with the same mutationId if it is a mutation.";
    error::error_with_code("TIMEOUT", message).into_server_error(Default::default())
}

/// Adds codes to all errors, and removes incomplete data.
///
/// If a field that cannot be null fails, the library may leave it out. A response must be complete
/// or an error (S14), so all data becomes null then.
fn finish_response(mut response: Response) -> Response {
    error::add_codes(&mut response.errors);
    if response.errors.iter().any(|error| is_missing(&response.data, &error.path)) {
        response.data = Value::Null;
    }
    response
}

/// Returns whether `data` has no value, not even null, at the path of a failed field.
fn is_missing(data: &Value, path: &[PathSegment]) -> bool {
    let mut value = data;
    for segment in path {
        let next = match (value, segment) {
            (Value::Object(fields), PathSegment::Field(name)) => fields.get(name.as_str()),
            (Value::List(items), PathSegment::Index(index)) => items.get(*index),
            // The library turns an object without fields into null.
            _ => return true,
        };
        match next {
            Some(next) => value = next,
            None => return true,
        }
    }
    false
}
