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
    #[serde(default)]
    text: String,
    /// The Unix user who typed it.
    user: String,
    /// Nothing was typed: the answer is what comes for that user beside answers, for as long as it is read.
    #[serde(default)]
    listen: bool,
}

/// Answers with JSON lines `{"post": ..., "last": bool, "good": bool}`.
pub(super) async fn say(
    State(site): State<Site>,
    problem::Body(said): problem::Body<Say>,
) -> Result<Response, Problem> {
    let busy = |error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, error);
    let console = site.bot.console();
    let answers = match said.listen {
        true => console.listen(&said.user).map_err(busy)?.left_stream(),
        false => console.say(&said.user, &said.text).map_err(busy)?.right_stream(),
    };
    let lines = answers.map(|answer| {
        let line = json!({"post": *answer.post, "last": answer.last, "good": answer.good});
        Ok::<Bytes, std::convert::Infallible>(Bytes::from(format!("{line}\n")))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}
