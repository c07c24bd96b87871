//! GraphiQL, as it comes from npm (`cargo xtask graphiql`), without anything from elsewhere.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;

use super::assets::{File, Folder};

/// It may run its own scripts and ask this server, and nothing else. (Its editor writes styles into the document.)
const GRAPHIQL: Folder = Folder {
    files: &[
        file("index.html", &[(None, include_bytes!("../../graphiql/index.html"))]),
        file("start.js", &[(None, include_bytes!("../../graphiql/start.js"))]),
        file("start.css", &[(None, include_bytes!("../../graphiql/start.css"))]),
        file("react.js", &[(GZIP, include_bytes!("../../graphiql/react.js.gz"))]),
        file("react-dom.js", &[(GZIP, include_bytes!("../../graphiql/react-dom.js.gz"))]),
        file("graphiql.js", &[(GZIP, include_bytes!("../../graphiql/graphiql.js.gz"))]),
        file("graphiql.css", &[(GZIP, include_bytes!("../../graphiql/graphiql.css.gz"))]),
        file("licences.txt", &[(GZIP, include_bytes!("../../graphiql/licences.txt.gz"))]),
    ],
    policy: "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; \
             img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/// The only form of the large ones: every browser takes it.
const GZIP: Option<&str> = Some("gzip");

const fn file(name: &'static str, forms: &'static [(Option<&'static str>, &'static [u8])]) -> File {
    File { name, forms }
}

/// The document.
pub(super) async fn index(headers: HeaderMap) -> Response {
    GRAPHIQL.answer("index.html", &headers, "no-cache")
}

/// What it loads; it changes with the server, so it is kept for a while only.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    GRAPHIQL.answer(&name, &headers, "public, max-age=3600")
}
