//! The calendar page, as it was built into the binary; if it was not, there is none.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};

use super::assets::{self, Folder};

/// What `cargo xtask page` has built.
mod built {
    use crate::http::assets::File;

    include!(concat!(env!("OUT_DIR"), "/page.rs"));
}

/// The page may run its own scripts and styles and ask its own server, and nothing else.
const PAGE: Folder = Folder {
    files: built::FILES,
    policy: "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
             img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

const INDEX: &str = "index.html";

/// Whether the binary has the page in it.
pub fn is_built() -> bool {
    PAGE.has(INDEX)
}

/// The page; GraphiQL where it was not built.
pub(super) async fn index(headers: HeaderMap) -> Response {
    match is_built() {
        true => PAGE.answer(INDEX, &headers, "no-cache"),
        false => Redirect::to("/graphiql").into_response(),
    }
}

/// A part of the page. Its name follows from its content, so it never changes (which is not so of the document).
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match name == INDEX {
        true => assets::missing(),
        false => PAGE.answer(&name, &headers, "public, max-age=31536000, immutable"),
    }
}
