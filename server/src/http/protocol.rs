//! The messages of `graphql-transport-ws`, by its PROTOCOL.md. Pure.

use std::borrow::Cow;

use async_graphql::{Request, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};

use super::request::Body;
use super::response::Body as Answered;

/// The subprotocol's name.
pub(super) const NAME: &str = "graphql-transport-ws";

/// What a client says.
pub(super) enum Said {
    Init,
    Ping,
    Pong,
    Subscribe { id: String, request: Box<Request> },
    Complete { id: String },
}

/// A message as it came.
#[derive(Deserialize)]
struct Raw<'m> {
    #[serde(borrow)]
    r#type: Cow<'m, str>,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'m RawValue>,
}

impl Said {
    /// Reads a message, or says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let raw: Raw<'_> = serde_json::from_str(text).map_err(|_| {
            "A message must be a JSON object with a type, and with id and payload where it has them.".to_owned()
        })?;
        let id = || match raw.id.clone() {
            Some(id) if !id.is_empty() => Ok(id),
            _ => Err(format!("A message of the type {} must have an id.", raw.r#type)),
        };
        Ok(match &*raw.r#type {
            "connection_init" => Self::about(raw.payload, Self::Init)?,
            "ping" => Self::about(raw.payload, Self::Ping)?,
            "pong" => Self::about(raw.payload, Self::Pong)?,
            "subscribe" => {
                let payload = raw.payload.map_or("null", RawValue::get);
                Self::Subscribe {
                    id: id()?,
                    request: Box::new(Body::read(payload.as_bytes())?.into()),
                }
            }
            "complete" => Self::Complete { id: id()? },
            _ => {
                return Err(
                    "A client says connection_init, ping, pong, subscribe or complete.".to_owned()
                );
            }
        })
    }

    /// A message whose payload says nothing to us, but must be a map if it is there.
    fn about(payload: Option<&RawValue>, said: Self) -> Result<Self, String> {
        let is_map =
            |it: &RawValue| serde_json::from_str::<Option<Map<String, Json>>>(it.get()).is_ok();
        match payload.is_none_or(is_map) {
            true => Ok(said),
            false => Err("The payload must be an object.".to_owned()),
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

/// An operation that was not begun.
pub(super) fn refusal(id: &str, code: &str, message: &str) -> String {
    let error = json!({"message": message, "extensions": {"code": code}});
    json!({"type": "error", "id": id, "payload": [error]}).to_string()
}

/// An answer of an operation; and whether it was its last, since nothing was executed.
pub(super) fn answer(id: &str, response: &Response) -> (String, bool) {
    let body = Answered::of(response);
    let (kind, payload) = match body.is_unasked() {
        true => ("error", serde_json::to_string(body.errors())),
        false => ("next", serde_json::to_string(&body)),
    };
    let payload = payload.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer cannot be written");
        "null".to_owned()
    });
    let id = Json::from(id);
    (format!(r#"{{"type":"{kind}","id":{id},"payload":{payload}}}"#), body.is_unasked())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let said = match Said::read(text) {
            Ok(Said::Init) => Ok("init".to_owned()),
            Ok(Said::Ping) => Ok("ping".to_owned()),
            Ok(Said::Pong) => Ok("pong".to_owned()),
            Ok(Said::Subscribe { id, request }) => Ok(format!("subscribe {id} {}", request.query)),
            Ok(Said::Complete { id }) => Ok(format!("complete {id}")),
            Err(why) => Err(why),
        };
        let said = said.as_ref().map(String::as_str).map_err(String::as_str);
        match (said, expected) {
            (Err(why), Err(expected)) => assert!(why.starts_with(expected), "{text}: {why}"),
            _ => assert_eq!(said, expected, "{text}"),
        }
    }

    #[test]
    fn what_a_client_says() {
        check(r#"{"type":"connection_init"}"#, Ok("init"));
        check(r#"{"type":"connection_init","payload":{"a":1}}"#, Ok("init"));
        check(r#"{"type":"connection_init","payload":null}"#, Ok("init"));
        check(r#"{"type":"connection_init","payload":7}"#, Err("The payload must"));
        check(r#"{"type":"ping"}"#, Ok("ping"));
        check(r#"{"type":"pong","payload":{}}"#, Ok("pong"));
        check(r#"{"type":"subscribe","id":"1","payload":{"query":"{a}"}}"#, Ok("subscribe 1 {a}"));
        check(
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            Err("A message of the type subscribe"),
        );
        check(
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            Err("A message of the type"),
        );
        check(r#"{"type":"subscribe","id":7,"payload":{"query":"{a}"}}"#, Err("A message must be"));
        check(r#"{"type":"subscribe","id":"1"}"#, Err("The request must be"));
        check(r#"{"type":"subscribe","id":"1","payload":{}}"#, Err("The request has no query."));
        check(r#"{"type":"complete","id":"1"}"#, Ok("complete 1"));
        check(r#"{"type":"complete"}"#, Err("A message of the type complete"));
        check(r#"{"type":"next","id":"1"}"#, Err("A client says"));
        check(r#"{"id":"1"}"#, Err("A message must be"));
        check("nonsense", Err("A message must be"));
    }
}
