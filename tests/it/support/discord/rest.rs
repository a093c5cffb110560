//! The REST half of the stand-in (docs.discord.com/developers/reference and the pages of each resource). What it does
//! not know is a breach, and so is a token where none belongs or a client without its name.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::check::{self, Body};
use super::hooks::{callback, follow_up, hook_delete, hook_edit};
use super::http::{Answer, Request, parts};
use super::world::{Channel, GUILD, ME, MYSELF, Message, TOKEN, World};

/// Names and contents.
pub(super) type Files = Vec<(String, Vec<u8>)>;

/// An error as Discord words it.
pub(super) fn error(status: u16, code: u64, message: &str) -> Answer {
    Answer::status_json(status, &json!({"message": message, "code": code}))
}

/// Answers one request.
pub(crate) fn answer(world: &mut World, request: &Request) -> Answer {
    if world.switches.html503 {
        return Answer::html(503);
    }
    let path = request.path.strip_prefix("/api/v10/").unwrap_or(&request.path).to_owned();
    let by_token = path.starts_with("webhooks/") || path.starts_with("interactions/");
    let agent = request.headers.get("user-agent").map(String::as_str).unwrap_or_default();
    if !agent.starts_with("DiscordBot (") {
        world.breach(format!("the user agent `{agent}`"));
    }
    if !by_token {
        let token = request.headers.get("authorization").cloned().unwrap_or_default();
        if !token.starts_with("Bot ") {
            world.breach(format!("{path} without `Bot` and the token"));
        }
        if world.switches.revoked || token != format!("Bot {TOKEN}") {
            return Answer::status_json(401, &json!({"message": "401: Unauthorized", "code": 0}));
        }
    }
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method.as_str(), &parts[..]) {
        ("GET", ["gateway"]) => Answer::json(&json!({"url": url(world)})),
        ("GET", ["gateway", "bot"]) => gateway(world),
        ("GET", ["users", "@me"]) => Answer::json(&MYSELF.json()),
        ("GET", ["applications", "@me"] | ["oauth2", "applications", "@me"]) => application(world),
        ("GET", ["users", "@me", "guilds"]) => Answer::json(
            &json!([{"id": GUILD.to_string(), "name": "example", "permissions": "309237763136"}]),
        ),
        ("POST", ["users", "@me", "channels"]) => open_direct(world, request),
        ("GET", ["guilds", _, "channels"]) => rooms(world),
        ("GET", ["channels", id]) => channel(world, id),
        ("POST", ["channels", id, "messages"]) => create(world, id, request),
        ("PATCH", ["channels", id, "messages", message]) => edit(world, Some(id), message, request),
        ("DELETE", ["channels", _, "messages", message]) => delete(world, message),
        ("POST", ["channels", id, "messages", message, "threads"]) => thread(world, id, message, request),
        ("PUT", ["channels", id, "messages", message, "reactions", sign, "@me"]) => {
            react(world, id, message, sign, true)
        }
        ("DELETE", ["channels", id, "messages", message, "reactions", sign, "@me"]) => {
            react(world, id, message, sign, false)
        }
        ("GET" | "POST" | "PUT", ["applications", _, "commands"]) => commands(world, None, request),
        ("GET" | "POST" | "PUT", ["applications", _, "guilds", guild, "commands"]) => {
            commands(world, guild.parse().ok(), request)
        }
        ("POST", ["interactions", id, token, "callback"]) => callback(world, id, token, request),
        ("POST", ["webhooks", _, token]) => follow_up(world, token, request),
        ("PATCH", ["webhooks", _, token, "messages", message]) => hook_edit(world, token, message, request),
        ("DELETE", ["webhooks", _, token, "messages", message]) => hook_delete(world, token, message),
        (method, _) => {
            world.breach(format!("nobody documents {method} {path}"));
            error(404, 0, "404: Not Found")
        }
    }
}

fn url(world: &World) -> String {
    format!("ws://127.0.0.1:{}/gateway", world.port)
}

fn gateway(world: &World) -> Answer {
    let left = world.switches.sessions_left.unwrap_or(999);
    let limit = json!({"total": 1000, "remaining": left, "reset_after": 1500, "max_concurrency": 1});
    Answer::json(&json!({"url": url(world), "shards": 1, "session_start_limit": limit}))
}

fn application(world: &World) -> Answer {
    let flags = if world.switches.no_content { 0 } else { 1 << 19 };
    Answer::json(
        &json!({"id": ME.to_string(), "name": "chatops", "icon": null, "description": "", "flags": flags,
        "bot_public": false, "bot_require_code_grant": false, "verify_key": "", "owner": MYSELF.json(), "team": null}),
    )
}

fn open_direct(world: &mut World, request: &Request) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if !check::is_snowflake(&body["recipient_id"]) {
        world.breach(format!("a direct conversation with {body}"));
        return error(400, 50_035, "Invalid Form Body");
    }
    let id = world.direct(body["recipient_id"].as_str().unwrap().parse().unwrap());
    Answer::json(&world.channel_json(id).unwrap())
}

