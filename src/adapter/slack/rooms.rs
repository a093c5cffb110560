//! From a place to the channel id that Slack wants: `#name` is looked up once, a person gets a direct conversation.

use serde_json::{Value, json};

use super::context::Context;
use super::memory::Memory;
use crate::model::{Place, SendError};
use crate::wire::slack::{ApiError, Body};

/// Channels a page, as Slack advises.
const PAGE: &str = "200";
/// Pages that are read: twenty thousand channels.
const PAGES: usize = 100;

/// A channel's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The id.
    pub(super) id: String,
    /// Whether it was known from before, so that it may be out of date.
    pub(super) known: bool,
}

impl Found {
    fn known(id: &str) -> Self {
        Self { id: id.to_owned(), known: true }
    }

    fn new(id: &str) -> Self {
        Self { id: id.to_owned(), known: false }
    }
}

/// The channel of a place.
pub(super) async fn channel(context: &Context, place: &Place) -> Result<Found, Failed> {
    let room = &*place.room;
    if let Some(name) = room.strip_prefix('#') {
        return named(context, name).await;
    }
    let person = room.strip_prefix('@').unwrap_or(room);
    if place.is_direct() && person.starts_with(['U', 'W']) {
        return direct(context, person).await;
    }
    if room.starts_with('@') {
        let why = format!("`{room}` is no user id such as `@U0A1B2C3D`");
        return Err(Failed::Send(SendError::Refused { why }));
    }
    Ok(Found::new(room))
}

/// Why there is no channel.
#[derive(Debug)]
pub(super) enum Failed {
    /// As Slack has it.
    Call(ApiError),
    /// As we have it.
    Send(SendError),
}

/// Forgets what a place was found to be: it may have been renamed or deleted.
pub(super) fn forget(context: &Context, place: &Place) {
    let mut memory = context.inner.memory();
    let room = place.room.trim_start_matches(['#', '@']);
    memory.ids.remove(room);
    memory.directs.remove(room);
}

async fn direct(context: &Context, person: &str) -> Result<Found, Failed> {
    if let Some(known) = context.inner.memory().directs.get(person) {
        return Ok(Found::known(known));
    }
    let body = json!({"users": person});
    let answer = context.api.call("conversations.open", Body::Json(&body)).await.map_err(Failed::Call)?;
    let Some(id) = answer.body.pointer("/channel/id").and_then(Value::as_str) else {
        let why = "slack opened no conversation".to_owned();
        return Err(Failed::Send(SendError::Retry { why, after: None }));
    };
    Memory::keep(&mut context.inner.memory().directs, person, id);
    Ok(Found::new(id))
}

async fn named(context: &Context, name: &str) -> Result<Found, Failed> {
    if let Some(known) = context.inner.memory().ids.get(name) {
        return Ok(Found::known(known));
    }
    let mut cursor = String::new();
    for _ in 0..PAGES {
        let mut fields =
            vec![("types", "public_channel,private_channel"), ("exclude_archived", "true"), ("limit", PAGE)];
        if !cursor.is_empty() {
            fields.push(("cursor", &cursor));
        }
        let answer =
            context.api.call("conversations.list", Body::Form(&fields)).await.map_err(Failed::Call)?;
        keep_all(context, &answer.body);
        if let Some(found) = context.inner.memory().ids.get(name) {
            return Ok(Found::new(found));
        }
        let next = answer.body.pointer("/response_metadata/next_cursor").and_then(Value::as_str);
        match next.filter(|next| !next.is_empty()) {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let why = format!("there is no channel `#{name}` that the bot can see: `/invite` it there");
    Err(Failed::Send(SendError::NoRoom { why }))
}

fn keep_all(context: &Context, body: &Value) {
    let now = context.link.world.now();
    let mut memory = context.inner.memory();
    for channel in body["channels"].as_array().map_or(&[][..], Vec::as_slice) {
        if let (Some(id), Some(name)) = (channel["id"].as_str(), channel["name"].as_str()) {
            Memory::keep(&mut memory.ids, name, id);
            memory.keep_name(id, Some(format!("#{name}")), now);
        }
    }
}
