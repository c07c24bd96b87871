//! The messages of the `graphql-transport-ws` protocol, as its PROTOCOL.md defines them. No I/O.

use std::borrow::Cow;

use async_graphql::{Request, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};

use super::request::RequestBody;
use super::response::ResponseBody;

/// The subprotocol's name.
pub(super) const NAME: &str = "graphql-transport-ws";

/// A message from a client.
pub(super) enum ClientMessage {
    Init,
    Ping,
    Pong,
    Subscribe { id: String, request: Box<Request> },
    Complete { id: String },
}

/// A message before its type is checked.
#[derive(Deserialize)]
struct RawMessage<'m> {
    #[serde(borrow)]
    r#type: Cow<'m, str>,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'m RawValue>,
}

impl ClientMessage {
    /// Parses a message.
    ///
    /// # Errors
    /// One sentence that says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let raw: RawMessage<'_> = serde_json::from_str(text).map_err(|_| {
            "A message must be a JSON object with a string type, and optionally id and payload."
                .to_owned()
        })?;
        let id = || match raw.id.clone() {
            Some(id) if !id.is_empty() => Ok(id),
            _ => Err(format!("A {} message must have an id.", raw.r#type)),
        };
        Ok(match &*raw.r#type {
            "connection_init" => Self::with_payload(raw.payload, Self::Init)?,
            "ping" => Self::with_payload(raw.payload, Self::Ping)?,
            "pong" => Self::with_payload(raw.payload, Self::Pong)?,
            "subscribe" => {
                let payload = raw.payload.map_or("null", RawValue::get);
                Self::Subscribe {
                    id: id()?,
                    request: Box::new(RequestBody::parse(payload.as_bytes())?.into()),
                }
            }
            "complete" => Self::Complete { id: id()? },
            _ => {
                return Err("Unknown message type; expected connection_init, ping, pong, \
                            subscribe or complete."
                    .to_owned());
            }
        })
    }

    /// Returns `message`, provided that its payload is an object or absent. The payload is ignored.
    fn with_payload(payload: Option<&RawValue>, message: Self) -> Result<Self, String> {
        let is_map =
            |it: &RawValue| serde_json::from_str::<Option<Map<String, Json>>>(it.get()).is_ok();
        if payload.is_none_or(is_map) {
            Ok(message)
        } else {
            Err("The payload must be an object.".to_owned())
        }
    }
}

pub(super) fn ack() -> String {
    json!({"type": "connection_ack"}).to_string()
}

pub(super) fn pong() -> String {
    json!({"type": "pong"}).to_string()
}

pub(super) fn complete(id: &str) -> String {
    json!({"type": "complete", "id": id}).to_string()
}

/// Reports that the server did not start an operation.
pub(super) fn error(id: &str, code: &str, message: &str) -> String {
    let error = json!({"message": message, "extensions": {"code": code}});
    json!({"type": "error", "id": id, "payload": [error]}).to_string()
}

/// Writes a response of an operation as a message.
///
/// The flag is true if the operation was not executed, which makes this its last message.
pub(super) fn response(id: &str, response: &Response) -> (String, bool) {
    let body = ResponseBody::of(response);
    let (message_type, payload) = if body.was_not_executed() {
        ("error", serde_json::to_string(body.errors()))
    } else {
        ("next", serde_json::to_string(&body))
    };
    let payload = payload.unwrap_or_else(|error| {
        tracing::error!(%error, "failed to serialize a response");
        "null".to_owned()
    });
    let id = Json::from(id);
    let message = format!(r#"{{"type":"{message_type}","id":{id},"payload":{payload}}}"#);
    (message, body.was_not_executed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let parsed = match ClientMessage::parse(text) {
            Ok(ClientMessage::Init) => Ok("init".to_owned()),
            Ok(ClientMessage::Ping) => Ok("ping".to_owned()),
            Ok(ClientMessage::Pong) => Ok("pong".to_owned()),
            Ok(ClientMessage::Subscribe { id, request }) => {
                Ok(format!("subscribe {id} {}", request.query))
            }
            Ok(ClientMessage::Complete { id }) => Ok(format!("complete {id}")),
            Err(message) => Err(message),
        };
        let parsed = parsed.as_ref().map(String::as_str).map_err(String::as_str);
        match (parsed, expected) {
            (Err(message), Err(expected)) => {
                assert!(message.starts_with(expected), "{text}: {message}");
            }
            _ => assert_eq!(parsed, expected, "{text}"),
        }
    }

    #[test]
    fn client_messages_are_parsed() {
        check(r#"{"type":"connection_init"}"#, Ok("init"));
        check(r#"{"type":"connection_init","payload":{"a":1}}"#, Ok("init"));
        check(r#"{"type":"connection_init","payload":null}"#, Ok("init"));
        check(r#"{"type":"connection_init","payload":7}"#, Err("The payload must"));
        check(r#"{"type":"ping"}"#, Ok("ping"));
        check(r#"{"type":"pong","payload":{}}"#, Ok("pong"));
        check(r#"{"type":"subscribe","id":"1","payload":{"query":"{a}"}}"#, Ok("subscribe 1 {a}"));
        check(
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            Err("A subscribe message must have an id."),
        );
        check(
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            Err("A subscribe message must have an id."),
        );
        check(r#"{"type":"subscribe","id":7,"payload":{"query":"{a}"}}"#, Err("A message must be"));
        check(r#"{"type":"subscribe","id":"1"}"#, Err("The request must be"));
        check(r#"{"type":"subscribe","id":"1","payload":{}}"#, Err("The request has no query."));
        check(r#"{"type":"complete","id":"1"}"#, Ok("complete 1"));
        check(r#"{"type":"complete"}"#, Err("A complete message must have an id."));
        check(r#"{"type":"next","id":"1"}"#, Err("Unknown message type"));
        check(r#"{"id":"1"}"#, Err("A message must be"));
        check("nonsense", Err("A message must be"));
    }
}
