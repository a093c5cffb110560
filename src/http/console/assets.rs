//! The style sheet, the script and the sign of the console: in the binary, kept by browsers.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::trouble::Trouble;

/// Name, kind, content.
const ASSETS: &[(&str, &str, &str)] = &[
    ("console.css", "text/css; charset=utf-8", include_str!("pages/console.css")),
    ("console.js", "text/javascript; charset=utf-8", include_str!("pages/console.js")),
    ("icon.svg", "image/svg+xml", include_str!("pages/icon.svg")),
];

/// The part of an asset's address that changes with the program.
pub(super) fn version() -> String {
    let all: String = ASSETS.iter().map(|(.., content)| *content).collect();
    crate::http::tokens::hash(all)[..12].to_owned()
}

/// One of them.
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let Some((_, kind, content)) = ASSETS.iter().find(|(known, ..)| *known == name) else {
        return Trouble::missing("there is nothing here").into_response();
    };
    // The pages ask for it by its version.
    let headers = [(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "public, max-age=86400")];
    (StatusCode::OK, headers, *content).into_response()
}
