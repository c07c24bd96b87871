//! Serves GraphiQL from embedded files, which `cargo xtask graphiql` takes from npm.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;

use super::assets::{File, Folder};

/// GraphiQL's files. Their policy allows only its own scripts and this server.
///
/// `unsafe-inline` is for styles: the editor writes them into the document.
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
    policy: "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
             font-src data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
};

/// The only encoding of the large files: every browser accepts it.
const GZIP: Option<&str> = Some("gzip");

const fn file(
    name: &'static str,
    encodings: &'static [(Option<&'static str>, &'static [u8])],
) -> File {
    File { name, encodings }
}

/// Serves GraphiQL's document.
pub(super) async fn index(headers: HeaderMap) -> Response {
    GRAPHIQL.serve("index.html", &headers, "no-cache")
}

/// Serves a file that the document loads. Browsers may keep it for an hour: its name is not hashed.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    GRAPHIQL.serve(&name, &headers, "public, max-age=3600")
}
