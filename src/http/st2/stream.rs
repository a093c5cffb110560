//! `/stream/v1/stream`: what is announced, as server-sent events (the format is in the HTML standard, "Server-sent
//! events"). A comment at the start and every [`BEAT`] keeps the connection in use.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tokio_util::bytes::Bytes;

use super::fault::{Fault, Query};
use super::{Caller, relays};
use crate::bot::hubots::{Line, Listening, Wants};
use crate::http::Site;
use crate::net::World;

/// Between two comments; proxies give up at 30 s and more.
const BEAT: Duration = Duration::from_secs(20);
/// Says nothing, and shows that the connection is there.
const COMMENT: &str = ":\n\n";

/// What is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    /// Names of events, with commas between.
    events: Option<String>,
}

/// Events until the client goes, the bot stops, or the client does not keep up.
pub(super) async fn read(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let names = asked.events.unwrap_or_default();
    let names: Vec<String> =
        names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let wants = if names.is_empty() { Wants::All } else { Wants::Only(names) };
    let after = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let listening = site.bot.hubot(&relays::adapter(&caller)).listen(wants, after);
    let listening =
        listening.map_err(|full| Fault::new(StatusCode::SERVICE_UNAVAILABLE, full.to_string()))?;
    let begin = stream::once(async { Bytes::from_static(COMMENT.as_bytes()) });
    let body = begin.chain(lines(listening, site.world)).map(Ok::<Bytes, Infallible>);
    let head =
        [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((head, Body::from_stream(body)).into_response())
}

fn lines(listening: Listening, world: World) -> impl stream::Stream<Item = Bytes> + Send {
    stream::unfold((listening, world), |(mut listening, world)| async move {
        let bytes = match world.timeout(BEAT, listening.next()).await {
            Ok(Some(line)) => Bytes::from(written(&line)),
            Ok(None) => return None,
            Err(_) => Bytes::from_static(COMMENT.as_bytes()),
        };
        Some((bytes, (listening, world)))
    })
}

/// JSON has no line breaks of its own.
fn written(line: &Line) -> String {
    let event: String = line.event.chars().filter(|c| !c.is_control()).collect();
    format!("id: {}\nevent: {event}\ndata: {}\n\n", line.id, line.data)
}
