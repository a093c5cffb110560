//! A span for each request, for those who trace.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use tracing::field::Empty;
use tracing::{Instrument, trace_span};

use crate::telemetry::TARGET;

/// Tells how long a request took, and what was answered. Callers name their own span in `traceparent`.
pub(super) async fn traced(request: Request, next: Next) -> Response {
    let caller =
        request.headers().get("traceparent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let span = trace_span!(
        target: TARGET, "request", http.request.method = request.method().as_str(), url.path = shown(request.uri().path()),
        traceparent = caller, http.response.status_code = Empty, error = Empty
    );
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("error", status.as_str());
    }
    response
}

/// What chat services and senders put behind their names may be secret.
fn shown(path: &str) -> &str {
    let is_theirs = ["/chat/", "/in/"].iter().any(|start| path.starts_with(start));
    let end = path.match_indices('/').nth(2).map_or(path.len(), |(end, _)| end);
    if is_theirs { &path[..end] } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_put_behind_their_names_is_not_told() {
        assert_eq!(shown("/chat/mattermost/press/s3cret"), "/chat/mattermost");
        assert_eq!(shown("/in/github"), "/in/github");
        assert_eq!(shown("/api/v1/events/17"), "/api/v1/events/17");
    }
}
