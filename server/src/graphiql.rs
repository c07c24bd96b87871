//! GraphiQL, as it comes from npm (`cargo xtask graphiql`), without anything from elsewhere.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Its own scripts and this server, and nothing else. (Its editor writes styles into the document.)
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is kept for a while: it changes with the server.
const KEEP: &str = "public, max-age=3600";

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// A file, whether it is compressed, and what it is.
type File = (&'static str, &'static [u8], bool, &'static str);

const FILES: &[File] = &[
    ("start.js", include_bytes!("../graphiql/start.js"), false, SCRIPT),
    ("start.css", include_bytes!("../graphiql/start.css"), false, STYLE),
    ("react.js", include_bytes!("../graphiql/react.js.gz"), true, SCRIPT),
    ("react-dom.js", include_bytes!("../graphiql/react-dom.js.gz"), true, SCRIPT),
    ("graphiql.js", include_bytes!("../graphiql/graphiql.js.gz"), true, SCRIPT),
    ("graphiql.css", include_bytes!("../graphiql/graphiql.css.gz"), true, STYLE),
    (
        "licences.txt",
        include_bytes!("../graphiql/licences.txt.gz"),
        true,
        "text/plain; charset=utf-8",
    ),
];

/// The document.
pub(crate) async fn index() -> Response {
    let page = include_bytes!("../graphiql/index.html").as_slice();
    answer(page, false, "text/html; charset=utf-8", "no-cache")
}

/// What it loads.
pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some((_, body, is_compressed, kind)) = FILES.iter().find(|it| it.0 == name) else {
        return (StatusCode::NOT_FOUND, "There is no such file.\n").into_response();
    };
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok());
    if *is_compressed && !accepted.unwrap_or_default().contains("gzip") {
        // There is no other form of it; every browser takes this one.
        return (StatusCode::NOT_ACCEPTABLE, "Accept the encoding gzip.\n").into_response();
    }
    answer(body, *is_compressed, kind, KEEP)
}

fn answer(
    body: &'static [u8],
    is_compressed: bool,
    kind: &'static str,
    keep: &'static str,
) -> Response {
    let mut response = body.into_response();
    let mut set = |name, value| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_TYPE, kind);
    set(header::CACHE_CONTROL, keep);
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    if is_compressed {
        set(header::CONTENT_ENCODING, "gzip");
    }
    response
}
