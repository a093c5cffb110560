//! What the server asks of our own listener: presses of buttons, and slash commands
//! (developers.mattermost.com/integrate/plugins/interactive-messages, .../integrate/slash-commands/custom).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;

use super::Mattermost;
use crate::adapter::{Call, Link, Press, Returned};
use crate::model::{Handle, Message, MessageKey, Person, Place};
use crate::net::same;
use crate::text::clean::one_line;
use crate::wire::mattermost::{Kind, Seal, Sealed, is_id};

/// Answers a call.
pub(super) fn answer(mattermost: &Mattermost, link: &Link, call: &Call<'_>) -> Returned {
    match (call.method, call.path) {
        ("POST", "press") => press(mattermost, link, call),
        ("POST", "slash") => slash(mattermost, link, call),
        (_, "press" | "slash") => refused(405, "only POST is taken here"),
        _ => Returned::nowhere(),
    }
}

fn refused(status: u16, why: &str) -> Returned {
    Returned { status, body: json!({"error": why}).to_string() }
}

fn fine() -> Returned {
    Returned { status: 200, body: json!({}).to_string() }
}

/// What is read of a press.
#[derive(Debug, Deserialize)]
struct Pressed {
    user_id: String,
    #[serde(default)]
    user_name: String,
    channel_id: String,
    #[serde(default)]
    channel_name: String,
    #[serde(default)]
    post_id: String,
    /// Another one for each press.
    #[serde(default)]
    trigger_id: String,
    context: Sealed,
}

/// Nothing of a press counts before the seal is found to be ours: only the server knows it.
fn press(mattermost: &Mattermost, link: &Link, call: &Call<'_>) -> Returned {
    let Ok(pressed) = serde_json::from_slice::<Pressed>(call.body) else {
        return refused(400, "that is no press of a button of this bot");
    };
    let seal = Seal::new(&mattermost.token, link.name.as_str());
    if !seal.is_ours(&pressed.context, &pressed.channel_id) || !is_id(&pressed.user_id) {
        tracing::warn!(adapter = %link.name, "a press with a forged context is refused");
        return refused(401, "the context was not made by this bot");
    }
    if pressed.context.is_expired(link.world.now()) {
        let text = "That button has expired.";
        return Returned { status: 200, body: json!({"ephemeral_text": text}).to_string() };
    }
    let id = match pressed.trigger_id.as_str() {
        "" => format!("press-{}-{}", pressed.post_id, crate::model::hex::encode(&link.world.random::<8>())),
        trigger => format!("press-{trigger}"),
    };
    let name = known(mattermost, &pressed.user_id, &pressed.user_name);
    let mut memory = mattermost.memory();
    if !memory.first_time(&id) {
        return fine();
    }
    memory.askers.insert(id.clone(), pressed.user_id.clone());
    drop(memory);
    let room = &pressed.channel_id;
    let place = Place {
        thread: Some(pressed.context.thread.as_str().into()).filter(|_| !pressed.context.thread.is_empty()),
        ..place(link, room, pressed.context.direct)
    };
    let shown = !pressed.context.direct && !pressed.channel_name.is_empty();
    link.ears.pressed(Press {
        key: MessageKey { adapter: link.name.clone(), room: room.as_str().into(), id: id.into() },
        person: Person::proven(link.name.clone(), &pressed.user_id),
        name,
        place,
        room_name: shown.then(|| format!("#{}", one_line(&pressed.channel_name))),
        nonce: pressed.context.nonce,
        on: is_id(&pressed.post_id).then_some(Handle(pressed.post_id)),
    });
    fine()
}

fn place(link: &Link, room: &str, direct: bool) -> Place {
    match direct {
        true => Place::direct(link.name.clone(), room),
        false => Place::room(link.name.clone(), room),
    }
}

/// The name of somebody, as it is known or as the server says now.
fn known(mattermost: &Mattermost, id: &str, said: &str) -> String {
    let mut memory = mattermost.memory();
    if said.is_empty() {
        return memory.users.get(id).cloned().unwrap_or_else(|| id.to_owned());
    }
    let name = one_line(said.trim_start_matches('@'));
    memory.users.insert(id.to_owned(), name.clone());
    name
}

/// A slash command is a message for the bot that nobody else sees.
fn slash(mattermost: &Mattermost, link: &Link, call: &Call<'_>) -> Returned {
    let form: HashMap<String, String> = form(call.body);
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let header = (call.header)("authorization").and_then(|text| text.strip_prefix("Token "));
    let given = if field("token").is_empty() { header.unwrap_or_default() } else { field("token") };
    let good = mattermost.slash.iter().fold(false, |good, token| same(token.expose(), given) | good);
    if !good || given.is_empty() {
        tracing::warn!(adapter = %link.name, "a slash command with a wrong token is refused");
        return refused(401, "the token is not that of `SLASH_TOKEN`");
    }
    let (user, room) = (field("user_id"), field("channel_id"));
    if !is_id(user) || !is_id(room) {
        return refused(400, "`user_id` and `channel_id` are missing");
    }
    let id = match field("trigger_id") {
        "" => format!("slash-{}", crate::model::hex::encode(&link.world.random::<16>())),
        trigger => format!("slash-{trigger}"),
    };
    let name = known(mattermost, user, field("user_name"));
    let kind = {
        let mut memory = mattermost.memory();
        if !memory.first_time(&id) {
            return silent();
        }
        memory.askers.insert(id.clone(), user.to_owned());
        memory.channels.get(room).map(|known| known.kind)
    };
    // Conversations of two are named after both: `id__id`.
    let parts = field("channel_name").split_once("__").is_some_and(|(one, other)| is_id(one) && is_id(other));
    let direct = kind.map_or(parts, |kind| kind == Kind::Direct);
    let text = field("text").trim();
    let text = if text.is_empty() { "help" } else { text };
    link.ears.heard(Message {
        key: MessageKey { adapter: link.name.clone(), room: room.into(), id: id.into() },
        person: Person::proven(link.name.clone(), user),
        name,
        place: place(link, room, direct),
        room_name: (!direct && !field("channel_name").is_empty())
            .then(|| format!("#{}", one_line(field("channel_name")))),
        text: crate::wire::mattermost::plain(text),
        raw: format!("{} {}", field("command"), field("text")).trim().to_owned(),
        mentioned: true,
        at: link.world.now(),
        position: None,
    });
    silent()
}

/// An answer without words is not shown: what the bot has to say it posts.
fn silent() -> Returned {
    Returned { status: 200, body: json!({"response_type": "ephemeral", "text": ""}).to_string() }
}

/// The fields of a form.
fn form(body: &[u8]) -> HashMap<String, String> {
    // The parser of query strings is the one of forms.
    let mut url = reqwest::Url::parse("http://form.invalid/").expect("a constant address");
    url.set_query(std::str::from_utf8(body).ok());
    url.query_pairs().into_owned().collect()
}

#[cfg(test)]
#[path = "calls_tests.rs"]
mod tests;
