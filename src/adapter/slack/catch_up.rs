//! What was said while no socket heard it: read from the history of the rooms where people talk, in order, each message
//! once. Slack itself replays nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

use super::context::Context;
use super::hearing::take_in;
use super::memory::{micros, ts};
use crate::wire::slack::{ApiError, Body, Event};

/// Rooms that are read, those with the latest words first: `conversations.history` may be called 50 times a minute.
const ROOMS: usize = 30;
/// Messages a call, and calls a room.
const PAGE: &str = "200";
const PAGES: usize = 5;
/// Messages may overtake each other on two sockets; doubles are known.
const OVERLAP: i64 = 60_000_000;
/// An older command is not run: whoever gave it has gone on.
const OLDEST: Duration = Duration::from_secs(30 * 60);
/// How often a room is tried, and the wait between.
const TRIES: usize = 20;
const WAIT: Duration = Duration::from_secs(2);

/// Reads up whenever something may have been missed, for ever.
pub(super) async fn keep(context: Arc<Context>) {
    loop {
        context.missed.notified().await;
        read_up(&context).await;
        context.reading.store(false, Ordering::Release);
    }
}

async fn read_up(context: &Context) {
    let now = context.link.world.now();
    let (marks, began) = {
        let memory = context.inner.memory();
        (memory.marks(), memory.began.unwrap_or(now))
    };
    let oldest = i64::try_from(OLDEST.as_micros()).unwrap_or(i64::MAX);
    let floor = began.as_micros().max(now.as_micros().saturating_sub(oldest));
    let mut found = Vec::new();
    for (channel, mark) in marks.into_iter().take(ROOMS) {
        let since = mark.saturating_sub(OVERLAP).max(floor);
        found.extend(room(context, &channel, since).await);
    }
    found.sort_by_key(|(at, _)| *at);
    for (_, event) in found {
        take_in(context, event);
    }
}

/// All that was said in a room and its threads since then.
async fn room(context: &Context, channel: &str, since: i64) -> Vec<(i64, Event)> {
    let messages = pages(context, "conversations.history", channel, None, since).await;
    let mut threads = context.inner.memory().threads(channel);
    for message in &messages {
        let answered = message["latest_reply"].as_str().and_then(micros).is_some_and(|at| at > since);
        if let Some(first) = message["ts"].as_str().filter(|_| answered)
            && !threads.iter().any(|known| known == first)
        {
            threads.push(first.to_owned());
        }
    }
    let mut all = messages;
    for thread in threads {
        all.extend(pages(context, "conversations.replies", channel, Some(&thread), since).await);
    }
    let event = |message: &Value| {
        let at = message["ts"].as_str().and_then(micros).filter(|at| *at > since)?;
        Some((at, Event::message(message, channel, &context.me.user)?))
    };
    all.iter().filter_map(event).collect()
}

async fn pages(
    context: &Context,
    method: &str,
    channel: &str,
    thread: Option<&str>,
    since: i64,
) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    let oldest = ts(since);
    for _ in 0..PAGES {
        let mut fields = vec![("channel", channel), ("oldest", &oldest), ("limit", PAGE)];
        fields.extend(thread.map(|thread| ("ts", thread)));
        if !cursor.is_empty() {
            fields.push(("cursor", &cursor));
        }
        let Some(mut body) = stubbornly(context, method, &fields).await else { break };
        if let Value::Array(messages) = body["messages"].take() {
            found.extend(messages);
        }
        let next = body.pointer("/response_metadata/next_cursor").and_then(Value::as_str).unwrap_or_default();
        if next.is_empty() {
            break;
        }
        cursor = next.to_owned();
    }
    found
}

/// The answer, also when Slack has trouble for a while; `None` where it refuses.
async fn stubbornly(context: &Context, method: &str, fields: &[(&str, &str)]) -> Option<Value> {
    for _ in 0..TRIES {
        match context.patiently(|| context.api.call(method, Body::Form(fields))).await {
            Ok(answer) => return Some(answer.body),
            Err(ApiError::Later { .. }) => context.link.world.sleep(WAIT).await,
            Err(error @ ApiError::Said { .. }) => {
                tracing::info!(adapter = %context.link.name, %error, method, "what was missed cannot be read");
                return None;
            }
        }
    }
    None
}
