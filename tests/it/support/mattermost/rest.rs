//! The REST API, version 4, as far as bots use it (developers.mattermost.com/api-documentation); errors have the
//! shape and the ids of the server's source.

use serde_json::{Value, json};

use super::http::{Request, Response, parts};
use super::state::State;
use super::{TEAM, TEAM_ID, strict};
use std::time::Instant;

type Answer = Result<Value, Response>;

fn error(status: u16, id: &str, message: &str) -> Response {
    let body =
        json!({"id": id, "message": message, "detailed_error": "", "request_id": "", "status_code": status});
    Response::json(status, &body)
}

fn forbidden() -> Response {
    error(403, "api.context.permissions.app_error", "You do not have the appropriate permissions.")
}

fn missing() -> Response {
    error(404, "api.context.404.app_error", "Sorry, we could not find the page.")
}

/// Answers a request of the user whose token it has.
pub(crate) fn answer(state: &mut State, path: &str, request: &Request) -> Response {
    if request.method == "GET" && path == "config/client" {
        let old = request.query.get("format").map(String::as_str) == Some("old");
        return match old {
            true => Response::json(
                200,
                &json!({"Version": "10.5.0", "MaxPostSize": strict::LONGEST.to_string(),
                "BuildNumber": "1", "SiteName": "stand-in"}),
            ),
            false => error(400, "api.config.client.old_format.app_error", "New format not supported yet."),
        };
    }
    if request.method == "GET" && path == "system/ping" {
        return Response::json(200, &json!({"status": "OK"}));
    }
    let Some(user) = state.tokens.get(request.token()).cloned() else {
        return error(
            401,
            "api.context.session_expired.app_error",
            "Invalid or expired session, please login again.",
        );
    };
    let created = request.method == "POST" && !matches!(path, "users/ids");
    match route(state, &user, path, request) {
        Ok(value) => Response::json(if created { 201 } else { 200 }, &value),
        Err(response) => response,
    }
}

fn route(state: &mut State, user: &str, path: &str, request: &Request) -> Answer {
    let parts: Vec<&str> = path.split('/').collect();
    let has_body = matches!(request.method.as_str(), "POST" | "PUT") && path != "files";
    let sent = if has_body { body(state, request)? } else { Value::Null };
    match (request.method.as_str(), &parts[..]) {
        ("GET", ["users", "me"]) => person(state, user),
        ("GET", ["users", "me", "teams"]) => Ok(json!([{"id": TEAM_ID, "name": TEAM}])),
        ("GET", ["users", "me", "channels"]) => Ok(channels(state, user)),
        ("GET", ["users", "username", name]) => {
            let id = state.named(name).map(|user| user.id.clone()).ok_or_else(missing)?;
            person(state, &id)
        }
        ("GET", ["users", id]) => person(state, id),
        ("GET", ["teams", "name", team, "channels", "name", name]) => by_name(state, user, team, name),
        ("GET", ["channels", id, "posts"]) => since(state, user, id, request),
        ("POST", ["channels", "direct"]) => direct(state, user, &sent),
        ("POST", ["posts"]) => post(state, user, &sent),
        ("POST", ["posts", "ephemeral"]) => whisper(state, user, &sent),
        ("PUT", ["posts", id, "patch"]) => patch(state, user, id, &sent),
        ("DELETE", ["posts", id]) => delete(state, user, id),
        ("POST", ["reactions"]) => react(state, user, &sent),
        ("GET", ["posts", id]) => state.post(id).map(|post| post.value.clone()).ok_or_else(missing),
        ("DELETE", ["users", who, "posts", id, "reactions", name]) if *who == "me" || *who == user => {
            let gone = (id.to_string(), user.to_owned(), name.to_string());
            state.reactions.retain(|reaction| *reaction != gone);
            Ok(json!({"status": "OK"}))
        }
        ("POST", ["files"]) => upload(state, user, request),
        _ => {
            state.breach(format!("{} {path}: no such thing in this API", request.method));
            Err(missing())
        }
    }
}

/// The JSON of a request.
fn body(state: &mut State, request: &Request) -> Answer {
    if request.header("content-type") != "application/json" {
        state.breach(format!("{}: content type `{}`", request.path, request.header("content-type")));
    }
    let bad = |_| error(400, "api.context.invalid_body_param.app_error", "Invalid or missing parameter.");
    serde_json::from_slice(&request.body).map_err(bad)
}

