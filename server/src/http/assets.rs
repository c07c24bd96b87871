//! Files that are in the binary, in the forms that were made when it was built: as they are, or compressed.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::content_type;

/// A file.
pub(super) struct File {
    pub(super) name: &'static str,
    /// The best first, each with its content coding; none for the file as it is.
    pub(super) forms: &'static [(Option<&'static str>, &'static [u8])],
}

/// What browsers are told of a folder's files.
pub(super) struct Folder {
    pub(super) files: &'static [File],
    /// What its documents may do (Content-Security-Policy).
    pub(super) policy: &'static str,
}

impl Folder {
    pub(super) fn has(&self, name: &str) -> bool {
        self.files.iter().any(|it| it.name == name)
    }

    /// A file in the best form that is accepted, to be kept by the browser as `keep` says.
    pub(super) fn answer(&self, name: &str, headers: &HeaderMap, keep: &'static str) -> Response {
        let Some(file) = self.files.iter().find(|it| it.name == name) else {
            return missing();
        };
        let takes = |coding: Option<&str>| {
            coding.is_none_or(|it| content_type::accepts_coding(headers, it))
        };
        let Some((coding, body)) = file.forms.iter().find(|(coding, _)| takes(*coding)) else {
            return (StatusCode::NOT_ACCEPTABLE, "Accept the encoding gzip.\n").into_response();
        };
        let mut response = (*body).into_response();
        let mut set = |name, value| {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        };
        set(header::CONTENT_TYPE, kind(name));
        set(header::CACHE_CONTROL, keep);
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

pub(super) fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is no such file; load the page anew.\n").into_response()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
