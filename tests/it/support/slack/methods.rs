//! The methods of the Web API: who may call them, with which arguments, and what they do.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::http::{Reply, Request};
use super::state::State;
use super::table::{METHODS, Row, Takes};
use super::{APP_TOKEN, BOT_ID, BOT_TOKEN, ME, blocks, people};

/// The types of conversations, as `users.conversations` and `conversations.list` know them.
const KINDS: [&str; 4] = ["public_channel", "private_channel", "mpim", "im"];

/// Answers a request.
pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    if let Some(id) = request.path.strip_prefix("/upload/") {
        return uploaded(state, id, &request.body);
    }
    let method = request.path.strip_prefix("/api/").unwrap_or_default();
    let Some(row) = METHODS.iter().find(|(name, ..)| *name == method) else {
        state.breach(format!("there is no method `{}`", request.path));
        return Reply::error("unknown_method");
    };
    let arguments = match arguments(state, row, request) {
        Ok(arguments) => arguments,
        Err(reply) => return reply,
    };
    state.calls.push((method.to_owned(), Value::Object(arguments.clone())));
    if let Err(reply) = allowed(state, row, request) {
        return reply;
    }
    for key in arguments.keys().filter(|key| !row.3.contains(&key.as_str())) {
        state.breach(format!("`{method}` has no argument `{key}`"));
    }
    if let Some(missing) = row.4.iter().find(|key| !arguments.contains_key(**key)) {
        state.breach(format!("`{method}` needs `{missing}`"));
        return Reply::error("invalid_arguments");
    }
    match run(state, method, &Value::Object(arguments)) {
        Ok(mut body) => {
            body["ok"] = json!(true);
            let mut reply = Reply::json(&body);
            reply.headers.push(("x-oauth-scopes", state.scopes.join(",")));
            reply
        }
        Err(word) => Reply::error(word),
    }
}

/// The arguments, out of a form or JSON; a form may hold JSON.
fn arguments(state: &mut State, row: &Row, request: &Request) -> Result<Map<String, Value>, Reply> {
    let kind = request.header("content-type").unwrap_or_default().to_owned();
    let mut found = Map::new();
    if kind.starts_with("application/json") {
        if row.1 == Takes::Forms {
            state.breach(format!("`{}` takes no JSON", row.0));
            return Err(Reply::error("invalid_arguments"));
        }
        if !kind.contains("charset") {
            state.breach("JSON without a charset");
        }
        match serde_json::from_slice(&request.body) {
            Ok(Value::Object(map)) => found = map,
            _ => return Err(Reply::error("invalid_json")),
        }
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        let text = format!("http://x/?{}", String::from_utf8_lossy(&request.body));
        for (key, value) in reqwest::Url::parse(&text).unwrap().query_pairs() {
            let inner = value.starts_with(['[', '{']).then(|| serde_json::from_str(&value).ok()).flatten();
            found.insert(key.into_owned(), inner.unwrap_or_else(|| json!(value)));
        }
    } else if !request.body.is_empty() {
        state.breach(format!("`{}` with the content type `{kind}`", row.0));
        return Err(Reply::error("invalid_post_type"));
    }
    found.remove("token");
    Ok(found)
}

/// Token, scopes, limits.
fn allowed(state: &mut State, row: &Row, request: &Request) -> Result<(), Reply> {
    let token =
        request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if let Some(word) = state.revoked {
        return Err(Reply::error(word));
    }
    let wanted = if row.0 == "apps.connections.open" { APP_TOKEN } else { BOT_TOKEN };
    match token {
        "" => return Err(Reply::error("not_authed")),
        token if token == wanted => {}
        BOT_TOKEN | APP_TOKEN => return Err(Reply::error("not_allowed_token_type")),
        _ => return Err(Reply::error("invalid_auth")),
    }
    let granted =
        row.2.is_empty() || row.2.iter().any(|scope| state.scopes.iter().any(|granted| granted == scope));
    if !granted {
        let body = json!({"ok": false, "error": "missing_scope", "needed": row.2[0], "provided": state.scopes.join(",")});
        return Err(Reply::json(&body));
    }
    let counts = match state.limited_method {
        Some(method) => method == row.0,
        None => row.0.starts_with("chat."),
    };
    if state.limited > 0 && counts && state.limited_after > 0 {
        state.limited_after -= 1;
        return Ok(());
    }
    if state.limited > 0 && counts {
        state.limited -= 1;
        let mut reply = Reply::error("ratelimited");
        reply.status = 429;
        reply.headers.push(("retry-after", state.limited_for.as_secs().max(1).to_string()));
        return Err(reply);
    }
    Ok(())
}

