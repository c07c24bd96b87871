//! One request on its way through the schema: what is prepared before, and mended after.

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
use super::request_metrics::{Counted, outcome};
use super::root_fields::Roots;
use super::{AppointmentsSchema, Limits, error, variables};
use crate::domain::Actor;
use crate::metrics::Metrics;

/// The service: a schema with its data, and the documents it has seen.
#[derive(Clone)]
pub struct GraphQl {
    schema: AppointmentsSchema,
    documents: Documents,
    timeout: Duration,
    metrics: Metrics,
}

/// A request that was looked at: ready to be executed, or refused.
pub struct Prepared(Result<Ready, Refused>);

/// A request whose document was parsed, and changed where the library does not follow the
/// specification (S18).
struct Ready {
    request: Request,
    /// As it was sent.
    document: Arc<ExecutableDocument>,
    kind: Option<OperationType>,
    budget: Budget,
    /// The operation's name, as the document has it: a client may send any text as one.
    name: String,
    counted: Counted,
}

/// A request that is not executed.
struct Refused(ServerError, Counted);

impl Prepared {
    /// Whether it is a mutation.
    pub fn changes(&self) -> bool {
        self.0.as_ref().is_ok_and(|it| it.kind == Some(OperationType::Mutation))
    }
}

impl GraphQl {
    pub(super) fn new(schema: AppointmentsSchema, limits: Limits, metrics: Metrics) -> Self {
        let documents = Documents::new(limits.aliases);
        Self { schema, documents, timeout: limits.time, metrics }
    }

    /// Looks at a request of somebody.
    pub fn prepare(&self, request: Request, actor: Actor) -> Prepared {
        let request = request.data(actor);
        Prepared(match self.documents.parse(&request.query) {
            Ok(document) => ready(request, document),
            Err(error) => Err(Refused(error, Counted::unread())),
        })
    }

    /// Answers a request once. A subscription is refused.
    pub async fn answer(&self, prepared: Prepared) -> Response {
        match prepared.0 {
            Ok(it) if it.kind == Some(OperationType::Subscription) => {
                self.refuse(Refused(no_socket(), it.counted))
            }
            Ok(ready) => self.run(ready).await,
            Err(refused) => self.refuse(refused),
        }
    }

    /// Answers a request as often as there is something to say: a subscription, or anything else once.
    pub fn follow(&self, prepared: Prepared) -> BoxStream<'static, Response> {
        match prepared.0 {
            Ok(it) if it.kind == Some(OperationType::Subscription) => {
                let Ready { request, budget, counted, .. } = it;
                let events = self.schema.execute_stream(request);
                let events = events.inspect(move |_| budget.reset()).map(mend);
                // It is counted when it first says something.
                let (metrics, mut counted) = (self.metrics.clone(), Some(counted));
                let counting = move |it: &Response| {
                    if let Some(counted) = counted.take() {
                        counted.enter(&metrics, it, None);
                    }
                };
                events.inspect(counting).boxed()
            }
            prepared => {
                let service = self.clone();
                stream::once(async move { service.answer(Prepared(prepared)).await }).boxed()
            }
        }
    }

    fn refuse(&self, Refused(error, counted): Refused) -> Response {
        let response = mend(refusal(error));
        counted.enter(&self.metrics, &response, None);
        response
    }

    async fn run(&self, ready: Ready) -> Response {
        let Ready { request, document, name, counted, .. } = ready;
        let text = request.query.clone();
        // One span for each request; a command enters its mutation id. Never what people wrote.
        let span = tracing::info_span!(
            "request",
            operation = name,
            mutation_id = field::Empty,
            outcome = field::Empty,
            otel.name = counted.name(),
            otel.kind = "server",
        );
        let answer = async {
            let begun = Instant::now();
            let answer = timeout(self.timeout, self.schema.execute(request)).await;
            let response = mend(answer.unwrap_or_else(|_| refusal(too_slow())));
            counted.enter(&self.metrics, &response, Some(begun.elapsed()));
            tracing::Span::current().record("outcome", outcome(&response));
            tracing::debug!(errors = response.errors.len(), "answered");
            response
        };
        let response = answer.instrument(span).await;
        // Errors without a path are those of the document.
        if !response.errors.iter().any(|it| it.path.is_empty()) {
            self.documents.keep(text, document);
        }
        response
    }
}

fn ready(mut request: Request, document: Arc<ExecutableDocument>) -> Result<Ready, Refused> {
    let mut pruned = (*document).clone();
    let operation = request.operation_name.as_deref();
    let roots = Roots::of(&document, operation);
    let kind = match variables::prune(&mut pruned, operation, &request.variables) {
        Ok(kind) => kind,
        Err(error) => return Err(Refused(error, Counted::of(None, &roots))),
    };
    let counted = Counted::of(kind, &roots);
    if kind == Some(OperationType::Subscription)
        && let Err(error) = roots.check_subscription()
    {
        return Err(Refused(error, counted));
    }
    let name = operation.filter(|_| kind.is_some()).unwrap_or_default();
    let name = name.chars().take(64).collect();
    request.set_parsed_query(pruned);
    let budget = Budget::default();
    let request = request.data(budget.clone());
    Ok(Ready { request, document: document.clone(), kind, budget, name, counted })
}

fn refusal(error: ServerError) -> Response {
    Response::from_errors(vec![error])
}

fn no_socket() -> ServerError {
    let message = "A subscription needs a WebSocket (the same address, subprotocol graphql-transport-ws), or accept: text/event-stream.";
    error::refuse("BAD_INPUT", message).into_server_error(Default::default())
}

fn too_slow() -> ServerError {
    let message =
        "The request took too long; try again, with the same mutationId if it is a mutation.";
    error::refuse("TIMEOUT", message).into_server_error(Default::default())
}

/// Codes for all errors; and where the library has left out a field that failed and cannot be
/// null, there is no data at all: an answer is complete or refused (S14).
fn mend(mut response: Response) -> Response {
    error::stamp(&mut response.errors);
    if response.errors.iter().any(|error| is_left_out(&response.data, &error.path)) {
        response.data = Value::Null;
    }
    response
}

/// Whether there is nothing, not even null, where a field has failed.
fn is_left_out(data: &Value, path: &[PathSegment]) -> bool {
    let mut at = data;
    for segment in path {
        let next = match (at, segment) {
            (Value::Object(fields), PathSegment::Field(name)) => fields.get(name.as_str()),
            (Value::List(items), PathSegment::Index(index)) => items.get(*index),
            _ => return true, // an object that has nothing left is null
        };
        match next {
            Some(next) => at = next,
            None => return true,
        }
    }
    false
}