fn rooms(world: &World) -> Answer {
    let rooms = world.channels.iter().filter(|(_, channel)| channel.kind == 0 && !channel.removed);
    Answer::json(&rooms.filter_map(|(id, _)| world.channel_json(*id)).collect())
}

fn channel(world: &World, id: &str) -> Answer {
    let id = id.parse().unwrap_or(0);
    match world.channels.get(&id) {
        None => error(404, 10_003, "Unknown Channel"),
        Some(channel) if channel.removed => error(403, 50_001, "Missing Access"),
        Some(_) => Answer::json(&world.channel_json(id).unwrap()),
    }
}

/// The JSON and the files of a request.
pub(super) fn read(world: &mut World, request: &Request) -> (Value, Files) {
    let kind = request.headers.get("content-type").cloned().unwrap_or_default();
    if kind.starts_with("application/json") {
        return (serde_json::from_slice(&request.body).unwrap_or_default(), Vec::new());
    }
    let Some(parts) = kind.starts_with("multipart/form-data").then(|| parts(&kind, &request.body)).flatten()
    else {
        world.breach(format!("a body of type `{kind}`"));
        return (Value::Null, Vec::new());
    };
    let (json, files): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.name == "payload_json");
    if json.len() != 1 || !json[0].kind.starts_with("application/json") {
        world.breach("a form has one part `payload_json` of type application/json");
    }
    for (index, part) in files.iter().enumerate() {
        if part.name != format!("files[{index}]") || part.filename.is_none() {
            world.breach(format!("a file comes as `{}`", part.name));
        }
        if part.bytes.len() > 10 * 1024 * 1024 {
            world.breach("a file of more than 10 MiB");
        }
    }
    let body = json.first().map(|part| serde_json::from_slice(&part.bytes).unwrap_or_default());
    let files = files.into_iter().map(|part| (part.filename.unwrap_or_default(), part.bytes));
    (body.unwrap_or_default(), files.collect())
}

/// Reads and checks a message.
pub(super) fn message(world: &mut World, request: &Request, kind: Body) -> Result<(Value, Files), Answer> {
    let (body, files) = read(world, request);
    let wrong = check::message(&body, kind, files.len());
    if wrong.is_empty() {
        return Ok((body, files));
    }
    wrong.into_iter().for_each(|why| world.breach(why));
    Err(error(400, 50_035, "Invalid Form Body"))
}

fn limited(after: Duration, global: bool) -> Answer {
    let body = json!({"message": "You are being rate limited.", "retry_after": after.as_secs_f64(), "global": global});
    let mut answer = Answer::status_json(429, &body);
    answer.headers.push(("retry-after".to_owned(), after.as_secs_f64().ceil().to_string()));
    answer.headers.push(("x-ratelimit-scope".to_owned(), if global { "global" } else { "user" }.to_owned()));
    answer
}

