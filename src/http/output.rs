//! The output of an execution as it comes: plain text, or server-sent events for who asks for them.
//! Events: `output` with a JSON text, at last `end` with `{"status", "why"}`.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use serde_json::{Value, json};

use super::Site;
use super::executions::found;
use super::problem::{Path, Problem};

/// How events are called in a head.
pub(super) const EVENTS: &str = "text/event-stream";

/// How plain text is called in a head.
pub(super) const PLAIN: &str = "text/plain; charset=utf-8";

/// What an execution wrote; of one that runs, what it writes until its end.
pub(super) async fn stream(
    State(site): State<Site>,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    found(&site, id).await?;
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let form = if accepted.contains(EVENTS) { Form::Events } else { Form::Plain };
    let pieces = match site.bot.engine().watch(id) {
        Some(watch) => {
            let live = stream::unfold(watch, |mut watch| async { Some((watch.next().await?, watch)) });
            live.boxed()
        }
        None => stream::iter(kept(&site, id).await?).boxed(),
    };
    let end = stream::once(async move { form.end(&site, id).await });
    let body = pieces.map(move |text| form.piece(&text)).chain(end);
    Ok(([(header::CONTENT_TYPE, form.kind())], whole(body)).into_response())
}

fn whole(pieces: impl Stream<Item = String> + Send + 'static) -> Body {
    Body::from_stream(pieces.map(|text| Ok::<Bytes, Infallible>(Bytes::from(text))))
}

/// How it is sent.
#[derive(Debug, Clone, Copy)]
enum Form {
    Plain,
    Events,
}

impl Form {
    const fn kind(self) -> &'static str {
        match self {
            Self::Plain => PLAIN,
            Self::Events => EVENTS,
        }
    }

    fn piece(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Events => format!("event: output\ndata: {}\n\n", json!(text)),
        }
    }

    async fn end(self, site: &Site, id: i64) -> String {
        match self {
            Self::Plain => String::new(),
            Self::Events => {
                let ended = found(site, id).await.ok();
                let told = ended.map(|ended| json!({"status": ended.status, "why": ended.why}));
                format!("event: end\ndata: {}\n\n", told.unwrap_or_default())
            }
        }
    }
}

/// What is kept of the output of one that has ended.
async fn kept(site: &Site, id: i64) -> Result<Option<String>, Problem> {
    let result = site.bot.store().read(move |reader| reader.result(id)).await?;
    Ok(result.map(|(result, _)| text_of(&result)))
}

/// The streams of a result; several hosts one after the other; what has no streams as JSON.
fn text_of(result: &Value) -> String {
    if let Some(text) = streams(result) {
        return text;
    }
    let hosts = result.as_object().filter(|map| !map.is_empty());
    let all: Option<Vec<String>> = hosts.and_then(|map| {
        map.iter().map(|(host, one)| Some(format!("== {host}\n{}", ended_line(streams(one)?)))).collect()
    });
    all.map_or_else(|| serde_json::to_string_pretty(result).unwrap_or_default() + "\n", |all| all.concat())
}

fn streams(result: &Value) -> Option<String> {
    let text = |key: &str| result.get(key).and_then(Value::as_str);
    let (out, err) = (text("stdout")?, text("stderr").unwrap_or_default());
    Some(format!("{}{err}", if err.is_empty() { out.to_owned() } else { ended_line(out.to_owned()) }))
}

fn ended_line(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_read_as_what_was_written() {
        assert_eq!(text_of(&json!({"stdout": "a", "stderr": "b", "return_code": 1})), "a\nb");
        let hosts = json!({"web1": {"stdout": "x"}, "web2": {"stdout": "y\n", "stderr": ""}});
        assert_eq!(text_of(&hosts), "== web1\nx\n== web2\ny\n");
        assert_eq!(text_of(&json!({"answer": 42})), "{\n  \"answer\": 42\n}\n");
    }
}
