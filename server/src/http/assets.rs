//! Files embedded in the binary, each in the encodings that the build produced.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::content_type;

/// An embedded file.
pub(super) struct File {
    pub(super) name: &'static str,
    /// The encodings in order of preference, each with its content coding. `None` is uncompressed.
    pub(super) encodings: &'static [(Option<&'static str>, &'static [u8])],
}

/// Embedded files that share a content security policy.
pub(super) struct Folder {
    pub(super) files: &'static [File],
    /// The value of the header `Content-Security-Policy`.
    pub(super) policy: &'static str,
}

impl Folder {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.files.iter().any(|it| it.name == name)
    }

    /// Returns a file in the best encoding that the client accepts.
    ///
    /// `cache_control` is the value of the header of that name.
    pub(super) fn serve(
        &self,
        name: &str,
        headers: &HeaderMap,
        cache_control: &'static str,
    ) -> Response {
        let Some(file) = self.files.iter().find(|it| it.name == name) else {
            return not_found();
        };
        let is_accepted = |coding: Option<&str>| {
            coding.is_none_or(|it| content_type::accepts_coding(headers, it))
        };
        let Some((coding, body)) = file.encodings.iter().find(|(it, _)| is_accepted(*it)) else {
            return (StatusCode::NOT_ACCEPTABLE, "Accept the encoding gzip.\n").into_response();
        };
        let mut response = (*body).into_response();
        let mut set = |name, value| {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        };
        set(header::CONTENT_TYPE, media_type(name));
        set(header::CACHE_CONTROL, cache_control);
        set(header::VARY, "accept-encoding");
        set(header::CONTENT_SECURITY_POLICY, self.policy);
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(header::REFERRER_POLICY, "no-referrer");
        if let Some(coding) = *coding {
            set(header::CONTENT_ENCODING, coding);
        }
        response
    }
}

pub(super) fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "File not found; reload the page.\n").into_response()
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
