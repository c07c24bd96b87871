//! The calendar page, as it was built into the binary; if it was not, there is none.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

/// A file of the page, as it is and in its compressed forms.
struct File {
    name: &'static str,
    plain: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

/// What `cargo xtask page` has built.
mod built {
    use super::File;

    include!(concat!(env!("OUT_DIR"), "/page.rs"));
}

const INDEX: &str = "index.html";

/// What a browser lets the page do: its own scripts and styles, its own server, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whether the binary has the page in it.
pub fn is_built() -> bool {
    find(INDEX).is_some()
}

/// The page; GraphiQL where it was not built.
pub(crate) async fn index(headers: HeaderMap) -> Response {
    match find(INDEX) {
        Some(file) => answer(file, &headers, "no-cache"),
        None => Redirect::to("/graphiql").into_response(),
    }
}

/// A part of the page. Its name follows from its content, so it never changes.
pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match find(&name).filter(|it| it.name != INDEX) {
        Some(file) => answer(file, &headers, "public, max-age=31536000, immutable"),
        None => {
            (StatusCode::NOT_FOUND, "There is no such file; load the page anew.\n").into_response()
        }
    }
}

fn find(name: &str) -> Option<&'static File> {
    built::FILES.iter().find(|it| it.name == name)
}

fn answer(file: &File, headers: &HeaderMap, keep: &'static str) -> Response {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok());
    let takes = |coding: &str| {
        let mut all = accepted.unwrap_or_default().split(',').map(str::trim);
        // (`br;q=0` refuses it.)
        all.any(|it| {
            it == coding
                || it.strip_prefix(coding).is_some_and(|it| it.starts_with(";q=") && it != ";q=0")
        })
    };
    let (coding, body) = match () {
        () if takes("br") => (Some("br"), file.brotli),
        () if takes("gzip") => (Some("gzip"), file.gzip),
        () => (None, file.plain),
    };
    let mut response = body.into_response();
    let mut set = |name, value: &'static str| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_TYPE, kind(file.name));
    set(header::CACHE_CONTROL, keep);
    set(header::VARY, "accept-encoding");
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    if let Some(coding) = coding {
        set(header::CONTENT_ENCODING, coding);
    }
    response
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
