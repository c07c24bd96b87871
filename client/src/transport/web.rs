//! Over fetch and WebSocket, in a browser.

use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, SinkExt, StreamExt, stream};
use gloo_net::websocket::Message as Frame;
use gloo_net::websocket::futures::WebSocket;
use js_sys::{Promise, Reflect, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, ReadableStreamDefaultReader, Request, RequestInit, Response};

use super::sse::{Chunks, Streams, is_events};
use super::{
    ACCEPT, ACCEPT_EVENTS, JSON, Line, REQUEST, Tokens, Transport, line_of, lost, open, protocol,
    websocket, within,
};
use crate::model::error::{BuildError, TransportError};
use crate::runtime;

/// fetch and WebSocket. Clones are one.
#[derive(Clone)]
pub struct Http {
    url: String,
    socket: String,
    tokens: Tokens,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Http").finish_non_exhaustive()
    }
}

impl Http {
    /// The way to the service at an address.
    ///
    /// # Errors
    ///
    /// If the address is none.
    pub fn new(url: &str, tokens: Tokens) -> Result<Self, BuildError> {
        Ok(Self { socket: line_of(url)?, url: url.to_owned(), tokens })
    }

    async fn socket(&self) -> Result<Line, TransportError> {
        let token = (self.tokens)();
        let socket = WebSocket::open_with_protocol(&self.socket, protocol::NAME).map_err(lost)?;
        let texts = socket.sink_map_err(lost).with(|it| ready(Ok(Frame::Text(it))));
        let texts = texts.filter_map(|frame| {
            ready(match frame {
                Ok(Frame::Text(text)) => Some(Ok(text)),
                Ok(Frame::Bytes(_)) => None,
                Err(error) => Some(Err(lost(error))),
            })
        });
        websocket::open(Box::pin(texts), token.as_deref()).await
    }
}

/// Sends a request, and waits for the head of its answer.
async fn fetch(
    url: String,
    token: Option<String>,
    accept: (&str, &str),
    body: String,
) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in [JSON, accept] {
        headers.set(name, value)?;
    }
    if let Some(token) = token {
        headers.set("authorization", &format!("Bearer {token}"))?;
    }
    let about = RequestInit::new();
    about.set_method("POST");
    about.set_headers(&headers);
    about.set_body(&JsValue::from_str(&body));
    let request = Request::new_with_str_and_init(&url, &about)?;
    // The global object has it, be it a window's or a worker's.
    let fetch: js_sys::Function = Reflect::get(&js_sys::global(), &"fetch".into())?.dyn_into()?;
    let promise: Promise = fetch.call1(&JsValue::UNDEFINED, &request)?.dyn_into()?;
    JsFuture::from(promise).await?.dyn_into()
}

/// An answer as a whole.
async fn whole(response: Response) -> Result<Vec<u8>, JsValue> {
    let read = JsFuture::from(response.array_buffer()?).await?;
    Ok(Uint8Array::new(&read).to_vec())
}

/// The body of an answer, which is let go with what reads it.
struct Body(ReadableStreamDefaultReader);

impl Body {
    fn of(response: &Response) -> Result<Self, JsValue> {
        let body = response.body().ok_or_else(|| JsValue::from_str("an answer without a body"))?;
        Ok(Self(body.get_reader().dyn_into()?))
    }

    /// The next bytes; nothing at its end.
    async fn next(&self) -> Result<Option<Vec<u8>>, JsValue> {
        let read = JsFuture::from(self.0.read()).await?;
        if Reflect::get(&read, &"done".into())?.is_truthy() {
            return Ok(None);
        }
        Ok(Some(Uint8Array::new(&Reflect::get(&read, &"value".into())?).to_vec()))
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        // Whether it could be told does not matter, and nobody else must hear that it could not.
        let told = JsFuture::from(self.0.cancel());
        runtime::spawn(async move { _ = told.await });
    }
}

fn said(error: JsValue) -> TransportError {
    let error = error.dyn_ref::<js_sys::Error>().map(|it| String::from(it.message()));
    TransportError::new(error.unwrap_or_else(|| "the request failed"))
}

// There is one thread, so what is not `Send` never leaves it.
impl Transport for Http {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, TransportError>> {
        let head = fetch(self.url.clone(), (self.tokens)(), ACCEPT, body);
        let answer = async move { whole(head.await.map_err(said)?).await.map_err(said) };
        SendWrapper::new(within(REQUEST, answer)).boxed()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Line, TransportError>> {
        let this = self.clone();
        SendWrapper::new(async move { open(this.socket(), this.clone()).await }).boxed()
    }
}

impl Streams for Http {
    fn open(&self, body: String) -> BoxFuture<'static, Result<Chunks, TransportError>> {
        let head = fetch(self.url.clone(), (self.tokens)(), ACCEPT_EVENTS, body);
        let opening = async move {
            let response = head.await.map_err(said)?;
            let media = response.headers().get("content-type").ok().flatten();
            is_events(response.status(), media.as_deref())?;
            let body = Body::of(&response).map_err(said)?;
            let chunks = stream::unfold(body, |body| async move {
                let chunk = body.next().await.map_err(said).transpose()?;
                Some((chunk, body))
            });
            Ok(SendWrapper::new(chunks).boxed())
        };
        SendWrapper::new(opening).boxed()
    }
}
