//! The messages of `graphql-transport-ws`. Pure.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Command, Heard};
use crate::transport::{SubscriptionEnd, SubscriptionNumber};

/// The subprotocol's name.
pub(super) const NAME: &str = "graphql-transport-ws";

/// What a server says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    Ack,
    Ping,
    Pong,
    Heard(Heard),
}

#[derive(Deserialize)]
struct Raw<'m> {
    r#type: &'m str,
    id: Option<&'m str>,
    #[serde(borrow)]
    payload: Option<&'m RawValue>,
}

/// Reads a message; `None` for what the protocol does not have.
pub(super) fn read(text: &str) -> Option<Message> {
    let Raw { r#type, id, payload } = serde_json::from_str(text).ok()?;
    let number = || Some(SubscriptionNumber(id?.parse().ok()?));
    Some(match r#type {
        "connection_ack" => Message::Ack,
        "ping" => Message::Ping,
        "pong" => Message::Pong,
        "next" => {
            Message::Heard(Heard::Event { number: number()?, payload: payload?.get().to_owned() })
        }
        "error" => {
            let why = payload.map_or("", |it| it.get()).to_owned();
            Message::Heard(Heard::End { number: number()?, end: SubscriptionEnd::Failed(why) })
        }
        "complete" => {
            Message::Heard(Heard::End { number: number()?, end: SubscriptionEnd::Complete })
        }
        _ => return None,
    })
}

/// The first message.
pub(super) fn init(token: Option<&str>) -> String {
    match token {
        Some(token) => {
            json!({"type": "connection_init", "payload": {"authorization": format!("Bearer {token}")}})
        }
        None => json!({"type": "connection_init"}),
    }
    .to_string()
}

pub(super) fn ping() -> String {
    json!({"type": "ping"}).to_string()
}

pub(super) fn pong() -> String {
    json!({"type": "pong"}).to_string()
}

/// What a command is on the wire.
pub(super) fn write(command: &Command) -> String {
    match command {
        Command::Subscribe { number, body } => {
            format!(r#"{{"id":"{}","type":"subscribe","payload":{body}}}"#, number.0)
        }
        Command::Unsubscribe { number } => format!(r#"{{"id":"{}","type":"complete"}}"#, number.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says() {
        let number = SubscriptionNumber(7);
        let check =
            |text: &str, expected: Option<Message>| assert_eq!(read(text), expected, "{text}");
        check(r#"{"type":"connection_ack"}"#, Some(Message::Ack));
        check(r#"{"type":"ping","payload":{}}"#, Some(Message::Ping));
        let payload = r#"{"data": 1}"#.to_owned();
        let event = Message::Heard(Heard::Event { number, payload });
        check(r#"{"id":"7","type":"next","payload":{"data": 1}}"#, Some(event));
        let end = Message::Heard(Heard::End { number, end: SubscriptionEnd::Complete });
        check(r#"{"id":"7","type":"complete"}"#, Some(end));
        check(r#"{"id":"x","type":"complete"}"#, None);
        check(r#"{"type":"other"}"#, None);
        check("nonsense", None);
    }

    #[test]
    fn what_we_say() {
        let number = SubscriptionNumber(7);
        let body = r#"{"query":"q"}"#.to_owned();
        let subscribe = write(&Command::Subscribe { number, body });
        assert_eq!(subscribe, r#"{"id":"7","type":"subscribe","payload":{"query":"q"}}"#);
        assert!(init(Some("t")).contains("Bearer t"));
    }
}
