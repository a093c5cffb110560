//! The REST API, the writing side: content types, keys, types and lengths are checked.

use serde_json::{Value, json};

use super::World;
use super::server::Request;
use super::world::{BOT, Message, now};

/// A body, or a status with its body.
pub(super) type Outcome = Result<Value, (u16, Value)>;

/// A refusal by its error.
pub(super) fn refused(error: &str) -> (u16, Value) {
    (400, json!({"success": false, "error": error, "errorType": error}))
}

pub(super) fn post(world: &mut World, path: &str, request: &Request) -> Outcome {
    let kind = request.headers.get("content-type").cloned().unwrap_or_default();
    let mut parts = path.split('/');
    match (parts.next().unwrap_or_default(), parts.next(), parts.next()) {
        (name @ ("rooms.media" | "rooms.upload"), Some(room), None) => {
            let old = world.version.starts_with("6.4");
            if (name == "rooms.upload") != old {
                return Err((404, json!({"success": false, "error": "not found"})));
            }
            upload(world, name, room, &kind, &request.body)
        }
        (name, second, third) => {
            if kind != "application/json" {
                world.breach(format!("`{path}` with content type `{kind}`"));
            }
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            match (name, second, third) {
                ("chat.sendMessage", None, None) => send(world, &body),
                ("chat.update", None, None) => {
                    only(world, path, &body, &["roomId", "msgId", "text"])?;
                    let text = body["text"].as_str().unwrap_or_default();
                    if text.is_empty() {
                        world.breach("an edit without text");
                    }
                    update(world, &body["msgId"], &body["roomId"], text, None)
                }
                ("chat.react", None, None) => react(world, &body),
                ("im.create", None, None) => {
                    only(world, path, &body, &["username"])?;
                    let name = body["username"].as_str().unwrap_or_default().to_owned();
                    let id =
                        world.users.iter().find(|(_, (known, _))| *known == name).map(|(id, _)| id.clone());
                    let id = id.ok_or(refused("error-invalid-user"))?;
                    Ok(json!({"room": {"_id": world.direct(&id), "t": "d", "usernames": [name, "chatbot"]}}))
                }
                ("method.call", Some("updateMessage"), None) => method(world, &body),
                ("rooms.mediaConfirm", Some(room), Some(file)) => {
                    only(world, path, &body, &["msg", "description", "tmid"])?;
                    let (name, bytes) = world.uploads.remove(file).ok_or(refused("invalid-file"))?;
                    file_message(world, room, body["tmid"].as_str(), name, bytes)
                }
                _ => {
                    world.breach(format!("POST `{path}`"));
                    Err((404, json!({"success": false, "error": "not found"})))
                }
            }
        }
    }
}

fn only(world: &mut World, what: &str, body: &Value, keys: &[&str]) -> Result<(), (u16, Value)> {
    let strange = body.as_object().map(|map| map.keys().find(|key| !keys.contains(&key.as_str())).cloned());
    match strange {
        Some(None) => Ok(()),
        Some(Some(key)) => {
            world.breach(format!("`{what}` with `{key}`"));
            Err(refused("must NOT have additional properties [invalid-params]"))
        }
        None => {
            world.breach(format!("`{what}` without an object"));
            Err(refused("invalid-params"))
        }
    }
}

/// Whether the bot may write there.
fn writable(world: &World, room: &str) -> Result<(), (u16, Value)> {
    let room = world.rooms.get(room).ok_or(refused("error-invalid-room"))?;
    match (room.archived, room.members.contains(BOT)) {
        (true, _) => Err(refused("error-room-archived")),
        (_, false) => Err(refused("error-not-allowed")),
        _ => Ok(()),
    }
}

fn send(world: &mut World, body: &Value) -> Outcome {
    only(world, "chat.sendMessage", body, &["message"])?;
    let message = &body["message"];
    only(
        world,
        "message",
        message,
        &["_id", "rid", "tmid", "msg", "alias", "emoji", "avatar", "attachments"],
    )?;
    let word = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
    writable(world, &word("rid"))?;
    check(world, &word("msg"), &message["attachments"])?;
    if word("_id").len() != 17 {
        world.breach(format!("the id `{}` is not as long as the server's own", word("_id")));
    }
    if let Some(thread) = message["tmid"].as_str()
        && world.find(thread).is_none_or(|root| root.thread.is_some())
    {
        world.breach(format!("`{thread}` is no root of a thread"));
    }
    if world.find(&word("_id")).is_some() {
        // A second message of the same id is none, and the answer trips over that.
        return Err((400, json!({"success": false, "error": "Cannot read properties of undefined"})));
    }
    if word("msg").is_empty() && message["attachments"].as_array().is_none_or(Vec::is_empty) {
        world.breach("a message without anything");
    }
    let message = Message {
        id: word("_id"),
        room: word("rid"),
        user: BOT.to_owned(),
        text: word("msg"),
        thread: message["tmid"].as_str().map(str::to_owned),
        attachments: message["attachments"].as_array().cloned().unwrap_or_default(),
        millis: now(),
        ..Message::default()
    };
    world.insert(message.clone());
    Ok(json!({"message": world.rest(&message)}))
}

