//! The messages of the WebSocket subprotocol `graphql-transport-ws`, as text. Pure functions.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{ServerMessage, SubscriptionCommand, SubscriptionEnd, SubscriptionId};

/// The name of the subprotocol.
pub(super) const NAME: &str = "graphql-transport-ws";

/// A message that the server sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ProtocolMessage {
    Ack,
    Ping,
    Pong,
    Subscription(ServerMessage),
}

#[derive(Deserialize)]
struct RawMessage<'m> {
    r#type: &'m str,
    id: Option<&'m str>,
    #[serde(borrow)]
    payload: Option<&'m RawValue>,
}

/// Parses a message. Returns `None` if the protocol does not define it.
pub(super) fn parse(text: &str) -> Option<ProtocolMessage> {
    let RawMessage { r#type, id, payload } = serde_json::from_str(text).ok()?;
    let id = || Some(SubscriptionId(id?.parse().ok()?));
    let message = match r#type {
        "connection_ack" => return Some(ProtocolMessage::Ack),
        "ping" => return Some(ProtocolMessage::Ping),
        "pong" => return Some(ProtocolMessage::Pong),
        "next" => ServerMessage::Event { id: id()?, payload: payload?.get().to_owned() },
        "error" => {
            let errors = payload.map_or("", |it| it.get()).to_owned();
            ServerMessage::End { id: id()?, end: SubscriptionEnd::Failed(errors) }
        }
        "complete" => ServerMessage::End { id: id()?, end: SubscriptionEnd::Complete },
        _ => return None,
    };
    Some(ProtocolMessage::Subscription(message))
}

/// Formats the first message of a connection.
pub(super) fn init(token: Option<&str>) -> String {
    let message = match token {
        Some(token) => {
            let authorization = format!("Bearer {token}");
            json!({"type": "connection_init", "payload": {"authorization": authorization}})
        }
        None => json!({"type": "connection_init"}),
    };
    message.to_string()
}

pub(super) fn ping() -> String {
    json!({"type": "ping"}).to_string()
}

pub(super) fn pong() -> String {
    json!({"type": "pong"}).to_string()
}

/// Formats the message for a command.
pub(super) fn format_command(command: &SubscriptionCommand) -> String {
    match command {
        SubscriptionCommand::Subscribe { id, body } => {
            format!(r#"{{"id":"{}","type":"subscribe","payload":{body}}}"#, id.0)
        }
        SubscriptionCommand::Unsubscribe { id } => {
            format!(r#"{{"id":"{}","type":"complete"}}"#, id.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_messages_are_parsed() {
        let id = SubscriptionId(7);
        let check = |text: &str, expected: Option<ProtocolMessage>| {
            assert_eq!(parse(text), expected, "{text}");
        };
        check(r#"{"type":"connection_ack"}"#, Some(ProtocolMessage::Ack));
        check(r#"{"type":"ping","payload":{}}"#, Some(ProtocolMessage::Ping));
        let payload = r#"{"data": 1}"#.to_owned();
        let event = ProtocolMessage::Subscription(ServerMessage::Event { id, payload });
        check(r#"{"id":"7","type":"next","payload":{"data": 1}}"#, Some(event));
        let end = ServerMessage::End { id, end: SubscriptionEnd::Complete };
        let end = ProtocolMessage::Subscription(end);
        check(r#"{"id":"7","type":"complete"}"#, Some(end));
        check(r#"{"id":"x","type":"complete"}"#, None);
        check(r#"{"type":"other"}"#, None);
        check("nonsense", None);
    }

    #[test]
    fn client_messages_are_formatted() {
        let id = SubscriptionId(7);
        let body = r#"{"query":"q"}"#.to_owned();
        let subscribe = format_command(&SubscriptionCommand::Subscribe { id, body });
        assert_eq!(subscribe, r#"{"id":"7","type":"subscribe","payload":{"query":"q"}}"#);
        assert!(init(Some("t")).contains("Bearer t"));
    }
}
