//! Terminal chat with a running bot: one call a command, its answers as JSON lines until the last.

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio_util::bytes::Bytes;

use super::Site;
use super::problem::{self, Problem};

/// One command of an attached terminal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Say {
    /// What was typed.
    text: String,
    /// The Unix user who typed it.
    user: String,
}

/// Answers with JSON lines `{"post": ..., "last": bool, "good": bool}`.
pub(super) async fn say(
    State(site): State<Site>,
    problem::Body(said): problem::Body<Say>,
) -> Result<Response, Problem> {
    let answers = site
        .bot
        .console()
        .say(&said.user, &said.text)
        .map_err(|error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, error))?;
    let lines = answers.map(|answer| {
        let line = json!({"post": *answer.post, "last": answer.last, "good": answer.good});
        Ok::<Bytes, std::convert::Infallible>(Bytes::from(format!("{line}\n")))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}
