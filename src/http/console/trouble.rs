//! What went wrong, as a page of its own.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::post::sentence;
use crate::http::problem::Problem;
use crate::store::StoreError;

/// A page that could not be made: a status and one sentence.
#[derive(Debug)]
pub(super) struct Trouble {
    status: StatusCode,
    words: String,
}

impl Trouble {
    /// A status and its sentence.
    pub(super) fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into() }
    }

    /// 400: what was sent is not as it should be.
    pub(super) fn wrong(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }

    /// 403.
    pub(super) fn forbidden(words: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, words)
    }

    /// 404.
    pub(super) fn missing(words: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, words)
    }
}

impl From<&Problem> for Trouble {
    fn from(problem: &Problem) -> Self {
        Self::new(problem.status(), problem.detail())
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::from(&Problem::from(error))
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (code, words) = (self.status.as_u16(), sentence(&self.words));
        let title = self.status.canonical_reason().unwrap_or("Error");
        let page = format!(
            "<!doctype html><html lang=\"en\" data-theme=\"auto\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
             <link rel=\"stylesheet\" href=\"/assets/console.css\"></head><body class=\"bare\"><main class=\"trouble\">\
             <p class=\"code\">{code}</p><h1>{title}</h1><p>{words}</p><p><a class=\"button\" href=\"/\">To the \
             overview</a></p></main></body></html>"
        );
        let mut response = (self.status, Html(page)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_went_wrong_is_told_without_markup_of_others() {
        let response = Trouble::missing("no `<script>`").into_response();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("&lt;script&gt;") && !body.contains("<script>"), "{body}");
    }
}
