//! Server-sent events: what a page that is live reads
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::OwnedSemaphorePermit;

use super::Console;
use super::feed::{Topic, follow};
use super::overview::newest;
use super::trouble::Trouble;
use super::viewer::Viewer;
use crate::http::caller::Scope;

/// Between two signs of life; at each of them the session is looked at.
const BEAT: Duration = Duration::from_secs(15);

type Lines = Pin<Box<dyn Stream<Item = Arc<str>> + Send>>;

struct Live {
    console: Arc<Console>,
    viewer: Viewer,
    lines: Lines,
    /// How many things wait for somebody's word, whenever that changes.
    waits: Lines,
    begun: bool,
    over: bool,
    _place: OwnedSemaphorePermit,
}

/// How many things wait for somebody's word, for the navigation of a page that is not live otherwise.
pub(super) async fn waits(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
) -> Result<Response, Trouble> {
    live(&console, viewer, stream::pending())
}

/// Sends each line as one event until the session is over, the bot stops or `lines` end; and, to those who may see them,
/// how many things wait for somebody's word, as an event `waits`.
///
/// # Errors
/// Too many pages are live.
pub(super) fn live(
    console: &Arc<Console>,
    viewer: Viewer,
    lines: impl Stream<Item = Arc<str>> + Send + 'static,
) -> Result<Response, Trouble> {
    let place = console.feed.places.clone().try_acquire_owned().map_err(|_| {
        Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "too many pages are live: load this one again later")
    })?;
    let waits: Lines = match viewer.may(Scope::Read) {
        true => Box::pin(newest(follow(console, Topic::Waits))),
        false => Box::pin(stream::pending()),
    };
    let live = Live {
        console: console.clone(),
        viewer,
        lines: Box::pin(lines),
        waits,
        begun: false,
        over: false,
        _place: place,
    };
    let body = Body::from_stream(stream::unfold(live, |mut live| async move {
        let piece = live.next().await?;
        Some((Ok::<_, Infallible>(piece), live))
    }));
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}

impl Live {
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        if !self.begun {
            self.begun = true;
            return Some(Bytes::from_static(b"retry: 2000\n\n"));
        }
        let stop = self.console.stop.clone();
        let piece = tokio::select! {
            () = stop.cancelled() => return None,
            line = self.lines.next() => line.map(|line| Bytes::from(format!("data: {line}\n\n")))?,
            Some(count) = self.waits.next() => Bytes::from(format!("event: waits\ndata: {count}\n\n")),
            () = self.console.site.world.sleep(BEAT) => Bytes::from_static(b": still here\n\n"),
        };
        Some(if self.is_good() {
            piece
        } else {
            self.over = true;
            Bytes::from_static(b"event: gone\ndata: {}\n\n")
        })
    }

    /// Whether the session lasts, and its token is good.
    fn is_good(&self) -> bool {
        let lasts = self.console.sessions.lasts(&self.viewer.session, self.console.site.world.now());
        lasts && Viewer::of(&self.console, self.viewer.session.clone(), self.viewer.theme).is_some()
    }
}
