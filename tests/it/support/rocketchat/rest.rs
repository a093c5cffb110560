//! The REST API, the reading side, and what all of it has in common: tokens, limits, what is not there.

use std::time::Instant;

use serde_json::{Value, json};

use super::World;
use super::server::{Reply, Request};
use super::world::{BOT, Message, iso, now};
use super::writes::{Outcome, post, refused};

/// What sends something, so that a limit on sends counts it.
const SENDS: [&str; 4] = ["chat.sendMessage", "chat.update", "method.call", "rooms.media"];

/// Answers a request.
pub(super) fn answer(world: &mut World, request: &Request) -> Reply {
    world.asked.push(format!("{} {}", request.method, request.path));
    let reply = |status: u16, body: &Value, headers| Reply {
        status,
        kind: "application/json",
        headers,
        body: body.to_string().into_bytes(),
        lost: false,
    };
    if request.path == "/chat/api/info" {
        return reply(200, &json!({"version": world.version, "success": true}), Vec::new());
    }
    let Some(path) = request.path.strip_prefix("/chat/api/v1/") else {
        world.breach(format!("nothing is at `{}`", request.path));
        return Reply {
            status: 404,
            kind: "text/html",
            body: b"<html>not found</html>".to_vec(),
            ..Reply::default()
        };
    };
    let name = path.split('/').next().unwrap_or_default();
    let header = |name: &str| request.headers.get(name).map(String::as_str).unwrap_or_default();
    if header("x-user-id") != BOT || !world.tokens.contains(header("x-auth-token")) {
        let body = json!({"status": "error", "message": "You must be logged in to do this."});
        return reply(401, &body, Vec::new());
    }
    if let Some((wait, headers)) = limited(world, name) {
        let seconds = wait.as_secs_f64().ceil();
        let error = format!(
            "Error, too many requests. Please slow down. You must wait {seconds} seconds before trying this endpoint again. [error-too-many-requests]"
        );
        return reply(429, &json!({"success": false, "error": error}), headers);
    }
    let outcome = match request.method.as_str() {
        "GET" => get(world, path, request),
        "POST" => post(world, path, request),
        _ => Err((405, json!({"success": false, "error": "method"}))),
    };
    let swallowed = name == "chat.sendMessage" && std::mem::take(&mut world.swallow);
    let (status, mut body) = outcome.map_or_else(|refusal| refusal, |body| (200, body));
    if status == 200 {
        body["success"] = json!(true);
    }
    Reply { lost: swallowed, ..reply(status, &body, Vec::new()) }
}

type Limited = (std::time::Duration, Vec<(&'static str, String)>);

fn limited(world: &mut World, name: &str) -> Option<Limited> {
    let reset = |wait: std::time::Duration| {
        let reset = now() + i64::try_from(wait.as_millis()).unwrap();
        vec![
            ("X-RateLimit-Limit", "10".to_owned()),
            ("X-RateLimit-Remaining", "0".to_owned()),
            ("X-RateLimit-Reset", reset.to_string()),
        ]
    };
    if let Some((left, wait)) = &mut world.limited
        && SENDS.contains(&name)
        && *left > 0
    {
        *left -= 1;
        return Some((*wait, reset(*wait)));
    }
    let limit = world.call_limit?;
    let (began, count) = world.calls.entry(name.to_owned()).or_insert((Instant::now(), 0));
    if began.elapsed() >= limit.span {
        (*began, *count) = (Instant::now(), 0);
    }
    *count += 1;
    (*count > limit.calls).then(|| {
        let left = limit.span.saturating_sub(began.elapsed());
        (left, reset(left))
    })
}

fn get(world: &mut World, path: &str, request: &Request) -> Outcome {
    let allowed: &[&str] = match path {
        "me" | "subscriptions.get" => &[],
        "settings.public" => &["_id"],
        "rooms.get" => &["updatedSince"],
        "channels.history" | "groups.history" | "im.history" => {
            &["roomId", "oldest", "latest", "count", "inclusive"]
        }
        "rooms.info" => &["roomName", "roomId"],
        "users.info" => &["userId", "username"],
        "chat.getMessage" => &["msgId"],
        _ => {
            world.breach(format!("GET `{path}`"));
            return Err((404, json!({"success": false, "error": "not found"})));
        }
    };
    if let Some(key) = request.query.keys().find(|key| !allowed.contains(&key.as_str())) {
        world.breach(format!("GET `{path}` with `{key}`"));
        return Err(refused("invalid-params"));
    }
    let query = |key: &str| request.query.get(key).cloned().unwrap_or_default();
    match path {
        "me" => Ok(json!({"_id": BOT, "username": "chatbot", "roles": world.roles})),
        "settings.public" => {
            Ok(json!({"settings": [{"_id": "Message_MaxAllowedSize", "value": world.longest}]}))
        }
        "rooms.get" => Ok(rooms(world, &query("updatedSince"))),
        "subscriptions.get" => {
            let ours = world.rooms.iter().filter(|(_, room)| room.members.contains(BOT));
            Ok(
                json!({"update": ours.map(|(id, room)| json!({"rid": id, "t": room.kind, "name": room.name})).collect::<Vec<_>>(), "remove": []}),
            )
        }
        "rooms.info" => {
            let found =
                world.rooms.iter().find(|(_, room)| room.name.as_deref() == Some(query("roomName").as_str()));
            found
                .map(|(id, room)| json!({"room": {"_id": id, "t": room.kind, "name": room.name}}))
                .ok_or(refused("error-room-not-found"))
        }
        "users.info" => {
            let found = world.users.get(&query("userId"));
            found
                .map(|(username, name)| json!({"user": {"username": username, "name": name}}))
                .ok_or(refused("error-invalid-user"))
        }
        "chat.getMessage" => {
            let found = world.messages.iter().find(|one| one.id == query("msgId"));
            found.map(|one| json!({"message": world.rest(one)})).ok_or((400, json!({"success": false})))
        }
        _ => history(world, path, request),
    }
}

fn rooms(world: &World, since: &str) -> Value {
    let update =
        world.rooms.iter().filter(|(_, room)| room.members.contains(BOT)).filter_map(|(id, room)| {
            let last = world.messages.iter().filter(|one| one.room == *id).map(|one| one.millis).max()?;
            (iso(last).as_str() >= since).then(
                || json!({"_id": id, "t": room.kind, "name": room.name, "lm": iso(last), "usersCount": 2}),
            )
        });
    json!({"update": update.collect::<Vec<_>>(), "remove": []})
}

/// The latest first, `count` of them.
fn history(world: &mut World, path: &str, request: &Request) -> Outcome {
    let query = |key: &str| request.query.get(key).cloned();
    let id = query("roomId").unwrap_or_default();
    let kind = match path {
        "channels.history" => "c",
        "groups.history" => "p",
        _ => "d",
    };
    let right = world.rooms.get(&id).is_some_and(|room| room.kind == kind && room.members.contains(BOT));
    if !right {
        return Err(refused("error-room-not-found"));
    }
    let (oldest, latest) =
        (query("oldest").unwrap_or_default(), query("latest").unwrap_or_else(|| iso(now())));
    let count: usize = query("count").and_then(|count| count.parse().ok()).unwrap_or(20);
    let mut found: Vec<&Message> = world.messages.iter().filter(|one| one.room == id).collect();
    found.retain(|one| iso(one.millis) >= oldest && iso(one.millis) <= latest);
    found.sort_by_key(|one| std::cmp::Reverse(one.millis));
    found.truncate(count);
    Ok(json!({"messages": found.into_iter().map(|one| world.rest(one)).collect::<Vec<_>>()}))
}