/// A breach is noted and refused.
fn strictly(state: &mut State, what: &str, found: Result<(), String>) -> Result<(), Response> {
    found.map_err(|why| {
        state.breach(format!("{what}: {why}"));
        error(400, "api.context.invalid_body_param.app_error", &why)
    })
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn person(state: &State, id: &str) -> Answer {
    let user = state.user(id).ok_or_else(missing)?;
    Ok(json!({"id": user.id, "username": user.username, "nickname": user.nickname, "is_bot": user.is_bot,
        "roles": "system_user", "delete_at": 0}))
}

fn channels(state: &State, user: &str) -> Value {
    let mine = state.channels.iter().filter(|channel| state.is_member(user, &channel.id));
    mine.map(|channel| {
        json!({"id": channel.id, "name": channel.name, "type": channel.kind, "team_id": TEAM_ID,
            "last_post_at": channel.last_post_at, "delete_at": i64::from(channel.archived),
            "display_name": channel.name, "header": ""})
    })
    .collect()
}

fn by_name(state: &State, user: &str, team: &str, name: &str) -> Answer {
    let found = state.channel_named(name).filter(|_| team == TEAM).ok_or_else(missing)?;
    if !state.is_member(user, &found.id) {
        return Err(forbidden());
    }
    Ok(json!({"id": found.id, "name": found.name, "type": found.kind, "team_id": TEAM_ID}))
}

fn since(state: &State, user: &str, id: &str, request: &Request) -> Answer {
    if !state.is_member(user, id) {
        return Err(forbidden());
    }
    let since: i64 = request.query.get("since").and_then(|since| since.parse().ok()).unwrap_or(0);
    let in_it = state.posts.iter().filter(|post| post.value["channel_id"] == id && post.only.is_none());
    let new: Vec<_> = in_it.filter(|post| post.value["update_at"].as_i64() > Some(since)).collect();
    let order: Vec<_> = new.iter().rev().map(|post| post.value["id"].clone()).collect();
    let posts: serde_json::Map<String, Value> =
        new.iter().map(|post| (text(&post.value, "id").to_owned(), post.value.clone())).collect();
    Ok(json!({"order": order, "posts": posts, "next_post_id": "", "prev_post_id": "", "has_next": false}))
}

fn direct(state: &mut State, user: &str, body: &Value) -> Answer {
    let ids: Vec<&str> = body.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let [one, other] = ids[..] else { return Err(missing()) };
    if (one != user && other != user) || state.user(one).is_none() || state.user(other).is_none() {
        return Err(missing());
    }
    let (one, other) = (one.to_owned(), other.to_owned());
    let id = state.direct(&one, &other);
    let channel = state.channel(&id).ok_or_else(missing)?;
    Ok(json!({"id": id, "name": channel.name, "type": "D", "team_id": "", "delete_at": 0}))
}

/// Whether `user` may write in a channel.
fn may_post(state: &State, user: &str, channel: &str) -> Result<(), Response> {
    let Some(known) = state.channel(channel) else { return Err(forbidden()) };
    if !state.is_member(user, channel) {
        return Err(forbidden());
    }
    if known.archived {
        let id = "api.post.create_post.can_not_post_to_deleted.error";
        return Err(error(400, id, "Can not post to deleted channel."));
    }
    Ok(())
}

fn check_root(state: &State, post: &Value) -> Result<(), Response> {
    let root = text(post, "root_id");
    let bad = || error(400, "api.post.create_post.root_id.app_error", "Invalid RootId parameter.");
    if root.is_empty() {
        return Ok(());
    }
    let found = state.post(root).ok_or_else(bad)?;
    let good = text(&found.value, "root_id").is_empty() && found.value["channel_id"] == post["channel_id"];
    if good { Ok(()) } else { Err(bad()) }
}

fn post(state: &mut State, user: &str, post: &Value) -> Answer {
    strictly(state, "posts", strict::post(post))?;
    may_post(state, user, text(post, "channel_id"))?;
    check_root(state, post)?;
    let files = post["file_ids"].as_array().cloned().unwrap_or_default();
    let unknown = files.iter().find(|id| !state.files.contains_key(id.as_str().unwrap_or_default()));
    strictly(state, "posts", unknown.map_or(Ok(()), |id| Err(format!("no file {id}"))))?;
    let pending = text(post, "pending_post_id").to_owned();
    let known = if pending.is_empty() { None } else { state.pending(&pending) };
    let id = match known {
        Some(id) => id,
        None => state.add(user, text(post, "channel_id"), text(post, "root_id"), text(post, "message"), post),
    };
    state.pending.insert(pending, (Instant::now(), id.clone()));
    state.post(&id).map(|post| post.value.clone()).ok_or_else(missing)
}

fn whisper(state: &mut State, user: &str, body: &Value) -> Answer {
    strictly(state, "posts/ephemeral", strict::keys(body, &["user_id", "post"]))?;
    strictly(state, "posts/ephemeral", strict::post(&body["post"]))?;
    if !state.may_whisper {
        return Err(forbidden());
    }
    let post = &body["post"];
    may_post(state, user, text(post, "channel_id"))?;
    let mut value = post.clone();
    value["id"] = json!(state.id("whisper"));
    value["user_id"] = json!(user);
    value["type"] = json!("system_ephemeral");
    let only = Some(text(body, "user_id").to_owned());
    state.posts.push(super::state::Post { value: value.clone(), edits: 0, only });
    Ok(value)
}

fn patch(state: &mut State, user: &str, id: &str, patch: &Value) -> Answer {
    strictly(state, "patch", strict::patch(patch))?;
    let now = state.now();
    let channel =
        state.post(id).map(|post| text(&post.value, "channel_id").to_owned()).ok_or_else(missing)?;
    let member = state.is_member(user, &channel);
    let found = state.posts.iter_mut().find(|post| post.value["id"] == id && post.only.is_none());
    let post = found.filter(|post| post.value["delete_at"] == 0).ok_or_else(missing)?;
    if post.value["user_id"] != user || !member {
        return Err(forbidden());
    }
    post.edits += 1;
    post.value["message"] = patch["message"].clone();
    if !patch["props"].is_null() {
        post.value["props"] = patch["props"].clone();
    }
    (post.value["edit_at"], post.value["update_at"]) = (json!(now), json!(now));
    let value = post.value.clone();
    state.tell("post_edited", &json!({"post": value.to_string()}), &channel);
    Ok(value)
}

fn delete(state: &mut State, user: &str, id: &str) -> Answer {
    let now = state.now();
    let post = state.posts.iter_mut().find(|post| post.value["id"] == id).ok_or_else(missing)?;
    if post.value["user_id"] != user {
        return Err(forbidden());
    }
    (post.value["delete_at"], post.value["update_at"]) = (json!(now), json!(now));
    Ok(json!({"status": "OK"}))
}

fn react(state: &mut State, user: &str, body: &Value) -> Answer {
    strictly(state, "reactions", strict::keys(body, &["user_id", "post_id", "emoji_name"]))?;
    let emoji = text(body, "emoji_name");
    let good = !emoji.is_empty() && emoji.chars().all(|c| c.is_ascii_alphanumeric() || "_-+".contains(c));
    strictly(state, "reactions", if good { Ok(()) } else { Err(format!("emoji `{emoji}`")) })?;
    if text(body, "user_id") != user {
        return Err(forbidden());
    }
    if state.post(text(body, "post_id")).is_none() {
        return Err(missing());
    }
    let reaction = (text(body, "post_id").to_owned(), user.to_owned(), emoji.to_owned());
    if !state.reactions.contains(&reaction) {
        state.reactions.push(reaction);
    }
    Ok(body.clone())
}

fn upload(state: &mut State, user: &str, request: &Request) -> Answer {
    let Some(parts) = parts(request) else {
        state.breach("files: no multipart form");
        return Err(error(400, "api.file.upload_file.bad_parse.app_error", "Unable to parse multipart."));
    };
    let channel = parts.iter().find(|(name, ..)| name == "channel_id").map(|(.., bytes)| bytes.clone());
    let channel = String::from_utf8(channel.unwrap_or_default()).unwrap_or_default();
    if !state.is_member(user, &channel) {
        return Err(forbidden());
    }
    let mut infos = Vec::new();
    for (name, file, bytes) in parts.into_iter().filter(|(name, ..)| name != "channel_id") {
        let Some(file) = file.filter(|_| name == "files") else {
            state.breach(format!("files: a part `{name}`"));
            continue;
        };
        let id = state.id("file");
        infos.push(json!({"id": id, "name": file, "size": bytes.len(), "mime_type": "text/plain"}));
        state.files.insert(id, (file, bytes));
    }
    Ok(json!({"file_infos": infos, "client_ids": []}))
}

/// Whether a request is one that the rate limit of a test is about: something is sent.
pub(crate) fn is_send(method: &str, path: &str) -> bool {
    matches!((method, path), ("POST", "posts" | "posts/ephemeral")) || path.ends_with("/patch")
}
