//! WebSocket: the same operations over one line, and subscriptions.

use async_graphql::Data;
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::extract::{FromRequestParts, Request, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{App, MAX_BODY};
use crate::auth;

/// Where a socket's reads begin; the library's own 128 KiB would be most of an idle socket.
const SOCKET_BUFFER: usize = 4 * 1024;

/// Opens a socket.
pub(super) async fn follow(app: App, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let Ok(protocol) = GraphQLProtocol::from_request_parts(&mut parts, &()).await else {
        let message = "Offer the WebSocket subprotocol graphql-transport-ws.\n";
        return (StatusCode::BAD_REQUEST, message).into_response();
    };
    let actor = auth::actor(&parts.headers);
    upgrade
        .protocols(["graphql-transport-ws"])
        .read_buffer_size(SOCKET_BUFFER)
        .max_message_size(MAX_BODY)
        .max_frame_size(MAX_BODY)
        .on_upgrade(move |socket| {
            let mut data = Data::default();
            data.insert(actor);
            GraphQLWebSocket::new(socket, app.graphql, protocol).with_data(data).serve()
        })
}
