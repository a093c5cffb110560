//! What was said while no socket heard it: read from the history of the rooms where people talk, in order, each message
//! once. Slack itself replays nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

use super::context::Context;
use super::hearing::take_in;
use super::memory::{micros, ts};
use crate::model::Timestamp;
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

/// What the bot is a member of.
const KINDS: &str = "public_channel,private_channel,mpim,im";
/// How often it is noted up to where everything was heard.
const NOTED: Duration = Duration::from_secs(1);
/// The database may take this long to say where an earlier process left off.
const RECALL: Duration = Duration::from_secs(5);

/// Goes on where an earlier process left off; whether there was one. What is said from now on counts otherwise.
pub(super) async fn goes_on(context: &Context) -> bool {
    let now = context.link.world.now();
    let left_off = context.link.world.timeout(RECALL, context.link.ears.left_off()).await.ok().flatten();
    let left_off = left_off.and_then(|it| Some((micros(&it.mark)?, it.places)));
    let mut memory = context.inner.memory();
    let Some((mark, places)) = left_off else {
        memory.began = Some(now);
        memory.heard = now.as_micros();
        return false;
    };
    memory.began = Some(Timestamp::from_micros(mark));
    memory.heard = mark;
    // The latest last: of too many threads the first are forgotten.
    for (room, thread) in places.into_iter().rev() {
        thread.into_iter().for_each(|thread| memory.in_thread(&room, &thread));
        memory.earlier.retain(|known| *known != room);
        memory.earlier.insert(0, room);
    }
    true
}

/// Notes up to where everything was heard, for ever: what was heard a moment ago, so that it has begun by then.
pub(super) async fn note(context: Arc<Context>) {
    let (mut heard, mut kept) = (0, 0);
    loop {
        if heard > kept && !context.reading.load(Ordering::Acquire) {
            keep_mark(&context, heard).await;
            kept = heard;
        }
        // While what was missed is read, later messages are no mark.
        if !context.reading.load(Ordering::Acquire) {
            heard = context.inner.memory().heard;
        }
        context.link.world.sleep(NOTED).await;
    }
}

/// Notes that everything up to then was heard; not while older messages are being read.
pub(super) async fn keep_mark(context: &Context, heard: i64) {
    if heard > 0 && !context.reading.load(Ordering::Acquire) {
        context.link.ears.reached(ts(heard)).await;
    }
}

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
    let joined = joined(context).await;
    let (marks, earlier, began) = {
        let memory = context.inner.memory();
        (memory.marks(), memory.earlier.clone(), memory.began.unwrap_or(now))
    };
    let oldest = i64::try_from(OLDEST.as_micros()).unwrap_or(i64::MAX);
    let floor = began.as_micros().max(now.as_micros().saturating_sub(oldest));
    // Where somebody spoke, then where commands were given before, then the others.
    let mut rooms: Vec<(String, i64)> =
        marks.into_iter().map(|(channel, mark)| (channel, mark.saturating_sub(OVERLAP).max(floor))).collect();
    for channel in earlier.into_iter().chain(joined) {
        if !rooms.iter().any(|(known, _)| *known == channel) {
            rooms.push((channel, floor));
        }
    }
    if rooms.len() > ROOMS {
        let left = rooms.len() - ROOMS;
        tracing::info!(adapter = %context.link.name, left, "what was missed in the quietest rooms is not read");
    }
    let mut found = Vec::new();
    for (channel, since) in rooms.into_iter().take(ROOMS) {
        found.extend(room(context, &channel, since).await);
    }
    found.sort_by_key(|(at, _)| *at);
    for (_, event) in found {
        take_in(context, event);
    }
}

/// The rooms that the bot is a member of, what changed last first; none where Slack does not tell.
async fn joined(context: &Context) -> Vec<String> {
    let fields = [("types", KINDS), ("exclude_archived", "true"), ("limit", PAGE)];
    let mut rooms = pages(context, "users.conversations", "channels", &fields).await;
    rooms.sort_by_key(|room| std::cmp::Reverse(room["updated"].as_i64().unwrap_or_default()));
    rooms.iter().filter_map(|room| room["id"].as_str().map(str::to_owned)).collect()
}

/// All that was said in a room and its threads since then.
async fn room(context: &Context, channel: &str, since: i64) -> Vec<(i64, Event)> {
    let oldest = ts(since);
    let fields = [("channel", channel), ("oldest", &oldest), ("limit", PAGE)];
    let messages = pages(context, "conversations.history", "messages", &fields).await;
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
        let fields = [&fields[..], &[("ts", &thread)]].concat();
        all.extend(pages(context, "conversations.replies", "messages", &fields).await);
    }
    let event = |message: &Value| {
        let at = message["ts"].as_str().and_then(micros).filter(|at| *at > since)?;
        Some((at, Event::message(message, channel, &context.me.user)?))
    };
    all.iter().filter_map(event).collect()
}

/// What a method lists under `name`, page by page.
async fn pages(context: &Context, method: &str, name: &str, fields: &[(&str, &str)]) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let mut fields = fields.to_vec();
        if !cursor.is_empty() {
            fields.push(("cursor", &cursor));
        }
        let Some(mut body) = stubbornly(context, method, &fields).await else { break };
        if let Value::Array(listed) = body[name].take() {
            found.extend(listed);
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