/// Whether a send may pass now, and the head that tells what is left.
fn pace(world: &mut World, channel: u64) -> Result<Vec<(String, String)>, Answer> {
    if world.closed_until.is_some_and(|until| Instant::now() + Duration::from_millis(20) < until) {
        world.breach("a send came back before its Retry-After");
    }
    if world.switches.limited > 0 {
        world.switches.limited -= 1;
        let (after, global) = (world.switches.limited_for, world.switches.global);
        world.closed_until = Some(Instant::now() + after);
        return Err(limited(after, global));
    }
    let Some((most, span)) = world.switches.bucket else { return Ok(Vec::new()) };
    let now = Instant::now();
    let bucket = world.buckets.entry(channel).or_insert((now, 0));
    if now.duration_since(bucket.0) >= span {
        *bucket = (now, 0);
    }
    bucket.1 += 1;
    let (count, opens) = (bucket.1, span.saturating_sub(now.duration_since(bucket.0)));
    if count > most {
        world.breach("a send though the bucket was empty");
        return Err(limited(opens, false));
    }
    let head = [
        ("x-ratelimit-bucket", "sends".to_owned()),
        ("x-ratelimit-limit", most.to_string()),
        ("x-ratelimit-remaining", (most - count).to_string()),
        ("x-ratelimit-reset-after", format!("{:.3}", opens.as_secs_f64() + 0.005)),
    ];
    Ok(head.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn create(world: &mut World, id: &str, request: &Request) -> Answer {
    let id: u64 = id.parse().unwrap_or(0);
    let head = match pace(world, id) {
        Ok(head) => head,
        Err(answer) => return answer,
    };
    match world.channels.get(&id) {
        None => return error(404, 10_003, "Unknown Channel"),
        Some(channel) if channel.removed => return error(403, 50_001, "Missing Access"),
        Some(_) => {}
    }
    let (body, files) = match message(world, request, Body::Create) {
        Ok(message) => message,
        Err(answer) => return answer,
    };
    let nonce = body["nonce"].as_str().map(str::to_owned);
    let known =
        world.messages.iter().find(|known| known.author.id == ME && known.nonce == nonce && nonce.is_some());
    let json = match known {
        Some(known) => world.message_json(known),
        None => {
            let (id_of, author) = (world.id(), MYSELF);
            world.post(Message {
                id: id_of,
                channel: id,
                author,
                body,
                files,
                edits: 0,
                deleted: false,
                whispered: false,
                nonce,
            })
        }
    };
    if world.switches.unanswered > 0 {
        world.switches.unanswered -= 1;
        return Answer { cut: true, ..Answer::default() };
    }
    Answer { headers: head, ..Answer::json(&json) }
}

pub(super) fn edit(world: &mut World, channel: Option<&str>, message_id: &str, request: &Request) -> Answer {
    let (body, files) = match message(world, request, Body::Edit) {
        Ok(message) => message,
        Err(answer) => return answer,
    };
    let room = channel.and_then(|channel| world.channels.get(&channel.parse().unwrap_or(0)));
    if room.is_some_and(|room| room.removed) {
        return error(403, 50_001, "Missing Access");
    }
    let id: u64 = message_id.parse().unwrap_or(0);
    let Some(at) = world.messages.iter().position(|message| message.id == id && !message.deleted) else {
        return error(404, 10_008, "Unknown Message");
    };
    if world.messages[at].author.id != ME {
        world.breach("an edit of somebody else's message");
        return error(403, 50_005, "Cannot edit a message authored by another user");
    }
    if channel.is_some() && world.messages[at].whispered {
        return error(404, 10_008, "Unknown Message");
    }
    let message = &mut world.messages[at];
    for (key, value) in body.as_object().unwrap() {
        message.body[key] = value.clone();
    }
    message.files = files;
    message.edits += 1;
    let message = world.messages[at].clone();
    let event = world.event_json(&message);
    world.emit("MESSAGE_UPDATE", &event);
    Answer::json(&world.message_json(&message))
}

pub(super) fn delete(world: &mut World, id: &str) -> Answer {
    let id: u64 = id.parse().unwrap_or(0);
    match world.messages.iter_mut().find(|message| message.id == id && !message.deleted) {
        Some(message) => {
            message.deleted = true;
            Answer::empty(204)
        }
        None => error(404, 10_008, "Unknown Message"),
    }
}

fn thread(world: &mut World, room: &str, message: &str, request: &Request) -> Answer {
    let (body, _) = read(world, request);
    let known = ["name", "auto_archive_duration", "rate_limit_per_user"];
    let wrong = body.as_object().is_none_or(|body| body.keys().any(|key| !known.contains(&key.as_str())));
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    if wrong || name.is_empty() || name.chars().count() > 100 {
        world.breach(format!("a thread as {body}"));
        return error(400, 50_035, "Invalid Form Body");
    }
    let (id, parent): (u64, u64) = (message.parse().unwrap_or(0), room.parse().unwrap_or(0));
    if world.channels.contains_key(&id) {
        return error(400, 160_004, "A thread has already been created for this message");
    }
    if !world.messages.iter().any(|message| message.id == id && message.channel == parent) {
        return error(404, 10_008, "Unknown Message");
    }
    let channel = Channel { name, kind: 11, parent: Some(parent), person: None, removed: false };
    world.channels.insert(id, channel);
    let json = world.channel_json(id).unwrap();
    world.emit("THREAD_CREATE", &json);
    Answer::status_json(201, &json)
}

fn react(world: &mut World, channel: &str, message: &str, sign: &str, sets: bool) -> Answer {
    let (channel, message): (u64, u64) = (channel.parse().unwrap_or(0), message.parse().unwrap_or(0));
    if !sign.starts_with('%') {
        world.breach(format!("a reaction `{sign}` that is not encoded"));
    }
    if !world.messages.iter().any(|known| known.id == message && known.channel == channel) {
        return error(404, 10_008, "Unknown Message");
    }
    let reaction = (channel, message, sign.to_owned());
    world.reactions.retain(|known| *known != reaction);
    if sets {
        world.reactions.push(reaction);
    }
    Answer::empty(204)
}

fn commands(world: &mut World, guild: Option<u64>, request: &Request) -> Answer {
    if request.method == "GET" {
        let here =
            world.commands.iter().filter(|(scope, _)| *scope == guild).map(|(_, command)| command.clone());
        return Answer::json(&here.collect());
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let all = if request.method == "PUT" { body.as_array().cloned().unwrap_or_default() } else { vec![body] };
    let mut noted = Vec::new();
    for mut command in all {
        let wrong = check::command(&command);
        if !wrong.is_empty() {
            wrong.into_iter().for_each(|why| world.breach(why));
            return error(400, 50_035, "Invalid Form Body");
        }
        command["id"] = json!(world.id().to_string());
        command["application_id"] = json!(ME.to_string());
        command["version"] = command["id"].clone();
        command["type"] = json!(1);
        world.commands.retain(|(scope, known)| *scope != guild || known["name"] != command["name"]);
        world.commands.push((guild, command.clone()));
        noted.push(command);
    }
    if request.method == "PUT" { Answer::json(&json!(noted)) } else { Answer::status_json(201, &noted[0]) }
}
