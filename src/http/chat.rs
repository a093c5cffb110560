//! Terminal chat with a running bot: one call a command, its answers as JSON lines until the last.

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio_util::bytes::Bytes;

use super::Site;
use super::problem::{self, Problem};
use crate::bot::console::Said;

/// One command of an attached terminal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Say {
    /// What was typed.
    text: String,
    /// The Unix user who typed it.
    user: String,
}

/// Who listens at an attached terminal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Listener {
    /// The Unix user.
    user: String,
}

/// Answers with JSON lines `{"post": ..., "last": bool, "good": bool}`.
pub(super) async fn say(
    State(site): State<Site>,
    problem::Body(said): problem::Body<Say>,
) -> Result<Response, Problem> {
    site.bot.console().say(&said.user, &said.text).map(lines).map_err(busy)
}

/// The same lines of what comes for a user beside answers (reminders, what a schedule ran), for as long as they are read.
pub(super) async fn listen(
    State(site): State<Site>,
    problem::Body(who): problem::Body<Listener>,
) -> Result<Response, Problem> {
    site.bot.console().listen(&who.user).map(lines).map_err(busy)
}

fn busy(error: String) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, error)
}

fn lines(answers: impl Stream<Item = Said> + Send + 'static) -> Response {
    let lines = answers.map(|answer| {
        let line = json!({"post": *answer.post, "last": answer.last, "good": answer.good});
        Ok::<Bytes, std::convert::Infallible>(Bytes::from(format!("{line}\n")))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}
