//! Serves the calendar page, if it was built into the binary.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};

use super::assets::{self, Folder};

/// The output of `cargo xtask page`, embedded by the build script.
mod built {
    use crate::http::assets::File;

    include!(concat!(env!("OUT_DIR"), "/page.rs"));
}

/// The page's files. Their policy allows only the page's own scripts, styles and server.
const PAGE: Folder = Folder {
    files: built::FILES,
    policy: "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
             connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
};

const INDEX: &str = "index.html";

/// Returns whether the binary contains the page.
pub fn is_built() -> bool {
    PAGE.contains(INDEX)
}

/// Serves the page's document, or redirects to GraphiQL if the page was not built.
pub(super) async fn index(headers: HeaderMap) -> Response {
    if is_built() {
        PAGE.serve(INDEX, &headers, "no-cache")
    } else {
        Redirect::to("/graphiql").into_response()
    }
}

/// Serves a file of the page. Its name contains a hash of its content, so browsers may keep it.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    // The document has no hash in its name.
    if name == INDEX {
        return assets::not_found();
    }
    PAGE.serve(&name, &headers, "public, max-age=31536000, immutable")
}
