//! What a room fills in for everybody: `set env=staging`, `unset env`, `settings`.

use std::sync::Arc;

use serde_json::{Map, json};

use super::tell::entry;
use super::{Call, Need, Reply, Row, Run, code, post, table, text};
use crate::bot::chat::aside::lasting;
use crate::bot::reply;
use crate::store::{Change, Done, RoomDefault, Setting};
use crate::text::{Block, Post, Tone};

/// A room has at most so many.
const MOST: usize = 50;

/// The longest value, in characters.
const LONGEST: usize = 1000;

/// Sets one.
pub(super) static SET: Row = Row {
    name: "set",
    display: "set {{name}}={{value}}",
    formats: &["set", "set {{what}}"],
    summary: "fill in a parameter for everybody in this room: `set env=staging`",
    need: Need::Grant,
    permit: "chatops.set",
    run: Run::Later(|call| Box::pin(set(call))),
};

/// Removes one.
pub(super) static UNSET: Row = Row {
    name: "unset",
    display: "unset {{name}}",
    formats: &["unset {{name}}"],
    summary: "fill in a parameter no longer",
    need: Need::Grant,
    permit: "chatops.set",
    run: Run::Later(|call| Box::pin(unset(call))),
};

/// What is set.
pub(super) static SETTINGS: Row = Row {
    name: "settings",
    display: "settings",
    formats: &["settings"],
    summary: "what is filled in in this room, and who set it",
    need: Need::Something,
    permit: "chatops.set",
    run: Run::Later(|call| Box::pin(settings(call))),
};

fn problem(why: &str) -> Reply {
    Reply::Problem(reply::problem(why))
}

/// `env=staging` of what was typed; quotes around the value are taken off.
fn pair(typed: &str) -> Result<(&str, &str), String> {
    let behind = typed.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim());
    let (name, value) = behind.split_once('=').ok_or("write it such as `set env=staging`")?;
    let (name, value) = (name.trim(), value.trim());
    let good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if name.is_empty() || name.len() > 64 || !name.chars().all(good) {
        return Err(format!("`{name}` is no parameter's name: letters, digits, `_` and `-`"));
    }
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    if value.is_empty() || value.chars().count() > LONGEST {
        return Err(format!("a value has 1 to {LONGEST} characters; `unset {name}` takes one away"));
    }
    Ok((name, value))
}

async fn set(call: Arc<Call>) -> Reply {
    let (name, value) = match pair(&call.text) {
        Ok(pair) => pair,
        Err(why) => return problem(&why),
    };
    if crate::model::is_secret_word(name) || hides(&call, name) {
        return problem(&format!("`{name}` is secret somewhere: what a room fills in is shown to everybody"));
    }
    let Some(place) = &call.asker.place else { return problem("there is no room here") };
    let own = call.chat.defaults_of(place);
    if own.len() >= MOST && !own.contains_key(name) {
        return problem(&format!("a room fills in at most {MOST} parameters"));
    }
    let said = vec![
        text("from now on "),
        code(format!("{name}={value}")),
        text(" is filled in here where nobody types it; "),
        code(format!("unset {name}")),
        text(" ends that"),
    ];
    match write(&call, name, Some(value)).await {
        Ok(_) => Reply::Said(post(vec![Block::Para(said)]).tone(Tone::Good)),
        Err(reply) => reply,
    }
}

/// Whether any action has a secret parameter of that name.
fn hides(call: &Call, name: &str) -> bool {
    let mut parameters = call.home.actions.values().flat_map(|action| &action.parameters);
    parameters.any(|parameter| parameter.name == name && parameter.is_secret())
}

async fn unset(call: Arc<Call>) -> Reply {
    let name = call.param("name").unwrap_or_default();
    match write(&call, name, None).await {
        Ok(Done::Stale) => problem(&format!("`{name}` is not set here")),
        Ok(_) => Reply::Said(Post::plain(format!("{name} is filled in no longer")).tone(Tone::Good)),
        Err(reply) => reply,
    }
}

async fn write(call: &Call, name: &str, value: Option<&str>) -> Result<Done, Reply> {
    let Some(place) = call.asker.place.as_ref().map(lasting) else {
        return Err(problem("there is no room here"));
    };
    let now = call.chat.world.now();
    let (adapter, room) = (place.adapter.as_str().to_owned(), place.room.to_string());
    let what = if value.is_some() { "set" } else { "unset" };
    let mut audit = entry(call, now, format!("room/{adapter}:{room}"), what);
    audit.body.extend(Map::from_iter([("name".to_owned(), json!(name)), ("value".to_owned(), json!(value))]));
    let setting = match value {
        Some(value) => Setting::RoomDefault(RoomDefault {
            adapter,
            room,
            name: name.to_owned(),
            value: value.to_owned(),
            who: call.asker.name.clone(),
            at: now,
        }),
        None => Setting::NoRoomDefault { adapter, room, name: name.to_owned() },
    };
    let wrong = |error: crate::store::StoreError| problem(&format!("it cannot be recorded: {error}"));
    let change = Change::Set { setting: Box::new(setting), audit: Box::new(audit) };
    let done = call.chat.store.write(change).await.map_err(wrong)?;
    call.chat.recall_defaults().await.map_err(wrong)?;
    Ok(done)
}

async fn settings(call: Arc<Call>) -> Reply {
    let Some(place) = call.asker.place.as_ref().map(lasting) else { return problem("there is no room here") };
    let found = call.chat.store.read(move |reader| reader.room_defaults(Some(&place))).await;
    match found {
        Ok(found) if found.is_empty() => Reply::Said(Post::plain("nothing is filled in here")),
        Ok(found) => {
            let rows = found.into_iter().map(|it| vec![it.name, it.value, it.who, it.at.to_string()]);
            Reply::Said(post(vec![table(&["name", "value", "who", "when"], rows.collect())]))
        }
        Err(error) => problem(&format!("the settings cannot be read: {error}")),
    }
}
