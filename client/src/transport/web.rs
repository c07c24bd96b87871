//! HTTP and WebSocket in a browser: `fetch` and `WebSocket`.

use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, SinkExt, StreamExt, stream};
use gloo_net::websocket::Message as Frame;
use gloo_net::websocket::futures::WebSocket;
use js_sys::{Promise, Reflect, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, ReadableStreamDefaultReader, Request, RequestInit, Response};

use super::http::{
    ACCEPT_EVENTS, ACCEPT_JSON, CONTENT_TYPE, REQUEST_TIMEOUT, connect, transport_error,
    websocket_url,
};
use super::sse::{Chunks, SseClient, check_sse_response};
use super::timeout::with_timeout;
use super::{Connection, TokenProvider, Transport, protocol, websocket};
use crate::model::error::{BuildError, TransportError};
use crate::runtime;

/// The transport over `fetch` and `WebSocket`.
#[derive(Clone)]
pub struct Http {
    url: String,
    websocket_url: String,
    tokens: TokenProvider,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Http").finish_non_exhaustive()
    }
}

impl Http {
    /// Creates a transport to the service at a URL.
    ///
    /// # Errors
    ///
    /// If the URL is invalid.
    pub fn new(url: &str, tokens: TokenProvider) -> Result<Self, BuildError> {
        Ok(Self { websocket_url: websocket_url(url)?, url: url.to_owned(), tokens })
    }

    async fn open_websocket(&self) -> Result<Connection, TransportError> {
        let token = (self.tokens)();
        let socket = WebSocket::open_with_protocol(&self.websocket_url, protocol::NAME)
            .map_err(transport_error)?;
        let texts = socket.sink_map_err(transport_error).with(|it| ready(Ok(Frame::Text(it))));
        let texts = texts.filter_map(|frame| {
            ready(match frame {
                Ok(Frame::Text(text)) => Some(Ok(text)),
                Ok(Frame::Bytes(_)) => None,
                Err(error) => Some(Err(transport_error(error))),
            })
        });
        websocket::open(Box::pin(texts), token.as_deref()).await
    }
}

/// Sends a request, and waits for the head of its response.
async fn fetch(
    url: String,
    token: Option<String>,
    accept: (&str, &str),
    body: String,
) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in [CONTENT_TYPE, accept] {
        headers.set(name, value)?;
    }
    if let Some(token) = token {
        headers.set("authorization", &format!("Bearer {token}"))?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(&body));
    let request = Request::new_with_str_and_init(&url, &init)?;
    // `fetch` of the global object exists in windows and in workers.
    let fetch: js_sys::Function = Reflect::get(&js_sys::global(), &"fetch".into())?.dyn_into()?;
    let promise: Promise = fetch.call1(&JsValue::UNDEFINED, &request)?.dyn_into()?;
    JsFuture::from(promise).await?.dyn_into()
}

/// Reads the whole body of a response.
async fn read_body(response: Response) -> Result<Vec<u8>, JsValue> {
    let buffer = JsFuture::from(response.array_buffer()?).await?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// The body of a response as a stream. Dropping it cancels the response.
struct BodyStream(ReadableStreamDefaultReader);

impl BodyStream {
    fn of(response: &Response) -> Result<Self, JsValue> {
        let body = response.body().ok_or_else(|| JsValue::from_str("the response has no body"))?;
        Ok(Self(body.get_reader().dyn_into()?))
    }

    /// Returns the next bytes, or `None` at the end.
    async fn next(&self) -> Result<Option<Vec<u8>>, JsValue> {
        let read = JsFuture::from(self.0.read()).await?;
        if Reflect::get(&read, &"done".into())?.is_truthy() {
            return Ok(None);
        }
        Ok(Some(Uint8Array::new(&Reflect::get(&read, &"value".into())?).to_vec()))
    }
}

impl Drop for BodyStream {
    fn drop(&mut self) {
        // A failure to cancel does not matter. Awaiting it keeps the browser from reporting an
        // unhandled rejection.
        let cancelled = JsFuture::from(self.0.cancel());
        runtime::spawn(async move { _ = cancelled.await });
    }
}

fn js_error(error: JsValue) -> TransportError {
    let error = error.dyn_ref::<js_sys::Error>().map(|it| String::from(it.message()));
    TransportError::new(error.unwrap_or_else(|| "the request failed".to_owned()))
}

// A page has one thread, so values that are not `Send` never leave it.
impl Transport for Http {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, TransportError>> {
        let head = fetch(self.url.clone(), (self.tokens)(), ACCEPT_JSON, body);
        let response =
            async move { read_body(head.await.map_err(js_error)?).await.map_err(js_error) };
        SendWrapper::new(with_timeout(REQUEST_TIMEOUT, response)).boxed()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Connection, TransportError>> {
        let this = self.clone();
        SendWrapper::new(async move { connect(this.open_websocket(), this.clone()).await }).boxed()
    }
}

impl SseClient for Http {
    fn open(&self, body: String) -> BoxFuture<'static, Result<Chunks, TransportError>> {
        let head = fetch(self.url.clone(), (self.tokens)(), ACCEPT_EVENTS, body);
        let opening = async move {
            let response = head.await.map_err(js_error)?;
            let content_type = response.headers().get("content-type").ok().flatten();
            check_sse_response(response.status(), content_type.as_deref())?;
            let body = BodyStream::of(&response).map_err(js_error)?;
            let chunks = stream::unfold(body, |body| async move {
                let chunk = body.next().await.map_err(js_error).transpose()?;
                Some((chunk, body))
            });
            Ok(SendWrapper::new(chunks).boxed())
        };
        SendWrapper::new(opening).boxed()
    }
}
