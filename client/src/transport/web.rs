//! Over fetch and WebSocket, in a browser.

use futures_channel::mpsc;
use futures_util::future::{self, BoxFuture, Either, ready};
use futures_util::{FutureExt, SinkExt, StreamExt};
use gloo_net::websocket::Message as Frame;
use gloo_net::websocket::futures::WebSocket;
use js_sys::{Promise, Reflect, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, Request, RequestInit, Response};

use super::{HEADERS, Line, REQUEST, Tokens, Transport, line, line_of, lost, protocol};
use crate::error::{BuildError, LineError};
use crate::runtime;

/// fetch and WebSocket.
pub struct Http {
    url: String,
    socket: String,
    tokens: Tokens,
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
}

/// Sends a request, and reads what comes back.
async fn fetch(url: String, token: Option<String>, body: String) -> Result<Vec<u8>, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in HEADERS {
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
    let response: Response = JsFuture::from(promise).await?.dyn_into()?;
    let read = JsFuture::from(response.array_buffer()?).await?;
    Ok(Uint8Array::new(&read).to_vec())
}

fn said(error: JsValue) -> LineError {
    let error = error.dyn_ref::<js_sys::Error>().map(|it| String::from(it.message()));
    LineError(error.unwrap_or_else(|| "the request failed".to_owned()))
}

// There is one thread, so what is not `Send` never leaves it.
impl Transport for Http {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, LineError>> {
        let answer = fetch(self.url.clone(), (self.tokens)(), body);
        let answer = async move {
            match future::select(Box::pin(answer), Box::pin(runtime::sleep(REQUEST))).await {
                Either::Left((answer, _)) => answer.map_err(said),
                Either::Right(_) => Err(LineError("no answer in time".to_owned())),
            }
        };
        SendWrapper::new(answer).boxed()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Line, LineError>> {
        let (url, token) = (self.socket.clone(), (self.tokens)());
        let opening = async move {
            let socket = WebSocket::open_with_protocol(&url, protocol::NAME).map_err(lost)?;
            let texts = socket.sink_map_err(lost).with(|it| ready(Ok(Frame::Text(it))));
            let texts = texts.filter_map(|frame| {
                ready(match frame {
                    Ok(Frame::Text(text)) => Some(Ok(text)),
                    Ok(Frame::Bytes(_)) => None,
                    Err(error) => Some(Err(lost(error))),
                })
            });
            let mut texts = Box::pin(texts);
            line::open(&mut texts, token.as_deref()).await?;
            let (commands, told) = mpsc::unbounded();
            let (hears, heard) = mpsc::unbounded();
            runtime::spawn(line::carry(texts, told, hears));
            Ok(Line { commands, heard })
        };
        SendWrapper::new(opening).boxed()
    }
}
