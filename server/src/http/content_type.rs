//! Content negotiation: the media type of requests and responses, and content codings.

use axum::http::{HeaderMap, header};

/// The media types of responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: an invalid request has an error status.
    GraphQl,
    /// `application/json`: the status is 200 even for an invalid request, since older clients
    /// ignore the body of any other.
    Json,
    /// `text/event-stream`: graphql-sse, one connection per operation.
    EventStream,
}

impl MediaType {
    /// Returns the value of the response's `Content-Type` header.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::EventStream => "text/event-stream",
        }
    }

    /// Picks the media type that the client prefers, the first of equals.
    ///
    /// Without an `Accept` header it is JSON; `None` means that the client accepts none of ours.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(header::ACCEPT).into_iter().peekable();
        if all.peek().is_none() {
            return Some(Self::Json);
        }
        let mut best = None;
        for range in all.filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(',')) {
            let (name, parameters) = split(range);
            let media_type = match name.as_str() {
                "application/graphql-response+json" => Self::GraphQl,
                "application/json" | "application/*" | "*/*" => Self::Json,
                "text/event-stream" => Self::EventStream,
                _ => continue,
            };
            if !is_utf8(&parameters) {
                continue;
            }
            let quality = quality(&parameters);
            if quality > best.map_or(0.0, |(_, it)| it) {
                best = Some((media_type, quality));
            }
        }
        best.map(|(media_type, _)| media_type)
    }
}

/// Returns whether the client accepts a content coding.
pub(super) fn accepts_coding(headers: &HeaderMap, coding: &str) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).into_iter();
    let mut all = all.filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(',')).map(split);
    all.any(|(name, parameters)| name == coding && quality(&parameters) > 0.0)
}

/// Returns the quality value `q`: 1 by default, 0 if it is not a number.
fn quality(parameters: &[(String, String)]) -> f32 {
    let parameter = parameters.iter().find(|(name, _)| name == "q");
    parameter.map_or(1.0, |(_, it)| it.parse().unwrap_or(0.0))
}

/// Returns whether the content type is JSON in UTF-8.
///
/// Requiring it protects against forgery: a foreign page cannot send it without CORS permission.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let (name, parameters) = split(value.unwrap_or_default());
    name == "application/json" && is_utf8(&parameters)
}

fn is_utf8(parameters: &[(String, String)]) -> bool {
    parameters.iter().all(|(name, it)| name != "charset" || it == "utf-8" || it == "utf8")
}

/// Splits a media type, media range or coding from its parameters, all in lower case.
fn split(text: &str) -> (String, Vec<(String, String)>) {
    let mut parts = text.split(';').map(|it| it.trim().to_ascii_lowercase());
    let name = parts.next().unwrap_or_default();
    let parameters = parts.filter_map(|it| {
        let (name, value) = it.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
    });
    (name, parameters.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &str, expected: Option<MediaType>) {
        let headers = [(header::ACCEPT, accept.parse().expect("a header"))].into_iter().collect();
        assert_eq!(MediaType::negotiate(&headers), expected, "{accept}");
    }

    #[test]
    fn the_preferred_media_type_is_negotiated() {
        assert_eq!(MediaType::negotiate(&HeaderMap::new()), Some(MediaType::Json));
        check("*/*", Some(MediaType::Json));
        check("application/*", Some(MediaType::Json));
        check("application/graphql-response+json", Some(MediaType::GraphQl));
        check(
            "application/graphql-response+json, application/json;q=0.9",
            Some(MediaType::GraphQl),
        );
        check("application/graphql-response+json;q=0.1, application/json", Some(MediaType::Json));
        check("Application/JSON; charset=UTF-8", Some(MediaType::Json));
        check("text/event-stream", Some(MediaType::EventStream));
        check("text/html, application/json;q=0", None);
        check("application/json; charset=latin1", None);
        check("image/png", None);
        check("application/json;q=nonsense", None);
    }

    #[test]
    fn accepted_codings_are_recognised() {
        for (value, expected) in [
            ("gzip, deflate, br", true),
            ("gzip;q=0.5, br;q=0.1", true),
            ("br; q=0.0, gzip", false),
            ("brotli", false),
            ("", false),
        ] {
            let headers = [(header::ACCEPT_ENCODING, value.parse().expect("a header"))];
            assert_eq!(accepts_coding(&headers.into_iter().collect(), "br"), expected, "{value}");
        }
    }

    #[test]
    fn json_content_types_are_recognised() {
        for (value, expected) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("application/json; charset=\"UTF-8\"", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
            ("application/graphql", false),
            ("", false),
        ] {
            let headers = [(header::CONTENT_TYPE, value.parse().expect("a header"))];
            assert_eq!(is_json(&headers.into_iter().collect()), expected, "{value}");
        }
    }
}