fn run(state: &mut State, method: &str, arguments: &Value) -> Result<Value, &'static str> {
    let text = |key: &str| arguments[key].as_str().unwrap_or_default().to_owned();
    match method {
        "auth.test" => Ok(
            json!({"url": "https://example.slack.com/", "team": "Example", "user": "chatops", "team_id": "T0TEAM", "user_id": ME, "bot_id": BOT_ID}),
        ),
        "apps.connections.open" => {
            let ticket = format!("t{}", state.number());
            state.tickets.insert(ticket.clone());
            Ok(json!({"url": format!("ws://127.0.0.1:{}/link/?ticket={ticket}", state.port)}))
        }
        "chat.postMessage" => {
            let channel = writable(state, &text("channel"))?;
            blocks::check(arguments, &mut state.breaches)?;
            in_thread(state, &channel, arguments)?;
            let ts = state.posted(&channel, arguments, None);
            Ok(json!({"channel": channel, "ts": ts, "message": {}}))
        }
        "chat.postEphemeral" => {
            let channel = writable(state, &text("channel"))?;
            blocks::check(arguments, &mut state.breaches)?;
            let ts = state.posted(&channel, arguments, Some(&text("user")));
            Ok(json!({"message_ts": ts}))
        }
        "chat.update" => update(state, arguments),
        "chat.delete" => {
            let post = state.find(&text("channel"), &text("ts")).ok_or("message_not_found")?;
            if post.user != ME {
                return Err("cant_delete_message");
            }
            post.deleted = true;
            Ok(json!({}))
        }
        "reactions.add" | "reactions.remove" => react(state, method, arguments),
        "conversations.open" => {
            let channel = people::direct(&text("users"));
            if people::has_direct(&channel) {
                Ok(json!({"channel": {"id": channel}}))
            } else {
                Err("user_not_found")
            }
        }
        "conversations.info" => {
            let id = text("channel");
            let room = state.rooms.get(&id).ok_or("channel_not_found")?;
            Ok(
                json!({"channel": {"id": id, "name": room.name, "is_channel": true, "is_member": room.member}}),
            )
        }
        "conversations.list" | "users.conversations" => {
            let mine = method == "users.conversations";
            let types = arguments["types"].as_str().unwrap_or("public_channel");
            if let Some(none) = types.split(',').find(|kind| !KINDS.contains(kind)) {
                state.breach(format!("`{none}` is no type of conversation"));
                return Err("invalid_types");
            }
            let wants = |kind: &str| types.split(',').any(|one| one == kind);
            let rooms = state.rooms.iter().filter(|(_, room)| !room.archived && (room.member || !mine));
            let mut all: Vec<_> = rooms
                .filter(|_| wants("public_channel"))
                .map(|(id, room)| json!({"id": id, "name": room.name, "is_member": room.member, "updated": 1_700_000_000_000_i64}))
                .collect();
            // A conversation with one person has no name.
            if wants("im") {
                all.extend(
                    people::directs().map(|(id, user)| json!({"id": id, "is_im": true, "user": user})),
                );
            }
            page("channels", &all, arguments, state)
        }
        "conversations.history" | "conversations.replies" => history(state, method, arguments),
        "users.info" => {
            let user = text("user");
            let info = people::info(&user, state.shown_as.get(&user));
            info.map(|user| json!({"user": user})).ok_or("user_not_found")
        }
        "files.getUploadURLExternal" => {
            let length =
                text("length").parse().ok().filter(|length| *length > 0).ok_or("invalid_arguments")?;
            let id = format!("F{}", state.number());
            state.files.insert(id.clone(), (text("filename"), length, Vec::new()));
            Ok(json!({"upload_url": format!("http://127.0.0.1:{}/upload/{id}", state.port), "file_id": id}))
        }
        _ => complete(state, arguments),
    }
}

/// The room, where the bot may write there.
fn writable(state: &mut State, channel: &str) -> Result<String, &'static str> {
    if people::has_direct(channel) {
        return Ok(channel.to_owned());
    }
    if !channel.starts_with(['C', 'D', 'G']) {
        state.breach(format!("`{channel}` is no channel id"));
    }
    match state.rooms.get(channel) {
        None => Err("channel_not_found"),
        Some(room) if room.archived => Err("is_archived"),
        Some(room) if !room.member => Err("not_in_channel"),
        Some(_) => Ok(channel.to_owned()),
    }
}

fn in_thread(state: &mut State, channel: &str, arguments: &Value) -> Result<(), &'static str> {
    let Some(thread) = arguments["thread_ts"].as_str() else { return Ok(()) };
    match state.find(channel, thread) {
        None => Err("thread_not_found"),
        Some(post) if post.thread.as_deref().is_some_and(|root| root != thread) => {
            state.breach("an answer to an answer: `thread_ts` is to be the first message of a thread");
            Err("cannot_reply_to_message")
        }
        Some(_) => Ok(()),
    }
}

