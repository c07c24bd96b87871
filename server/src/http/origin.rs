//! Checks the `Host` and `Origin` headers, which protects the server from foreign web pages.
//!
//! The host check prevents DNS rebinding. The origin check is needed for WebSockets, which browsers
//! open without CORS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::response::error_response;
use crate::config::Origin;

/// The hosts and origins that the server accepts. Clones share them.
#[derive(Clone, Debug)]
pub struct Origins(Arc<Allowed>);

#[derive(Debug)]
struct Allowed {
    /// True if the server listens on loopback only.
    is_loopback: bool,
    /// The server's public addresses.
    public: Vec<Origin>,
    /// Other origins whose pages may use the server.
    others: Vec<Origin>,
}

impl Origins {
    /// Creates the checks for a server that listens on `listen`.
    ///
    /// `public` are the server's own addresses, `others` the origins allowed besides.
    pub fn new(listen: SocketAddr, public: &[Origin], others: &[Origin]) -> Self {
        let is_loopback = listen.ip().is_loopback();
        Self(Arc::new(Allowed { is_loopback, public: public.to_vec(), others: others.to_vec() }))
    }

    /// Returns whether `host` names this server. IP addresses always do: DNS cannot rebind them.
    fn is_own_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let name = host_name(&host);
        let mut public = self.0.public.iter();
        parse_ip(name).is_some()
            || is_localhost(name)
            || public.any(|it| host_name(it.host()) == name)
    }

    /// Returns whether a page of `origin` may send a request with these headers.
    fn may_use(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Ok(origin) = origin.parse::<Origin>() else { return false };
        let host = headers.get(header::HOST).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let is_local_page = || {
            let name = host_name(origin.host());
            is_localhost(name) || parse_ip(name).is_some_and(|it| it.is_loopback())
        };
        origin.host() == host.to_ascii_lowercase()
            || self.0.is_loopback && is_local_page()
            || self.0.public.contains(&origin)
            || self.0.others.contains(&origin)
    }

    /// Returns whether a client may open a WebSocket. Clients without an origin are not browsers.
    pub(super) fn may_connect(&self, headers: &HeaderMap) -> bool {
        match headers.get(header::ORIGIN) {
            None => true,
            Some(origin) => origin.to_str().is_ok_and(|it| self.may_use(it, headers)),
        }
    }

    /// Returns the layer that tells browsers which origins may read responses.
    pub(super) fn cors(&self) -> CorsLayer {
        let origins = self.clone();
        let is_allowed = move |origin: &HeaderValue, parts: &Parts| {
            origin.to_str().is_ok_and(|it| origins.may_use(it, &parts.headers))
        };
        CorsLayer::new()
            .allow_origin(AllowOrigin::predicate(is_allowed))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION])
            .max_age(std::time::Duration::from_secs(3_600))
    }
}

/// Rejects requests whose host is not this server.
pub(super) async fn check_host(
    State(origins): State<Origins>,
    request: Request,
    next: Next,
) -> Response {
    let host = request.headers().get(header::HOST).and_then(|it| it.to_str().ok());
    // HTTP/2 requests carry the host in the URI.
    let host = host.or(request.uri().authority().map(|it| it.as_str())).unwrap_or_default();
    if host.is_empty() || origins.is_own_host(host) {
        return next.run(request).await;
    }
    let message = format!(
        "Unknown host {host}; if it is an address of this server, start it with \
         --public-url https://{host}."
    );
    error_response(StatusCode::MISDIRECTED_REQUEST, "BAD_INPUT", &message)
}

/// Removes the port from a host.
fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    }
}

fn parse_ip(name: &str) -> Option<IpAddr> {
    name.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(listen: &str) -> Origins {
        let of = |text: &str| vec![text.parse::<Origin>().expect("an origin")];
        let listen = listen.parse().expect("an address");
        Origins::new(
            listen,
            &of("https://calendar.example.org"),
            &of("https://app.example.org:8443"),
        )
    }

    #[test]
    fn own_hosts_are_recognised() {
        let origins = origins("127.0.0.1:8080");
        for host in [
            "localhost",
            "localhost:9",
            "127.0.0.1:80",
            "[::1]:80",
            "10.0.0.7",
            "calendar.example.org",
            "Calendar.Example.Org:443",
        ] {
            assert!(origins.is_own_host(host), "{host}");
        }
        for host in [
            "evil.example.org",
            "localhost.evil.example.org",
            "app.example.org:8443",
            "127.0.0.1.example.org",
        ] {
            assert!(!origins.is_own_host(host), "{host}");
        }
    }

    #[test]
    fn origins_are_allowed_or_rejected() {
        for (listen, host, origin, expected) in [
            ("127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("127.0.0.1:8080", "127.0.0.1:8080", "http://localhost:3000", true),
            ("127.0.0.1:8080", "127.0.0.1:8080", "https://evil.example.org", false),
            ("127.0.0.1:8080", "127.0.0.1:8080", "null", false),
            ("0.0.0.0:8080", "10.0.0.7:8080", "http://localhost:3000", false),
            ("0.0.0.0:8080", "10.0.0.7:8080", "http://10.0.0.7:8080", true),
            ("0.0.0.0:8080", "10.0.0.7:8080", "http://10.0.0.7", false),
            ("0.0.0.0:8080", "calendar.example.org", "https://calendar.example.org", true),
            ("0.0.0.0:8080", "10.0.0.7:8080", "https://app.example.org:8443", true),
        ] {
            let headers = [(header::HOST, host.parse().expect("a header"))].into_iter().collect();
            assert_eq!(origins(listen).may_use(origin, &headers), expected, "{origin} to {host}");
        }
    }
}
