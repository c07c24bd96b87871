//! Media types: in which form an answer is wanted, and in which a request comes.

use axum::http::{HeaderMap, header};

/// The forms in which there are answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status says whether the request was good.
    GraphQl,
    /// `application/json`: whatever is a request is answered with 200, for clients that read no body otherwise.
    Json,
    /// `text/event-stream`: graphql-sse, a connection for each operation.
    Stream,
}

impl Media {
    /// What goes over the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::Stream => "text/event-stream",
        }
    }

    /// The form that is wanted most, of those that there are; the first of equals. Who does not say takes JSON.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(header::ACCEPT).into_iter().peekable();
        if all.peek().is_none() {
            return Some(Self::Json);
        }
        let mut best = None;
        for range in all.filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(',')) {
            let (name, parameters) = split(range);
            let media = match name.as_str() {
                "application/graphql-response+json" => Self::GraphQl,
                "application/json" | "application/*" | "*/*" => Self::Json,
                "text/event-stream" => Self::Stream,
                _ => continue,
            };
            if !is_utf8(&parameters) {
                continue;
            }
            let quality = quality(&parameters);
            if quality > best.map_or(0.0, |(_, it)| it) {
                best = Some((media, quality));
            }
        }
        best.map(|(media, _)| media)
    }
}

/// Whether a content coding is accepted.
pub(super) fn accepts_coding(headers: &HeaderMap, coding: &str) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).into_iter();
    let mut all = all.filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(',')).map(split);
    all.any(|(name, parameters)| name == coding && quality(&parameters) > 0.0)
}

/// How much something is wanted. What cannot be read is not.
fn quality(parameters: &[(String, String)]) -> f32 {
    let said = parameters.iter().find(|(name, _)| name == "q");
    said.map_or(1.0, |(_, it)| it.parse().unwrap_or(0.0))
}

/// Whether a body says that it is JSON, in UTF-8. A page of somebody else's cannot make a browser send that.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let said = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let (name, parameters) = split(said.unwrap_or_default());
    name == "application/json" && is_utf8(&parameters)
}

fn is_utf8(parameters: &[(String, String)]) -> bool {
    parameters.iter().all(|(name, it)| name != "charset" || it == "utf-8" || it == "utf8")
}

/// A media type or range, and its parameters.
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
    fn check(accept: &str, expected: Option<Media>) {
        let headers = [(header::ACCEPT, accept.parse().expect("a header"))].into_iter().collect();
        assert_eq!(Media::accepted(&headers), expected, "{accept}");
    }

    #[test]
    fn the_form_that_is_wanted_most() {
        assert_eq!(Media::accepted(&HeaderMap::new()), Some(Media::Json));
        check("*/*", Some(Media::Json));
        check("application/*", Some(Media::Json));
        check("application/graphql-response+json", Some(Media::GraphQl));
        check("application/graphql-response+json, application/json;q=0.9", Some(Media::GraphQl));
        check("application/graphql-response+json;q=0.1, application/json", Some(Media::Json));
        check("Application/JSON; charset=UTF-8", Some(Media::Json));
        check("text/event-stream", Some(Media::Stream));
        check("text/html, application/json;q=0", None);
        check("application/json; charset=latin1", None);
        check("image/png", None);
        check("application/json;q=nonsense", None);
    }

    #[test]
    fn which_codings_are_accepted() {
        for (said, expected) in [
            ("gzip, deflate, br", true),
            ("gzip;q=0.5, br;q=0.1", true),
            ("br; q=0.0, gzip", false),
            ("brotli", false),
            ("", false),
        ] {
            let headers = [(header::ACCEPT_ENCODING, said.parse().expect("a header"))];
            assert_eq!(accepts_coding(&headers.into_iter().collect(), "br"), expected, "{said}");
        }
    }

    #[test]
    fn what_is_json() {
        for (said, expected) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("application/json; charset=\"UTF-8\"", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
            ("application/graphql", false),
            ("", false),
        ] {
            let headers = [(header::CONTENT_TYPE, said.parse().expect("a header"))];
            assert_eq!(is_json(&headers.into_iter().collect()), expected, "{said}");
        }
    }
}