fn update(state: &mut State, arguments: &Value) -> Result<Value, &'static str> {
    let text = |key: &str| arguments[key].as_str().unwrap_or_default().to_owned();
    let channel = writable(state, &text("channel"))?;
    blocks::check(arguments, &mut state.breaches)?;
    let post = state.find(&channel, &text("ts")).ok_or("message_not_found")?;
    if post.user != ME || post.whispered_to.is_some() {
        return Err("cant_update_message");
    }
    for key in ["text", "blocks", "attachments"] {
        if let Some(value) = arguments.get(key) {
            post.body[key] = value.clone();
        }
    }
    post.edits += 1;
    Ok(json!({"channel": channel, "ts": text("ts"), "text": text("text")}))
}

fn react(state: &mut State, method: &str, arguments: &Value) -> Result<Value, &'static str> {
    let text = |key: &str| arguments[key].as_str().unwrap_or_default().to_owned();
    let reaction = (text("channel"), text("timestamp"), text("name"));
    if reaction.2.contains(':') {
        state.breach("a reaction is named without colons");
        return Err("invalid_name");
    }
    state.find(&reaction.0, &reaction.1).ok_or("message_not_found")?;
    let known = state.reactions.contains(&reaction);
    match (method, known) {
        ("reactions.add", true) => return Err("already_reacted"),
        ("reactions.add", false) => state.reactions.push(reaction),
        (_, true) => state.reactions.retain(|one| *one != reaction),
        (_, false) => return Err("no_reaction"),
    }
    Ok(json!({}))
}

/// One page of a list, and where the next begins.
fn page(name: &str, all: &[Value], arguments: &Value, state: &mut State) -> Result<Value, &'static str> {
    let number = |key: &str| arguments[key].as_str().and_then(|text| text.parse::<usize>().ok());
    let limit = number("limit").unwrap_or(100);
    if limit > 1000 {
        state.breach("a page has at most 1000");
    }
    let start = match arguments["cursor"].as_str() {
        Some(cursor) => {
            cursor.strip_prefix("next:").and_then(|text| text.parse().ok()).ok_or("invalid_cursor")?
        }
        None => 0,
    };
    let end = (start + limit).min(all.len());
    let next = if end < all.len() { format!("next:{end}") } else { String::new() };
    Ok(BTreeMap::from([
        (name, json!(all[start.min(end)..end])),
        ("has_more", json!(!next.is_empty())),
        ("response_metadata", json!({"next_cursor": next})),
    ])
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect::<Map<_, _>>()
    .into())
}

/// The newest first in a room, the oldest first in a thread, as Slack has it.
fn history(state: &mut State, method: &str, arguments: &Value) -> Result<Value, &'static str> {
    let text = |key: &str| arguments[key].as_str().unwrap_or_default().to_owned();
    let (channel, oldest, first) = (text("channel"), text("oldest"), text("ts"));
    let here = people::has_direct(&channel) || state.rooms.get(&channel).is_some_and(|room| room.member);
    if !here {
        return Err("not_in_channel");
    }
    let threads = method == "conversations.replies";
    let fits = |post: &&super::Post| {
        let inside = match threads {
            true => post.ts == first || post.thread.as_deref() == Some(&first),
            false => post.thread.as_deref().is_none_or(|thread| thread == post.ts),
        };
        post.channel == channel
            && !post.deleted
            && post.whispered_to.is_none()
            && inside
            && (post.ts > oldest || threads && post.ts == first)
    };
    let mut all: Vec<Value> = state.posts.iter().filter(fits).map(|post| post.event.clone()).collect();
    for message in &mut all {
        let map = message.as_object_mut().unwrap();
        ["channel", "channel_type", "event_ts"].iter().for_each(|key| drop(map.remove(*key)));
    }
    if !threads {
        all.reverse();
    }
    page("messages", &all, arguments, state)
}

fn uploaded(state: &mut State, id: &str, bytes: &[u8]) -> Reply {
    let Some((_, length, kept)) = state.files.get_mut(id) else {
        return Reply { status: 404, headers: Vec::new(), body: String::new() };
    };
    *kept = bytes.to_vec();
    let as_announced = *length == bytes.len();
    if !as_announced {
        state.breach("a file that is not as long as it was announced");
    }
    Reply { status: 200, headers: Vec::new(), body: format!("OK - {}", bytes.len()) }
}

fn complete(state: &mut State, arguments: &Value) -> Result<Value, &'static str> {
    let channel = writable(state, arguments["channel_id"].as_str().unwrap_or_default())?;
    in_thread(state, &channel, arguments)?;
    let mut files = Vec::new();
    for file in arguments["files"].as_array().ok_or("invalid_arguments")? {
        let (name, _, bytes) =
            state.files.remove(file["id"].as_str().unwrap_or_default()).ok_or("file_not_found")?;
        files.push((name, bytes));
    }
    let ts = state.posted(&channel, &json!({"text": "", "thread_ts": arguments["thread_ts"]}), None);
    if let Some(post) = state.find(&channel, &ts) {
        post.files = files;
    }
    Ok(json!({"files": arguments["files"]}))
}
