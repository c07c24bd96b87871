//! One request on its way through the schema: what is prepared before, and mended after.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{
    Data, Executor, PathSegment, Request, Response, ServerError, ServerResult, Value,
};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use tracing::{Instrument, field};

use super::documents::Documents;
use super::{AppointmentsSchema, error, variables};

/// The service: a schema with its data, and the documents it has seen.
#[derive(Clone)]
pub struct GraphQl {
    schema: AppointmentsSchema,
    documents: Documents,
    timeout: Duration,
}

impl GraphQl {
    pub(super) fn new(schema: AppointmentsSchema, timeout: Duration) -> Self {
        Self { schema, documents: Documents::new(), timeout }
    }

    /// The document is parsed here, so that it can be kept, and changed where the library does not
    /// follow the specification (S18).
    fn prepare(&self, mut request: Request) -> ServerResult<Request> {
        let coded = |code: &'static str| {
            move |mut error: ServerError| {
                error.extensions.get_or_insert_default().set("code", code);
                error
            }
        };
        let mut document = self.documents.parse(&request.query).map_err(coded("PARSE_FAILED"))?;
        let operation = request.operation_name.as_deref();
        variables::prune(&mut document, operation, &request.variables)
            .map_err(coded("BAD_INPUT"))?;
        request.set_parsed_query(document);
        Ok(request)
    }
}

impl Executor for GraphQl {
    async fn execute(&self, request: Request) -> Response {
        let request = match self.prepare(request) {
            Ok(request) => request,
            Err(error) => return mend(Response::from_errors(vec![error])),
        };
        // One span for each request; a command enters its mutation id. Never what people wrote.
        let operation = request.operation_name.as_deref().unwrap_or_default();
        let span = tracing::info_span!("request", operation, mutation_id = field::Empty);
        let answer = async {
            let answer = tokio::time::timeout(self.timeout, self.schema.execute(request)).await;
            let response = mend(answer.unwrap_or_else(|_| Response::from_errors(vec![too_slow()])));
            tracing::debug!(errors = response.errors.len(), "answered");
            response
        };
        answer.instrument(span.clone()).await
    }

    fn execute_stream(
        &self,
        request: Request,
        session: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        match self.prepare(request) {
            Ok(request) => {
                Executor::execute_stream(&self.schema, request, session).map(mend).boxed()
            }
            Err(error) => {
                let response = mend(Response::from_errors(vec![error]));
                stream::once(std::future::ready(response)).boxed()
            }
        }
    }
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

fn is_left_out(data: &Value, path: &[PathSegment]) -> bool {
    let mut at = data;
    for segment in path {
        let next = match (at, segment) {
            (Value::Object(fields), PathSegment::Field(name)) => fields.get(name.as_str()),
            (Value::List(items), PathSegment::Index(index)) => items.get(*index),
            _ => return false, // null, as it may be
        };
        match next {
            Some(next) => at = next,
            None => return true,
        }
    }
    false
}
