//! Who may speak to the server from a browser: by which name it is called (or else a name of somebody else's could lead
//! here, DNS rebinding), and from whose pages (or else any page could use a socket, which no browser forbids).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::response::failure;
use crate::config::Origin;

/// What is allowed. Clones are one.
#[derive(Clone)]
pub struct Origins(Arc<Allowed>);

struct Allowed {
    /// Whether it can be reached from this machine alone.
    is_loopback: bool,
    /// By which addresses others know the server.
    public: Vec<Origin>,
    /// Whose pages may use it besides.
    others: Vec<Origin>,
}

impl Origins {
    /// What a server that listens here allows.
    pub fn new(listen: SocketAddr, public: &[Origin], others: &[Origin]) -> Self {
        let is_loopback = listen.ip().is_loopback();
        Self(Arc::new(Allowed { is_loopback, public: public.to_vec(), others: others.to_vec() }))
    }

    /// Whether `host` is a name of this server: an address is no name that anybody could have given away.
    fn is_ours(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let name = name_of(&host);
        let mut public = self.0.public.iter();
        address(name).is_some() || is_local(name) || public.any(|it| name_of(it.host()) == name)
    }

    /// Whether a page from there may use the server that was called by these headers.
    fn may(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Ok(origin) = origin.parse::<Origin>() else { return false };
        let host = headers.get(header::HOST).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let is_local_page = || {
            let name = name_of(origin.host());
            is_local(name) || address(name).is_some_and(|it| it.is_loopback())
        };
        origin.host() == host.to_ascii_lowercase()
            || self.0.is_loopback && is_local_page()
            || self.0.public.contains(&origin)
            || self.0.others.contains(&origin)
    }

    /// Whether a socket may be opened: programs may, and pages that may use the server.
    pub(super) fn may_open(&self, headers: &HeaderMap) -> bool {
        match headers.get(header::ORIGIN) {
            None => true,
            Some(origin) => origin.to_str().is_ok_and(|it| self.may(it, headers)),
        }
    }

    /// What tells browsers whose pages may read the answers.
    pub(super) fn cors(&self) -> CorsLayer {
        let origins = self.clone();
        let may = move |origin: &HeaderValue, parts: &Parts| {
            origin.to_str().is_ok_and(|it| origins.may(it, &parts.headers))
        };
        CorsLayer::new()
            .allow_origin(AllowOrigin::predicate(may))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION])
            .max_age(std::time::Duration::from_secs(3_600))
    }
}

/// Refuses a request that was meant for somebody else.
pub(super) async fn is_for_us(
    State(origins): State<Origins>,
    request: Request,
    next: Next,
) -> Response {
    let host = request.headers().get(header::HOST).and_then(|it| it.to_str().ok());
    // (A request of HTTP/2 has its host in the address.)
    let host = host.or(request.uri().authority().map(|it| it.as_str())).unwrap_or_default();
    if host.is_empty() || origins.is_ours(host) {
        return next.run(request).await;
    }
    let message = format!(
        "This server is not called {host}; if it is, start it with --public-url https://{host}."
    );
    failure(StatusCode::MISDIRECTED_REQUEST, "BAD_INPUT", &message)
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    }
}

fn address(name: &str) -> Option<IpAddr> {
    name.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_local(name: &str) -> bool {
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
    fn by_which_names_it_is_called() {
        let it = origins("127.0.0.1:8080");
        for host in [
            "localhost",
            "localhost:9",
            "127.0.0.1:80",
            "[::1]:80",
            "10.0.0.7",
            "calendar.example.org",
            "Calendar.Example.Org:443",
        ] {
            assert!(it.is_ours(host), "{host}");
        }
        for host in [
            "evil.example.org",
            "localhost.evil.example.org",
            "app.example.org:8443",
            "127.0.0.1.example.org",
        ] {
            assert!(!it.is_ours(host), "{host}");
        }
    }

    #[test]
    fn whose_pages_may_use_it() {
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
            assert_eq!(origins(listen).may(origin, &headers), expected, "{origin} to {host}");
        }
    }
}