/// Lengths in UTF-16 units, and the types of what an attachment holds.
fn check(world: &mut World, text: &str, attachments: &Value) -> Result<(), (u16, Value)> {
    let longest = world.longest;
    let mut texts = vec![text.to_owned()];
    for one in attachments.as_array().into_iter().flatten() {
        texts.extend(one["text"].as_str().map(str::to_owned));
        for (key, value) in one.as_object().into_iter().flatten() {
            let good = match key.as_str() {
                "color" | "text" | "title" | "title_link" | "image_url" | "thumb_url" | "author_name"
                | "author_link" | "author_icon" | "description" => value.is_string(),
                "button_alignment" => matches!(value.as_str(), Some("horizontal" | "vertical")),
                "collapsed" => value.is_boolean(),
                "fields" => value.as_array().is_some_and(|all| {
                    all.iter().all(|field| {
                        field["title"].is_string()
                            && field["value"].is_string()
                            && field["short"].is_boolean()
                    })
                }),
                "actions" => value.as_array().is_some_and(|all| {
                    all.iter().all(|action| {
                        action["type"] == "button" && action["text"].is_string() && action["msg"].is_string()
                    })
                }),
                _ => false,
            };
            if !good {
                world.breach(format!("an attachment with `{key}`: `{value}`"));
            }
        }
    }
    if texts.iter().any(|text| text.encode_utf16().count() > longest) {
        world.breach("a text beyond Message_MaxAllowedSize");
        return Err(refused("error-message-size-exceeded"));
    }
    Ok(())
}

fn update(
    world: &mut World,
    id: &Value,
    room: &Value,
    text: &str,
    attachments: Option<Vec<Value>>,
) -> Outcome {
    check(world, text, &json!(attachments))?;
    let allowed = world.edits_allowed;
    let id = id.as_str().unwrap_or_default();
    let Some(message) = world.find(id) else {
        return Err(refused(&format!("No message found with the id of \"{id}\".")));
    };
    if *room != message.room {
        return Err(refused("The room id provided does not match where the message is from."));
    }
    if message.user != BOT || !allowed {
        return Err(refused("error-action-not-allowed"));
    }
    if message.text != text {
        message.text = text.to_owned();
        message.attachments = attachments.unwrap_or_else(|| message.attachments.clone());
        message.edits += 1;
        world.emit(id);
    }
    Ok(json!({}))
}

/// `updateMessage` says nothing where the message is gone.
fn method(world: &mut World, body: &Value) -> Outcome {
    only(world, "method.call", body, &["message"])?;
    let call: Value = serde_json::from_str(body["message"].as_str().unwrap_or_default()).unwrap_or_default();
    only(world, "updateMessage", &call, &["msg", "method", "id", "params"])?;
    let message = &call["params"][0];
    only(world, "updateMessage", message, &["_id", "rid", "msg", "attachments"])?;
    let attachments = message["attachments"].as_array().cloned();
    let text = message["msg"].as_str().unwrap_or_default();
    let mut result = json!({"msg": "result", "id": call["id"]});
    if world.find(message["_id"].as_str().unwrap_or_default()).is_some()
        && let Err((_, error)) = update(world, &message["_id"], &message["rid"], text, attachments)
    {
        result["error"] = json!({"error": error["error"], "message": error["error"], "isClientSafe": true});
    }
    Ok(json!({"message": result.to_string()}))
}

fn react(world: &mut World, body: &Value) -> Outcome {
    only(world, "chat.react", body, &["emoji", "messageId", "shouldReact"])?;
    let emoji = body["emoji"].as_str().unwrap_or_default().to_owned();
    if !(emoji.starts_with(':') && emoji.ends_with(':')) {
        world.breach(format!("`{emoji}` is no emoji"));
    }
    let set = body["shouldReact"].as_bool().unwrap_or(true);
    let id = body["messageId"].as_str().unwrap_or_default().to_owned();
    let message = world.find(&id).ok_or(refused("error-message-not-found"))?;
    let people = message.reactions.entry(emoji.clone()).or_default();
    let changed = if set { people.insert(BOT.to_owned()) } else { people.remove(BOT) };
    message.reactions.retain(|_, people| !people.is_empty());
    if changed {
        world.emit(&id);
    }
    Ok(json!({}))
}

fn upload(world: &mut World, name: &str, room: &str, kind: &str, body: &[u8]) -> Outcome {
    writable(world, room)?;
    let Some(boundary) = kind.strip_prefix("multipart/form-data; boundary=") else {
        world.breach(format!("an upload with content type `{kind}`"));
        return Err(refused("invalid-field"));
    };
    let text = String::from_utf8_lossy(body).into_owned();
    let fence = format!("--{boundary}");
    let parts = text.split(&fence).filter_map(|part| part.split_once("\r\n\r\n"));
    let (mut file, mut thread) = (None, None);
    for (head, content) in parts {
        let content = content.strip_suffix("\r\n").unwrap_or(content);
        let quoted =
            |key: &str| head.split(&format!("{key}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        match quoted(" name") {
            Some("file") => {
                file = Some((quoted("filename").unwrap_or("file").to_owned(), content.as_bytes().to_vec()))
            }
            Some("tmid") => thread = Some(content.to_owned()),
            other => world.breach(format!("an upload with `{other:?}`")),
        }
    }
    let Some((file_name, bytes)) = file else { return Err(refused("invalid-field")) };
    if name == "rooms.upload" {
        return file_message(world, room, thread.as_deref(), file_name, bytes);
    }
    let id = world.id("file");
    world.uploads.insert(id.clone(), (file_name, bytes));
    Ok(json!({"file": {"_id": id, "url": "/file-upload/x"}}))
}

fn file_message(
    world: &mut World,
    room: &str,
    thread: Option<&str>,
    name: String,
    bytes: Vec<u8>,
) -> Outcome {
    writable(world, room)?;
    let message = Message {
        id: world.id("msg"),
        room: room.to_owned(),
        user: BOT.to_owned(),
        thread: thread.map(str::to_owned),
        millis: now(),
        file: Some((name, bytes)),
        ..Message::default()
    };
    world.insert(message.clone());
    Ok(json!({"message": world.rest(&message)}))
}
