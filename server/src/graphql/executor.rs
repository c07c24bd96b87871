//! One request on its way through the schema: what is prepared before, and mended after.

use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{
    Data, Executor, PathSegment, Request, Response, ServerError, ServerResult, Value,
};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tracing::{Instrument, field};

use super::budget::Budget;
use super::documents::Documents;
use super::{AppointmentsSchema, error, roots, variables};
use crate::domain::Actor;

/// The service: a schema with its data, and the documents it has seen.
#[derive(Clone)]
pub struct GraphQl {
    schema: AppointmentsSchema,
    documents: Documents,
    timeout: Duration,
}

/// A request whose document was parsed, and changed where the library does not follow the
/// specification (S18).
struct Prepared {
    request: Request,
    /// As it was sent.
    document: Arc<ExecutableDocument>,
    kind: Option<OperationType>,
    budget: Budget,
    /// The operation's name, as the document has it: a client may send any text as one.
    name: String,
}

impl GraphQl {
    pub(super) fn new(schema: AppointmentsSchema, timeout: Duration) -> Self {
        Self { schema, documents: Documents::new(), timeout }
    }

    /// Whether a request is a mutation, as far as it can be read.
    pub fn changes(&self, request: &Request) -> bool {
        let Ok(document) = self.documents.parse(&request.query) else { return false };
        let operation = request.operation_name.as_deref();
        variables::operation(&document, operation)
            .is_some_and(|it| it.ty == OperationType::Mutation)
    }

    fn prepare(&self, mut request: Request) -> ServerResult<Prepared> {
        let document = self.documents.parse(&request.query)?;
        let mut pruned = (*document).clone();
        let operation = request.operation_name.as_deref();
        let selected = variables::prune(&mut pruned, operation, &request.variables)?;
        if selected == Some(OperationType::Subscription) {
            roots::check(&document, operation)?;
        }
        let name = operation.filter(|_| selected.is_some()).unwrap_or_default();
        let name = name.chars().take(64).collect();
        request.set_parsed_query(pruned);
        let budget = Budget::default();
        let request = request.data(budget.clone());
        Ok(Prepared { request, document, kind: selected, budget, name })
    }

    async fn run(&self, prepared: Prepared) -> Response {
        let Prepared { request, document, name, .. } = prepared;
        let text = request.query.clone();
        // One span for each request; a command enters its mutation id. Never what people wrote.
        let span = tracing::info_span!("request", operation = name, mutation_id = field::Empty);
        let answer = async {
            let answer = tokio::time::timeout(self.timeout, self.schema.execute(request)).await;
            let response = mend(answer.unwrap_or_else(|_| refusal(too_slow())));
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

impl Executor for GraphQl {
    async fn execute(&self, request: Request) -> Response {
        match self.prepare(request) {
            Ok(it) if it.kind == Some(OperationType::Subscription) => mend(refusal(no_socket())),
            Ok(prepared) => self.run(prepared).await,
            Err(error) => mend(refusal(error)),
        }
    }

    /// What a socket asks: a subscription, or anything else that is answered once.
    fn execute_stream(
        &self,
        request: Request,
        session: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        let prepared = match self.prepare(request) {
            Ok(prepared) => prepared,
            Err(error) => return stream::once(async { mend(refusal(error)) }).boxed(),
        };
        if prepared.kind == Some(OperationType::Subscription) {
            let events = Executor::execute_stream(&self.schema, prepared.request, session);
            let budget = prepared.budget;
            return events.inspect(move |_| budget.reset()).map(mend).boxed();
        }
        let service = self.clone();
        stream::once(async move {
            let request = prepared.request;
            let request = match actor_of(session.as_deref()) {
                Some(actor) => request.data(actor),
                None => request,
            };
            service.run(Prepared { request, ..prepared }).await
        })
        .boxed()
    }
}

/// Who opened the socket.
fn actor_of(session: Option<&Data>) -> Option<Actor> {
    session?.get(&TypeId::of::<Actor>())?.downcast_ref::<Actor>().cloned()
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
